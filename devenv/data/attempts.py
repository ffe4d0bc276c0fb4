"""Moving one service's data: by the way that was chosen, or by the next one where that does not work for its data."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from devenv.console import Progress
from devenv.data.benches import bench_name, bench_of, prepare, scratch_of
from devenv.effects import durations, ready, volumes
from devenv.effects.compose import start_containers, stop_containers
from devenv.effects.workbench import WayFailed, Workbench, clear
from devenv.effects.world import World
from devenv.errors import DevenvError, Refused, Unreachable
from devenv.model.machine import Machine
from devenv.model.observed import Container
from devenv.model.problem import Problem
from devenv.model.record import record
from devenv.model.upgrade import Upgrade
from devenv.project import Project
from devenv.stages.plan_upgrade import after_failure

#: How much of the data's size must be free: a copy, what is made of it, and some air (services.md, part 2).
_ROOM = 2.2


@record
class Work:
    """What moving has in common for all services. ``over``: everything is to end. ``released``: a service runs again
    as soon as its data is copied."""

    world: World
    project: Project
    machine: Machine
    progress: Progress
    over: threading.Event
    released: bool


@record
class MigrationResult:
    """How one move ended: the upgrade as it was done, or the error. ``left`` is what could not be put back."""

    upgrade: Upgrade
    notes: Sequence[str] = ()
    error: DevenvError | None = None
    left: Sequence[str] = ()


def move(work: Work, upgrade: Upgrade, container: Container | None) -> MigrationResult:
    """Move the data beside the service. Where that fails the service is as it was, and runs if it ran."""
    first = _attempt(work, upgrade, container)
    if not isinstance(first.error, WayFailed) or first.left or work.over.is_set():
        return _ended(work, first, container)
    if upgrade.instead is None:
        first.error.problems = tuple(replace(p, hint=after_failure(upgrade)) for p in first.error.problems)
        return _ended(work, first, container)
    why = f"{upgrade.route.way} did not work ({first.error.problems[0].message})"
    work.progress.update(upgrade.service, f"{why}; trying {upgrade.instead.route.way}")
    second = _attempt(work, upgrade.instead, container, again=True)
    if second.error is None:
        second = replace(second, notes=(f"{why}; moved by {upgrade.instead.route.way}", *second.notes))
    else:
        second.error.problems = (*first.error.problems, *second.error.problems)
    return _ended(work, second, container)


def _attempt(work: Work, upgrade: Upgrade, container: Container | None, *, again: bool = False) -> MigrationResult:
    """One way, from its beginning to its end. ``again``: the log goes on."""
    name = bench_name(work.machine, upgrade.service)
    scratch = scratch_of(work.machine, upgrade)
    made = [*scratch.values(), *upgrade.target]
    bench = bench_of(work.world, work.project, work.machine, upgrade, scratch, work.progress, work.over, keep_log=again)
    try:
        _check_room(upgrade)
        clear(name, made)
        prepare(work.world, work.project, work.machine, bench, upgrade)
        if container and container.running:
            bench.copying = partial(stop_containers, [container.id])
            bench.copied = partial(start_containers, [container.id] if work.released else [])
        bench.carry_out(upgrade.recipe)
        volumes.settle(upgrade.target, images=[bench.image])
        clear(name, list(scratch.values()))
    except BaseException as error:
        left = take_back(name, made, container)
        if not isinstance(error, DevenvError):
            raise
        bench.write(f"failed: {error}")
        return MigrationResult(upgrade, error=error, left=left)
    _remember_pace(work, upgrade, bench)
    return MigrationResult(upgrade, notes=[f"{upgrade.service}: {note}" for note in bench.notes])


def _remember_pace(work: Work, upgrade: Upgrade, bench: Workbench) -> None:
    if upgrade.size is not None:
        estimated = upgrade.route.seconds(upgrade.size)
        durations.remember(work.project.store.state, upgrade.sort, bench.seconds / max(estimated, 1))


def _ended(work: Work, outcome: MigrationResult, container: Container | None) -> MigrationResult:
    """Report how a move ended. After a failure, wait until what ran before serves again, and name the log."""
    upgrade, error = outcome.upgrade, outcome.error
    if error is None:
        counted = "nothing is missing" if upgrade.recipe.counts else "it starts; nobody counted what is in it"
        work.progress.done(upgrade.service, f"data is moved: {upgrade.words}, and {counted}")
        return outcome
    if container and container.running and not outcome.left and not isinstance(error, Unreachable):
        _await_again(work, container)
    log = work.project.store.folder / "upgrades" / upgrade.service / "log"
    error.problems = (*error.problems[:-1], _with_log(error.problems[-1], [*outcome.left, f"Full log: {log}"]))
    work.progress.done(upgrade.service, f"stays {upgrade.old.version}", well=False)
    return outcome


def _with_log(problem: Problem, lines: Sequence[str]) -> Problem:
    told = "\n  ".join(lines)
    return replace(problem, hint=f"{problem.hint}\n  {told}".lstrip())


def _check_room(upgrade: Upgrade) -> None:
    if upgrade.size is not None and upgrade.free is not None and upgrade.free < upgrade.size * _ROOM:
        need, have = f"{upgrade.size * _ROOM / 1e9:.1f} GB", f"{upgrade.free / 1e9:.1f} GB"
        raise Refused(
            f"there is no room to move {upgrade.service}: {need} are needed, {have} are free", "make room there"
        )


def take_back(name: str, made: Sequence[str], container: Container | None) -> list[str]:
    """As if nothing had been: what was made is removed, what ran runs. Returns what could not be put back, in words."""
    left = []
    begun = [container.id] if container and container.running else []
    for act in (partial(clear, name, made), partial(start_containers, begun)):
        try:
            act()
        except DevenvError as error:  # the engine went away, or somebody has the port
            left.append(f"{error.problems[0].message}; 'devenv up' tries again")
    return left


def _await_again(work: Work, container: Container) -> None:
    """Until a server that was started again serves: whoever reads that it stays as it was may use it. One that does
    not come is for ``up`` to tell of."""
    item = ready.Awaited(container.service, container.id, None)
    nothing = ready.Served()
    ready.wait(
        work.world, [item], timeout=60, then=lambda item, answer: nothing, ended=lambda outcome: None, stopped=work.over
    )
