"""``devenv snapshot restore``, once it is known what: told, asked, done, and moved on to the version wanted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from devenv.commands.options import ask
from devenv.commands.snapshot_rows import snapshot_entry
from devenv.console import Console, Progress
from devenv.effects.world import World

if TYPE_CHECKING:
    from devenv.model.problem import Problem
    from devenv.model.snapshot import Snapshot
    from devenv.standing import Standing


def put_back(
    world: World, console: Console, here: Standing, found: Sequence[Snapshot], *, name: str, sure: bool, timeout: int
) -> None:
    """Have kept copies be the data. Raises Refused where what devenv.toml says could never open them."""
    from devenv.data import keeping, restoring
    from devenv.effects import history
    from devenv.errors import DevenvError
    from devenv.journeys.up import bring_back

    place = keeping.Place(world, here.project, here.machine, here.observed)
    restoring.check_ways(place, found)
    resolved = here.project.resolved.services
    behind = [item for item in found if resolved[item.service].data != item.data]
    _tell(console, place, found)
    again = f"devenv snapshot restore --yes {'--latest' if name == 'latest' else name}"
    ask(world, "Do it?", sure=sure, again=again)
    with console.progress() as progress:
        former, ran = restoring.restore(place, found, name=name, progress=progress)
        lines = [f"{item.service}: {item.name} ({item.version}) is the data again" for item in found]
        lines += [f"{item.service}: its data of before is kept as {item.name}" for item in former]
        history.mention(here.project.store, "snapshot restore", lines)
        restored = [snapshot_entry(item) for item in found]
        console.json({"restored": restored, "kept": [snapshot_entry(item) for item in former]})
        problems = _move_on(world, behind, timeout=timeout, progress=progress)
        moved = ran if not problems else tuple(name for name in ran if name not in {item.service for item in behind})
        if moved:
            bring_back(world, moved, verb="snapshot restore", timeout=timeout, progress=progress)
    if problems:
        changed = "the snapshot is the data now; 'devenv sync --no-read' moves it on, once that is possible"
        raise DevenvError(problems, changed=changed)
    for item in found:
        console.say(f"{item.service} has the data of {item.name}")
    for item in former:
        console.say(f"what {item.service} had before is kept: devenv snapshot restore {item.name} {item.service}")
    if idle := [item.service for item in found if item.service not in ran]:
        console.say(f"'devenv up {' '.join(idle)}' starts it")


def _tell(console: Console, place: object, found: Sequence[Snapshot]) -> None:
    from devenv.data import keeping
    from devenv.stages.keep import sized

    assert isinstance(place, keeping.Place)
    for item in found:
        console.say(f"  ↶ {item.service}: {item.name}, {item.kind} {item.version}, {sized(item.size)}, {item.at}")
        wanted = place.project.resolved.services[item.service]
        if wanted.data != item.data:
            console.say(f"      is moved on to {wanted.kind.name} {wanted.version}, on a copy")
        live = keeping.live_data(place, item.service)
        console.say(
            f"      its present data is kept, as a snapshot: {live.name}" if live else "      it has no data now"
        )


def _move_on(world: World, behind: Sequence[Snapshot], *, timeout: int, progress: Progress) -> list[Problem]:
    """Data of another version, to the one that devenv.toml says; what was put back stays if that fails."""
    if not behind:
        return []
    from devenv.effects import snapshots
    from devenv.effects.engine import look
    from devenv.journeys.sync import compare, following
    from devenv.journeys.sync_apply import apply

    names = [item.service for item in behind]
    compared = compare(world, names, environment="production", reading=False)
    compared, follow = following(world, compared, look(world).result(), names)
    applied = apply(world, compared, follow, timeout=timeout, progress=progress)
    snapshots.add(compared.project.store, behind)  # under their own names again
    failed = [problem for error in applied.moved.failed.values() for problem in error.problems]
    return [*compared.refused, *failed]
