"""Waiting for services, and what is done with each as soon as it serves. Shared by ``up`` and ``wait``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from devenv.console import Progress
from devenv.effective import settings_not_in_effect
from devenv.effects import ready
from devenv.effects.containers import execute, version_in
from devenv.effects.world import World
from devenv.errors import DevenvError, NotReady
from devenv.model.machine import Machine
from devenv.model.observed import Container, Observed
from devenv.model.probe import Answer
from devenv.model.problem import Problem
from devenv.model.record import record
from devenv.model.resolved import Resolved, ResolvedService
from devenv.stages import asking


@record
class Waiting:
    """What is waited for: services by name with their containers; ``made`` are those on data that did not exist.

    ``ensured`` is as what a place of data was last ensured (None: nothing is to be ensured); ``remember`` is told
    when that changes. ``versions`` holds what servers said of themselves, by container; what is asked is added.
    """

    world: World
    resolved: Resolved
    machine: Machine
    containers: Mapping[str, Container]
    made: frozenset[str]
    ensured: Mapping[str, str] | None
    remember: Callable[[str, str], None]
    versions: dict[str, str]


def wait(waiting: Waiting, names: Iterable[str], *, timeout: float, progress: Progress) -> list[ready.Outcome]:
    """Wait until all serve. Never raises for one that does not: see ``failures``."""
    awaited = []
    remote = waiting.machine.host != "127.0.0.1"
    for name in names:
        service = waiting.resolved.services[name]
        container = waiting.containers.get(name)
        if container is None:
            raise DevenvError(f"{name} is not running", f"devenv up {name}")
        question = None if remote else asking.greeting(service, waiting.machine, waiting.resolved.project)
        awaited.append(ready.Awaited(name, container.id, question))
        progress.update(name, "waiting until it serves")

    def then(item: ready.Awaited, answer: Answer) -> str:
        service = waiting.resolved.services[item.name]
        _ensure(service, item, waiting)
        if item.container not in waiting.versions:  # met for the first time
            waiting.versions[item.container] = answer.version
            for sentence in settings_not_in_effect(service, item.container, waiting.resolved.project):
                progress.done(item.name, sentence)
        if not answer.version and not waiting.versions.get(item.container):  # it stays what it is while it lives
            waiting.versions[item.container] = running_version(service, item.container, waiting.resolved.project)
        return answer.version or waiting.versions[item.container]

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
        waiting = Waiting(world, resolved, machine, own, frozenset(), None, lambda place, config: None, {})
        failures(wait(waiting, names, timeout=timeout, progress=progress))


def running_version(service: ResolvedService, container: str, project: str) -> str:
    """The version that a running server says it is; "" if it has no way to say."""
    rule = service.kind.running_version
    if rule is None:
        return ""
    asked = asking.command(service, rule, project)
    return version_in(execute(container, asked), asked.expect)


def place_of_data(service: ResolvedService, machine: Machine, container: str) -> str:
    """What keeps what was ensured: the volume, or for a service without data its container."""
    return machine.volume(service.volumes[0]) if service.volumes else container


def _ensure(service: ResolvedService, item: ready.Awaited, waiting: Waiting) -> None:
    """Bring users, passwords and databases to what the manifest says: images do so only on an empty volume."""
    rule = service.kind.ensure
    if rule is None or waiting.ensured is None:
        return
    place = place_of_data(service, waiting.machine, item.container)
    if waiting.ensured.get(place) == service.config:
        return
    asked = asking.command(service, rule, waiting.resolved.project)
    if service.name not in waiting.made or asking.needed_when_fresh(service, rule, waiting.resolved.project):
        done = execute(item.container, asked)
        if done.code != 0:
            said = (done.stderr or done.stdout).strip().splitlines()
            raise DevenvError("could not be given its users and databases: " + " / ".join(said[-3:]))
    waiting.remember(place, service.config)


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
