"""Waiting until services serve: all at once, each by its own question, giving up early on one that has died."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from devenv.effects import engine
from devenv.effects.containers import last_lines
from devenv.effects.probe import until_ready
from devenv.model.observed import Container
from devenv.model.probe import Answer, Question

#: Seconds between two looks at whether a container still runs.
_LOOK = 0.5


@dataclass(frozen=True, slots=True)
class Awaited:
    """A service that is to serve: its container, and the question (None: its health check decides)."""

    name: str
    container: str
    question: Question | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it ended for one service: ``failure`` is "" for one that serves; ``log`` holds its last lines if not."""

    name: str
    seconds: float
    version: str = ""
    failure: str = ""
    log: str = ""


@dataclass(slots=True)
class _Watch:
    """What is known of the containers while somebody waits for them."""

    states: dict[str, Container] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)

    def look(self, ids: Sequence[str]) -> None:
        while not self.over.wait(_LOOK):
            self.states = {item.id: item for item in engine.inspect(ids)}


def wait(
    awaited: Sequence[Awaited],
    *,
    timeout: float,
    then: Callable[[Awaited, Answer], str],
    ended: Callable[[Outcome], None],
) -> list[Outcome]:
    """Wait for all, at most ``timeout`` seconds; call ``then`` with each that serves (its result is the version).

    ``ended`` is told of each as it ends. ``then`` may raise a DevenvError, which becomes that service's failure.
    """
    if not awaited:
        return []
    watch = _Watch()
    start = time.monotonic()
    watcher = threading.Thread(target=watch.look, args=([item.container for item in awaited],), daemon=True)
    watcher.start()

    def one(item: Awaited) -> Outcome:
        outcome = _await_one(item, watch, start, timeout, then)
        ended(outcome)
        return outcome

    try:
        with ThreadPoolExecutor(len(awaited)) as pool:
            return list(pool.map(one, awaited))
    finally:
        watch.over.set()


def _await_one(
    item: Awaited, watch: _Watch, start: float, timeout: float, then: Callable[[Awaited, Answer], str]
) -> Outcome:
    from devenv.errors import DevenvError

    def stop() -> bool:
        return (
            watch.over.is_set() or time.monotonic() - start > timeout or _died(watch.states.get(item.container)) != ""
        )

    answer = (
        until_ready(item.question, stop=stop, pause=watch.over.wait)
        if item.question
        else _until_healthy(item, watch, stop)
    )
    seconds = time.monotonic() - start
    if answer.ready:
        try:
            return Outcome(item.name, seconds, then(item, answer) or answer.version)
        except DevenvError as error:
            return Outcome(item.name, seconds, failure=str(error), log=last_lines(item.container))
    died = _died(watch.states.get(item.container))
    failure = died or f"does not serve after {seconds:.0f} s; last answer: {answer.said}"
    return Outcome(item.name, seconds, failure=failure, log=last_lines(item.container))


def _died(container: Container | None) -> str:
    if container is None or container.state in ("running", "created", "restarting"):
        return ""
    if container.out_of_memory:
        return "was killed for lack of memory"
    return f"exited with code {container.exit_code}"


def _until_healthy(item: Awaited, watch: _Watch, stop: Callable[[], bool]) -> Answer:
    """For a service without a question: healthy by its own check, or running where it has none."""
    while not stop():
        container = watch.states.get(item.container)
        if container and container.running and container.health in ("", "healthy"):
            return Answer(True)
        watch.over.wait(0.1)
    container = watch.states.get(item.container)
    return Answer(False, said=f"health check says {container.health or 'nothing'}" if container else "no container")
