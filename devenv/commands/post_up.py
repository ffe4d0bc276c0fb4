"""What follows once services serve: new data is filled with what ``[seed]`` names, then ``[hooks] post_up`` runs."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from devenv.console import Console, Progress
from devenv.effects.world import World
from devenv.model.record import record

if TYPE_CHECKING:
    from devenv.effects.ready import Outcome
    from devenv.journeys.up import Prepared
    from devenv.trust import Confirmable

#: Seconds in which services that served a moment ago must serve again.
_AGAIN = 60
_NOTHING: Mapping[str, str] = MappingProxyType({})


@record
class FollowUp:
    """The services that were tried again after their data was filled, and after hooks ran."""

    filled: Sequence[Outcome] = ()
    hooked: Sequence[Outcome] = ()


def owe_hooks(prepared: Prepared) -> None:
    """Note that hooks are to run, by whichever run sees all services serve: something is about to start, or the hooks
    are others than those that ran to their end."""
    if _are_due(prepared):
        prepared.project.store.write("owed", {"hooks": True})


def follow_up_commands(prepared: Prepared, *, moving: Mapping[str, str] = _NOTHING) -> list[Confirmable]:
    """What ``follow_up`` runs on the host, and the files from outside the checkout that it loads.

    ``moving``: see ``seeding.to_fill``.
    """
    from devenv.trust import hook_commands, seed_access, seed_commands

    project = prepared.project
    hooks = hook_commands(project) if hooks_to_run(prepared) else ()
    filling = _seeds_to_load(prepared, moving)
    return [*seed_commands(project, filling), *seed_access(project, filling), *hooks]


def follow_up_lines(prepared: Prepared, *, moving: Mapping[str, str] = _NOTHING) -> list[str]:
    """What ``follow_up`` does, as lines of a plan."""
    seeds = prepared.project.manifest.seed
    fills = [f"  + fill {name}: {', '.join(map(str, seeds[name]))}" for name in _seeds_to_load(prepared, moving)]
    hooks = [f"  + run hook {shlex.join(hook)}: once all services are ready" for hook in hooks_to_run(prepared)]
    return [*fills, *hooks]


def follow_up(world: World, console: Console, prepared: Prepared, *, complete: bool) -> FollowUp:
    """Fill data that was never filled, then run the hooks that are owed, now that the services serve.

    ``complete``: no service is missing. Hooks need all of them, and whole data. Raises DevenvError at the first that
    fails.
    """
    from devenv.data import seeding

    project, machine = prepared.project, prepared.machine
    filled = fill(world, console, prepared)
    if not complete or any(seeding.unfilled(project, machine, name) for name in prepared.chosen):
        return FollowUp(filled)
    return FollowUp(filled, run_due_hooks(world, console, prepared))


def _seeds_to_load(prepared: Prepared, moving: Mapping[str, str]) -> list[str]:
    from devenv.data import seeding

    return seeding.to_fill(prepared.project, prepared.machine, prepared.observed, prepared.chosen, moving=moving)


def hooks_to_run(prepared: Prepared) -> tuple[tuple[str, ...], ...]:
    """The hooks that this run runs if all goes well; () where none are due, where services are missing and where data
    is half filled."""
    from devenv.data import seeding

    project, machine = prepared.project, prepared.machine
    owed = project.store.read("owed").get("hooks")
    if not (owed or _are_due(prepared)) or _missing(prepared):
        return ()
    if any(seeding.unfilled(project, machine, name) == seeding.HALF_FILLED for name in prepared.chosen):
        return ()
    return tuple(project.manifest.post_up)


def _are_due(prepared: Prepared) -> bool:
    from devenv.model.plan import Action

    project = prepared.project
    if not project.manifest.post_up:
        return False
    started = prepared.plan.subjects(Action.CREATE, Action.RECREATE, Action.START)
    return bool(started) or project.store.read("hooks").get("digest") != digest(prepared)


def digest(prepared: Prepared) -> str:
    """What is remembered of hooks that ran to their end."""
    import hashlib
    import json

    return hashlib.sha256(json.dumps(prepared.project.manifest.post_up).encode()).hexdigest()


def _missing(prepared: Prepared) -> list[str]:
    """Services of devenv.toml that are neither asked for in this run nor running."""
    running = {item.service for item in prepared.observed.containers if item.running}
    return [name for name in prepared.project.resolved.services if name not in {*prepared.chosen, *running}]


def run_due_hooks(world: World, console: Console, prepared: Prepared) -> list[Outcome]:
    """Run the hooks if they are owed, now that the services serve; the services, tried again.

    Where a service of devenv.toml does not run, they stay owed. Raises DevenvError at the first that fails.
    """
    project = prepared.project
    if not project.manifest.post_up or not project.store.read("owed").get("hooks"):
        return []
    if missing := _missing(prepared):
        verb = "is" if len(missing) == 1 else "are"
        console.say(f"hooks run once all services run; {', '.join(missing)} {verb} not running: devenv up")
        return []
    others = [name for name in project.resolved.services if name not in prepared.chosen]
    keep_promises(world, console, prepared, others)
    for hook in project.manifest.post_up:
        _run(world, console, prepared, hook)
    project.store.write("hooks", {"digest": digest(prepared)})
    project.store.write("owed", {})
    return keep_promises(world, console, prepared, prepared.chosen)


def _run(world: World, console: Console, prepared: Prepared, hook: Sequence[str]) -> None:
    from devenv.commands.run import call
    from devenv.errors import DevenvError

    console.say(f"hook: {shlex.join(hook)}")
    changed = "the services are up; 'devenv up' runs the hooks again"
    try:
        code = call(world, prepared.project, prepared.machine, hook, hook=True)
    except DevenvError as error:
        error.changed = changed
        raise
    if code == 130:
        raise KeyboardInterrupt
    if code != 0:
        raise DevenvError(f"the hook {shlex.join(hook)} ended with code {code}", changed=changed)


def keep_promises(world: World, console: Console, prepared: Prepared, services: Sequence[str]) -> list[Outcome]:
    """Once more what devenv.toml says of users and databases: a seed and a hook may have changed any of it."""
    from devenv.commands.up_report import tell_mended
    from devenv.journeys.up import wait_for
    from devenv.waiting import failures

    if not services:
        return []
    outcomes = wait_for(world, prepared, timeout=_AGAIN, progress=Progress(), filled=services)
    failures(outcomes)
    tell_mended(console, outcomes)
    return outcomes


def fill(world: World, console: Console, prepared: Prepared) -> list[Outcome]:
    """Fill data that was made for it with what ``[seed]`` names; the filled services, tried again.

    Raises DevenvError at the first that fails.
    """
    from devenv.commands.run import call
    from devenv.data import seeding
    from devenv.effects.engine import containers
    from devenv.errors import DevenvError

    project, machine = prepared.project, prepared.machine
    named = [name for name in prepared.chosen if name in project.manifest.seed]
    owed = [name for name in named if seeding.state(project, machine, name) == seeding.OWED]
    if not owed:
        return []
    own = {item.service: item.id for item in containers(world) if item.project == machine.project}
    for name in owed:
        run = partial(call, world, project, machine, hook=True)
        try:
            seeding.fill(project, machine, name, own[name], run, console.say)
        except DevenvError as error:
            error.changed = error.changed or f"the services are up; 'devenv seed {name}' fills it anew"
            raise
    return keep_promises(world, console, prepared, owed)
