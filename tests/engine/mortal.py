"""devenv that is killed at a moment: ``mortal.py MOMENT WORD…``.

Moments are counted from the first line of the journal of upgrades: just before each thing that devenv writes down or
writes to a file of the project, and just after it. Two moments in a row are one where the next devenv finds the same: the
same containers, networks, volumes and files. Steps in a journal are no difference: nobody reads them
(``tests/data/test_unfinished.py``).

``MOMENT`` is the number of one, or a regular expression that finds one by its words (``after journal {"begin": 4, …``);
with ``@SECONDS`` behind it, it is so much later, in the middle of what comes then.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import threading
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from devenv.cli import main
from devenv.effects import engine_socket, files, store
from devenv.effects.world import World

wanted, _, later = sys.argv[1].partition("@")
left = int(wanted) if wanted.isdigit() else -1
begun = False
previous: object = None
turn = threading.RLock()


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def moment(when: str, what: str) -> None:
    global left, previous
    if not begun:
        return
    if wanted.isdigit():
        found = what_is_left()
        if found != previous:
            if left == 0:
                die()
            left -= 1
        previous = found
    elif re.search(wanted, f"{when} {what}"):
        if later:
            threading.Thread(target=lambda: (time.sleep(float(later)), die()), daemon=True).start()
        else:
            die()


def what_is_left() -> object:
    """All that the next devenv finds of the project, in the engine and on the disk."""
    containers = [(item["Names"], item["State"]) for item in asked("/containers/json?all=1")]
    networks = [item["Name"] for item in asked("/networks?all=1")]
    volumes = [item["Name"] for item in asked("/volumes?all=1")["Volumes"]]
    return sorted(containers), sorted(networks), sorted(volumes), contents()


def asked(resource: str) -> Any:
    """The engine's answer about what has the project's name in its own."""
    project = tomllib.loads(Path("devenv.toml").read_text())["project"]["name"]
    filters = quote(json.dumps({"name": [project]}))
    socket = engine_socket.find(World(), "default")
    return engine_socket.answer(engine_socket.ask(socket, f"{resource}&filters={filters}"))


def contents() -> dict[Path, list[str]]:
    """The lines of the project's files, without logs of upgrades and without steps in journals."""
    found = {}
    for path in Path.cwd().rglob("*"):
        if path.is_file() and "upgrades" not in path.parts:
            found[path] = path.read_text().splitlines()
            if path.suffix == ".jsonl":
                found[path] = [line for line in found[path] if not re.search('"(do|subjects)": ', line)]
    return found


def mortal(act: Callable[..., Any], name: str) -> Callable[..., Any]:
    def dying(*arguments: Any, **options: Any) -> Any:
        global begun
        what = f"{name} {json.dumps(arguments[1], sort_keys=True)}" if name == "journal" else name
        with turn:
            moment("before", what)
            result = act(*arguments, **options)
            begun = begun or (name == "journal" and options.get("of") == "upgrade")
            moment("after", what)
        return result

    return dying


store.Store.journal = mortal(store.Store.journal, "journal")  # type: ignore[method-assign]
store.Store.clear_journal = mortal(store.Store.clear_journal, "clear")  # type: ignore[method-assign]
files.write = store.write = mortal(files.write, "write")  # type: ignore[attr-defined]
sys.exit(main(sys.argv[2:]))
