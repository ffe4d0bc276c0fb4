"""``devenv snapshot restore``, once it is known what: told, asked, done, and moved on to the version wanted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from devenv.commands.options import ask
from devenv.commands.snapshot_rows import snapshot_entry
from devenv.console import Console, Progress
from devenv.effects.world import World

if TYPE_CHECKING:
    from devenv.data.keeping import Place
    from devenv.model.problem import Problem
    from devenv.model.snapshot import Snapshot
    from devenv.standing import Standing


def put_back(
    world: World,
    console: Console,
    here: Standing,
    found: Sequence[Snapshot],
    *,
    name: str,
    sure: bool,
    timeout: int,
    again: str,
) -> None:
    """Make copies of snapshots the live data; ``again`` is the command that needs no confirmation.

    Raises Refused where what devenv.toml says could never open them.
    """
    from devenv.data import keeping, restoring
    from devenv.effects import history
    from devenv.errors import DevenvError
    from devenv.journeys.up import bring_back
    from devenv.standing import standing

    place = keeping.Place(world, here.project, here.machine, here.observed)
    restoring.check_ways(place, found)
    resolved = here.project.resolved.services
    fitting = [item for item in found if resolved[item.service].data == item.data]
    _tell(console, place, found)
    ask(world, "Do it?", sure=sure, again=again)
    with console.progress() as progress:
        problems = _moved(world, place, [item for item in found if item not in fitting], timeout, progress)
        if problems:
            raise DevenvError(problems, changed="its data is as it was, and so is the snapshot")
        if len(fitting) < len(found):  # pointers have moved
            here_now = standing(world)
            place = keeping.Place(world, here_now.project, here_now.machine, here_now.observed)
        former, ran = restoring.restore(place, fitting, name=name, progress=progress)
        lines = [f"{item.service}: a copy of {item.name} ({item.version}) is the data now" for item in found]
        lines += [f"{item.service}: its data of before is kept as {item.name}" for item in former]
        history.mention(here.project.store, "snapshot restore", lines)
        no_image = None
        if ran:
            _, no_image = bring_back(world, ran, verb="snapshot restore", timeout=timeout, progress=progress)
    _tell_after(console, here, found)
    if no_image is not None:
        raise no_image


def _tell_after(console: Console, here: Standing, found: Sequence[Snapshot]) -> None:
    from devenv.effects import snapshots

    services = {item.service for item in found}
    kept = [item for item in snapshots.entries(here.project.store) if item not in here.observed.snapshots]
    kept = [item for item in kept if item.service in services]
    console.json({"restored": [snapshot_entry(item) for item in found], "kept": [snapshot_entry(i) for i in kept]})
    for item in found:
        console.say(f"{item.service} has the data of {item.name}")
    for item in kept:
        console.say(f"what {item.service} had before is kept: devenv snapshot restore {item.name} {item.service}")
    running = {item.service for item in here.observed.containers if item.running}
    if idle := [item.service for item in found if item.service not in running]:
        console.say(f"'devenv up {' '.join(idle)}' starts it")


def _tell(console: Console, place: Place, found: Sequence[Snapshot]) -> None:
    from devenv.stages.generations import own_live
    from devenv.stages.keep import sized

    for item in found:
        console.say(f"  ↶ {item.service}: {item.name}, {item.kind} {item.version}, {sized(item.size)}, {item.at}")
        wanted = place.project.resolved.services[item.service]
        if wanted.data != item.data:
            console.say(f"      is moved on to {wanted.kind.name} {wanted.version}, on a copy")
        live = own_live(wanted, place.observed, place.machine)
        if live is not None:
            console.say(f"      its present data is kept, as a snapshot: {live.name}")


def _moved(world: World, place: Place, other: Sequence[Snapshot], timeout: int, progress: Progress) -> list[Problem]:
    """Move copies of snapshots of other versions to the ones that devenv.toml says. Returns what could not be moved:
    then nothing of it has changed."""
    if not other:
        return []
    from dataclasses import replace

    from devenv.effects.engine import look
    from devenv.journeys.sync import compare, following
    from devenv.journeys.sync_apply import apply, changed_words
    from devenv.waiting import failures

    names = [item.service for item in other]
    volumes = {volume.name: volume for volume in place.observed.volumes}
    sources = {item.service: volumes[next(iter(item.volumes.values()))] for item in other}
    compared = replace(compare(world, names, environment="production", reading=False), verb="snapshot restore")
    compared, follow = following(world, compared, look(world).result(), names, sources=sources)
    if compared.refused:
        return list(compared.refused)
    applied = apply(world, compared, follow, timeout=timeout, progress=progress)
    failures(applied.outcomes, changed=changed_words(compared, applied.moved))
    if applied.no_image is not None:
        raise applied.no_image
    return [problem for error in applied.moved.failed.values() for problem in error.problems]
