"""devenv that is killed at a moment: ``mortal.py MOMENT WORD…``.

Moments are counted from the first line of the journal of upgrades: just before each thing that devenv writes down or
writes to a file of the project, and just after it.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from devenv.cli import main
from devenv.effects import files, store

left = int(sys.argv[1])
begun = False


def moment() -> None:
    global left
    if begun:
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1


def mortal(act: Callable[..., Any]) -> Callable[..., Any]:
    def dying(*arguments: Any, **options: Any) -> Any:
        global begun
        moment()
        result = act(*arguments, **options)
        begun = begun or options.get("of") == "upgrade"
        moment()
        return result

    return dying


store.Store.journal = mortal(store.Store.journal)  # type: ignore[method-assign]
store.Store.write = mortal(store.Store.write)  # type: ignore[method-assign]
store.Store.clear_journal = mortal(store.Store.clear_journal)  # type: ignore[method-assign]
files.write = mortal(files.write)
sys.exit(main(sys.argv[2:]))
