"""devenv that is killed at a moment: ``mortal.py MOMENT WORD…``.

Moments are counted from the first line of the journal of upgrades: just before each thing that devenv writes down or
writes to a file of the project, and just after it. Where it did nothing in between, two moments are one: so is that after
the end of one step of an upgrade and that after the beginning of the next one.

``MOMENT`` is the number of one, or a regular expression that finds one by its words (``after journal {"begin": 4, …``);
with ``@SECONDS`` behind it, it is so much later, in the middle of what comes then.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from devenv.cli import main
from devenv.effects import files, store

wanted, _, later = sys.argv[1].partition("@")
left = int(wanted) if wanted.isdigit() else -1
begun = False
changed = True
turn = threading.RLock()


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def moment(when: str, what: str) -> None:
    global left, changed
    if not begun:
        return
    if wanted.isdigit():
        step_ended = '"done"' in what and '"service"' in what
        if changed or (when == "after" and not step_ended):
            if left == 0:
                die()
            left -= 1
        changed = False
    elif re.search(wanted, f"{when} {what}"):
        if later:
            threading.Thread(target=lambda: (time.sleep(float(later)), die()), daemon=True).start()
        else:
            die()


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


def at_work(begin: Callable[..., None]) -> Callable[..., None]:
    def beginning(*arguments: Any, **options: Any) -> None:
        global changed
        changed = True
        begin(*arguments, **options)

    return beginning


store.Store.journal = mortal(store.Store.journal, "journal")  # type: ignore[method-assign]
store.Store.clear_journal = mortal(store.Store.clear_journal, "clear")  # type: ignore[method-assign]
files.write = store.write = mortal(files.write, "write")  # type: ignore[attr-defined]
subprocess.Popen.__init__ = at_work(subprocess.Popen.__init__)  # type: ignore[method-assign]
sys.exit(main(sys.argv[2:]))
