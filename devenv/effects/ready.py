"""Waiting until services serve: all at once, each by its own question, giving up early on one that has died."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from devenv.effects.at_once import all_at_once
from devenv.effects.containers import execute, health_command, inspect, last_lines
from devenv.effects.probe import until_ready
from devenv.effects.world import World
from devenv.errors import DevenvError, Unreachable
from devenv.model.observed import Container
from devenv.model.probe import Answer, Command, Question
from devenv.model.record import record

#: Seconds between two looks at whether a container still runs.
_LOOK = 0.5
#: Seconds between two of its health checks, which start a program each: the first, and at most, each twice the last.
_SOON, _LATER = 0.1, 1.0


@record
class Awaited:
    """A service that is to serve: its container, and the question (None: its health check decides)."""

    name: str
    container: str
    question: Question | None


@record
class Served:
    """What is known of a service once it serves: its version, what it lacked of devenv.toml and has again, and a
    sentence for each setting that it does not run with."""

    version: str = ""
    mended: tuple[str, ...] = ()
    ignored_settings: tuple[str, ...] = ()


@record
class Outcome:
    """How it ended for one service: ``failure`` is "" for one that serves; ``log`` holds its last lines if not.

    ``late``: it may still come to serve. ``mended`` and ``ignored_settings`` are as in ``Served``.
    """

    name: str
    seconds: float
    version: str = ""
    mended: tuple[str, ...] = ()
    ignored_settings: tuple[str, ...] = ()
    failure: str = ""
    log: str = ""
    late: bool = False


@dataclass(slots=True)
class _Watch:
    """What is known of the containers while somebody waits for them, until when, and whether anybody still does.

    ``states`` is None before the first look; ``restarts`` holds the last exit code of each container that the engine
    started anew; ``gone`` is what became of the engine; ``stopped`` is set by whoever wants everything to end.
    """

    deadline: float
    states: dict[str, Container] | None = None
    restarts: dict[str, int] = field(default_factory=dict)
    gone: Unreachable | None = None
    over: threading.Event = field(default_factory=threading.Event)
    stopped: threading.Event = field(default_factory=threading.Event)

    def look(self, world: World, ids: Sequence[str]) -> None:
        while not self.over.wait(_LOOK):
            try:
                found = inspect(world, ids)
                self.states = {item.id: item for item in found}
                self.restarts |= {item.id: item.exit_code for item in found if item.state == "restarting"}
            except Unreachable as error:
                self.gone = error
                self.over.set()

    def state(self, container: str) -> Container | None:
        return (self.states or {}).get(container)

    def given_up(self, container: str) -> bool:
        return (
            self.over.is_set()
            or self.stopped.is_set()
            or time.monotonic() > self.deadline
            or self.died(container) != ""
        )

    def died(self, container: str) -> str:
        """How a container ended, in words; "" for one that has not."""
        state = self.state(container)
        if state is None:
            return "was removed" if self.states is not None else ""
        if state.state in ("running", "created", "restarting"):
            return ""
        if state.out_of_memory:
            return "was killed for lack of memory"
        if state.exit_code in _KILLED:
            return f"was killed (signal {state.exit_code - 128})"
        return f"exited with code {state.exit_code}"


#: 128 + a signal that somebody else sends: KILL, TERM.
_KILLED = (137, 143)


def wait(
    world: World,
    awaited: Sequence[Awaited],
    *,
    timeout: float,
    then: Callable[[Awaited, Answer], Served],
    ended: Callable[[Outcome], None],
    stopped: threading.Event | None = None,
) -> list[Outcome]:
    """Wait for all, at most ``timeout`` seconds; call ``then`` with each that serves.

    ``ended`` is told of each as it ends; ``stopped``, when it is set, ends the waiting. ``then`` may raise a
    DevenvError, which becomes that service's failure.
    """
    if not awaited:
        return []
    start = time.monotonic()
    watch = _Watch(start + timeout, stopped=stopped or threading.Event())
    watcher = threading.Thread(target=watch.look, args=(world, [item.container for item in awaited]), daemon=True)
    watcher.start()

    def one(item: Awaited) -> Outcome:
        outcome = _await_one(item, watch, start, then)
        if not watch.over.is_set():
            ended(outcome)
        return outcome

    waits = {item.name: partial(one, item) for item in awaited}
    try:
        outcomes = list(all_at_once(waits, stop=watch.over.set).values())
    except Unreachable as error:
        watch.gone = watch.gone or error
    if watch.gone:
        watch.gone.changed = "what was started stays; 'devenv up' goes on from there once the engine is back"
        raise watch.gone
    return outcomes


def _await_one(item: Awaited, watch: _Watch, start: float, then: Callable[[Awaited, Answer], Served]) -> Outcome:
    def stop() -> bool:
        return watch.given_up(item.container)

    answer = (
        until_ready(item.question, stop=stop, pause=watch.over.wait)
        if item.question
        else _until_healthy(item.container, watch)
    )
    seconds = time.monotonic() - start
    if watch.over.is_set():
        return Outcome(item.name, seconds, failure="was not waited for to the end")
    if answer.ready:
        try:
            served = then(item, answer)
            version = served.version or answer.version
            return Outcome(item.name, seconds, version, served.mended, served.ignored_settings)
        except Unreachable:
            raise
        except DevenvError as error:
            return Outcome(item.name, seconds, failure=str(error), log=last_lines(item.container))
    died = watch.died(item.container)
    failure = died or _late(watch.restarts.get(item.container), seconds, answer)
    return Outcome(item.name, seconds, failure=failure, log=last_lines(item.container), late=not died)


def _late(restarted: int | None, seconds: float, answer: Answer) -> str:
    if restarted is not None:
        return f"starts again and again, and ends with code {restarted}"
    return f"does not serve after {seconds:.0f} s; last answer: {answer.said}"


def _until_healthy(container: str, watch: _Watch) -> Answer:
    """For a service that cannot be asked from here: its own health check, now rather than at the engine's interval.

    One that has no health check serves, as far as anybody can tell, when it runs.
    """
    words = health_command(container)
    said, pause = "the container is not running", _SOON
    while not watch.given_up(container):
        if words:
            answer = _healthy(container, words)
            if answer.ready:
                return answer
            said = answer.said
        elif (state := watch.state(container)) and state.running:
            return Answer(True)
        watch.over.wait(pause)
        pause = min(pause * 2, _LATER)
    return Answer(False, said=said)


def _healthy(container: str, words: tuple[str, ...]) -> Answer:
    done = execute(container, Command(words), timeout=30)
    if done.code == 0:
        return Answer(True)
    lines = (done.stdout + done.stderr).strip().splitlines() or ["nothing"]
    return Answer(False, said=f"its health check ended with code {done.code} and said: {lines[-1][:120]}")


def healthy(container: str) -> Answer:
    """What a container's own health check says now: the engine's word may be a minute old, or none yet."""
    words = health_command(container)
    return _healthy(container, words) if words else Answer(True)
