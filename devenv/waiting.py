"""Waiting for services, and what is done with each as soon as it serves. Shared by ``up`` and ``wait``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field

from devenv.console import Progress
from devenv.effective import settings_not_in_effect
from devenv.effects import promises, ready
from devenv.effects.containers import execute, version_in
from devenv.effects.world import World
from devenv.errors import DevenvError, NotReady
from devenv.model.kind import Exec
from devenv.model.machine import LOOPBACK, Machine
from devenv.model.observed import Container, Observed
from devenv.model.probe import Answer
from devenv.model.problem import Problem
from devenv.model.promise import LACKING, Promise, Trial
from devenv.model.record import record
from devenv.model.resolved import Resolved, ResolvedService
from devenv.stages import asking


@record
class Waiting:
    """What is waited for: services by name with their containers; ``made`` are those on data that did not exist, and
    ``started`` those whose containers were made or started, or whose data was filled.

    ``ensured`` is as what a container's service was last ensured (None: what is promised is tried, and nothing is
    changed); ``remember`` is told when that changes. ``versions`` holds what servers said of themselves, ``proven``
    when they were last found to be as promised (``LACKING`` if they were not), both by container; what is found is
    added.
    """

    world: World
    resolved: Resolved
    machine: Machine
    containers: Mapping[str, Container]
    made: frozenset[str] = frozenset()
    started: frozenset[str] = frozenset()
    ensured: Mapping[str, str] | None = None
    remember: Callable[[str, str], None] = lambda container, config: None
    versions: dict[str, str] = field(default_factory=dict)
    proven: dict[str, str] = field(default_factory=dict)

    @property
    def remote(self) -> bool:
        """Whether the services run on another machine, whose ports cannot be reached from here."""
        return self.machine.host != LOOPBACK


def wait(waiting: Waiting, names: Iterable[str], *, timeout: float, progress: Progress) -> list[ready.Outcome]:
    """Wait until all serve. Never raises for one that does not: see ``failures``."""
    awaited = []
    for name in names:
        service = waiting.resolved.services[name]
        container = waiting.containers.get(name)
        if container is None:
            raise DevenvError(f"{name} is not running", f"devenv up {name}")
        question = None if waiting.remote else asking.greeting(service, waiting.machine, waiting.resolved.project)
        awaited.append(ready.Awaited(name, container.id, question))
        progress.update(name, "waiting until it serves")

    def then(item: ready.Awaited, answer: Answer) -> ready.Served:
        service = waiting.resolved.services[item.name]
        mended = _keep_promises(service, item, waiting, progress)
        ignored: tuple[str, ...] = ()
        if item.container not in waiting.versions:  # met for the first time
            waiting.versions[item.container] = answer.version
            ignored = settings_not_in_effect(service, item.container, waiting.machine)
            for sentence in ignored:
                progress.done(item.name, sentence)
        if not answer.version and not waiting.versions.get(item.container):  # it stays what it is while it lives
            waiting.versions[item.container] = running_version(service, item.container, waiting.resolved.project)
        return ready.Served(answer.version or waiting.versions[item.container], mended, ignored)

    def ended(outcome: ready.Outcome) -> None:
        said = outcome.failure or f"serves {outcome.version} after {outcome.seconds:.1f} s".replace("  ", " ")
        progress.done(outcome.name, said.splitlines()[0], well=not outcome.failure)

    return ready.wait(waiting.world, awaited, timeout=timeout, then=then, ended=ended)


def serving_again(
    world: World,
    resolved: Resolved,
    machine: Machine,
    observed: Observed,
    names: Sequence[str],
    timeout: float,
    *,
    progress: Progress,
) -> None:
    """Wait for services whose containers stood still and were started again. Raises NotReady."""
    if names:
        own = {item.service: item for item in observed.containers}
        ensured = {own[name].id: resolved.services[name].config for name in names if name in own}
        waiting = Waiting(world, resolved, machine, own, started=frozenset(names), ensured=ensured)
        failures(wait(waiting, names, timeout=timeout, progress=progress))


def running_version(service: ResolvedService, container: str, project: str) -> str:
    """The version that a running server says it is; "" if it has no way to say."""
    rule = service.kind.running_version
    if rule is None:
        return ""
    asked = asking.command(service, rule, project)
    return version_in(execute(container, asked), asked.expect)


def _keep_promises(
    service: ResolvedService, item: ready.Awaited, waiting: Waiting, progress: Progress
) -> tuple[str, ...]:
    """Bring users, passwords and databases to what the manifest says, and try them; what was lacking and is not now.

    Images bring them about only on an empty volume, and anybody can change them at any time. Raises DevenvError.
    """
    promise = None if waiting.remote else asking.promise(service, waiting.machine)
    if _is_due(service, item, waiting, tried=promise is not None):
        _ensure(service, item, waiting)
        if promise is None:
            waiting.proven[item.container] = _now()
    # What takes a program in the container is tried only where somebody has found it lacking: it takes seconds.
    inside = service.kind.lacking if waiting.proven.get(item.container) == LACKING else None
    if promise is None and inside is None:
        return ()
    before = after = _trial(service, item, waiting, promise, inside)
    if before.lacking and service.kind.ensure and waiting.ensured is not None:
        _ensure(service, item, waiting, whatever=True)
        after = _trial(service, item, waiting, promise, service.kind.lacking)
    if after.lacking:
        hint = "" if waiting.ensured is not None else f"'devenv up {service.name}' makes that again"
        raise DevenvError(f"serves, and lacks what devenv.toml promises: {', '.join(after.lacking)}", hint)
    if after.untried:
        progress.done(item.name, f"what devenv.toml promises could not be tried: {after.untried}")
    else:
        waiting.proven[item.container] = _now()
    return before.lacking


def _trial(
    service: ResolvedService, item: ready.Awaited, waiting: Waiting, promise: Promise | None, inside: Exec | None
) -> Trial:
    """What a server lacks, tried over its port and by a program inside its container, as far as there is a way."""
    found = promises.tried(promise) if promise else Trial()
    if inside is None:
        return found
    command = asking.command(service, inside, waiting.resolved.project)
    return found.and_also(promises.tried_inside(item.container, command))


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


def _is_due(service: ResolvedService, item: ready.Awaited, waiting: Waiting, *, tried: bool) -> bool:
    """Whether a service is to be ensured before anybody tries it; ``tried``: whether somebody can."""
    if waiting.ensured is None or service.kind.ensure is None or service.kind.ensure.at_boot:
        return False
    changed = waiting.ensured.get(item.container) != service.config
    return changed or (item.name in waiting.started and not tried)


def _ensure(service: ResolvedService, item: ready.Awaited, waiting: Waiting, *, whatever: bool = False) -> None:
    """Run the service's own way to that, unless the image has just done the same (``whatever``: even then)."""
    rule = service.kind.ensure
    assert rule is not None  # only what has a way is ensured
    asked = asking.command(service, rule, waiting.resolved.project)
    done_by_image = service.name in waiting.made and not asking.needed_when_fresh(
        service, rule, waiting.resolved.project
    )
    if whatever or not done_by_image:
        done = execute(item.container, asked)
        if done.code != 0:
            said = (done.stderr or done.stdout).strip().splitlines()
            raise DevenvError("could not be given its users and databases: " + " / ".join(said[-3:]))
    waiting.remember(item.container, service.config)


def failures(outcomes: Iterable[ready.Outcome], *, changed: str = "") -> None:
    """Raises NotReady with the last words of every service that does not serve; ``changed``: what else was done."""
    ended = tuple(outcomes)
    failed = [outcome for outcome in ended if outcome.failure]
    if failed:
        told = ["the other services stay up"] if len(failed) < len(ended) else []
        told.append(f"'devenv logs {failed[0].name}' shows more")
        told += ["'devenv wait' goes on waiting"] if any(one.late for one in failed) else []
        told += [changed] if changed else []
        raise NotReady([Problem(f"{one.name} {one.failure}", _log(one)) for one in failed], changed="; ".join(told))


def _log(outcome: ready.Outcome) -> str:
    if not outcome.log:
        return "it logged nothing"
    return "its last lines:\n" + "\n".join(f"    {line}" for line in outcome.log.splitlines())
