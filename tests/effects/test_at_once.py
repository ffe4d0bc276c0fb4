"""Several calls at the same time."""

from __future__ import annotations

import signal
import threading

import pytest

from devenv.effects.at_once import all_at_once


def test_results_by_key_in_order() -> None:
    both = threading.Barrier(2)
    found = all_at_once({"b": both.wait, "a": both.wait})
    assert list(found) == ["b", "a"]
    assert sorted(found.values()) == [0, 1]


def test_no_calls() -> None:
    assert all_at_once({}) == {}


def test_one_that_fails_has_the_others_end() -> None:
    stopped = threading.Event()

    def fail() -> bool:
        raise LookupError("no such thing")

    with pytest.raises(LookupError, match="no such thing"):
        all_at_once({"waits": stopped.wait, "fails": fail}, stop=stopped.set)


def test_an_interrupt_has_all_end() -> None:
    stopped, ended = threading.Event(), threading.Event()
    interrupted = threading.get_ident()

    def wait() -> bool:
        signal.pthread_kill(interrupted, signal.SIGINT)
        return stopped.wait() and ended.set() is None

    with pytest.raises(KeyboardInterrupt):
        all_at_once({"waits": wait}, stop=stopped.set)
    assert ended.is_set()
