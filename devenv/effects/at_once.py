"""Several calls at the same time, each in a thread of its own.

As concurrent.futures does it, whose import takes a twentieth of a short command: it brings logging along.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TypeVar

from devenv.effects.process import minding

Key = TypeVar("Key")
Result = TypeVar("Result")


def _nothing() -> None:
    pass


def all_at_once(
    calls: Mapping[Key, Callable[[], Result]], *, stop: Callable[[], object] = _nothing
) -> dict[Key, Result]:
    """The results of all calls, once all have ended. Raises what the first of them raised that failed.

    ``stop`` has the calls end that still run: it is called when one fails, at ^C, and at the end. ^C also ends the
    programs that they started.
    """
    results: dict[Key, Result] = {}
    errors: list[BaseException] = []

    ended = threading.Semaphore(0)

    def run(key: Key, call: Callable[[], Result]) -> None:
        try:
            results[key] = call()
        except BaseException as error:  # noqa: BLE001 - raised again where the results are awaited
            errors.append(error)
            stop()
        finally:
            ended.release()

    threads = [threading.Thread(target=run, args=item) for item in calls.items()]
    try:
        with minding():
            try:
                for thread in threads:
                    thread.start()
                for _ in threads:
                    ended.acquire()  # a join that ^C interrupts would take its thread for ended (Python 3.11)
            finally:
                stop()
    finally:
        _join(threads)
    if errors:
        raise errors[0]
    return {key: results[key] for key in calls}


def _join(threads: list[threading.Thread]) -> None:
    for thread in threads:
        if thread.ident is not None:  # ^C may have come before it was started
            thread.join()
