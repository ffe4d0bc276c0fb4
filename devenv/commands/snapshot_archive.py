"""``devenv snapshot export`` and ``import``: kept data as a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from devenv.commands.snapshot_rows import snapshot_entry
from devenv.console import Console
from devenv.effects.world import World

if TYPE_CHECKING:
    from devenv.data.keeping import Place
    from devenv.model.snapshot import Snapshot


def export(
    world: World,
    console: Console,
    place: Place,
    copies: Sequence[Snapshot],
    names: Sequence[str],
    path: Path,
    *,
    force: bool,
) -> None:
    """Write snapshots, or the present data of services, of which a snapshot is made for that and removed again."""
    from devenv.data import archiving, keeping
    from devenv.errors import Refused
    from devenv.stages.keep import named, sized
    from devenv.waiting import serving_again

    if path.exists() and not force:  # before anything stands still
        raise Refused(f"{path} is there already", "take another name, or overwrite it with --force")
    services = place.project.resolved.services
    of_now = [name for name in names if name in services and all(item.name != name for item in copies)]
    kept = named(copies, [name for name in names if name not in of_now])
    with console.progress() as progress:
        if names and not of_now:
            what = [*kept]
            size = archiving.export(place, what, path, force=force, progress=progress)
        else:
            found = keeping.data_of(place, of_now or list(services), all_of_them=bool(of_now))
            with keeping.passing(place, found, "snapshot export", progress) as made:
                running = tuple(v.service for v in found if (item := place.container(v.service)) and item.running)
                here = place.observed
                serving_again(world, place.project.resolved, place.machine, here, running, 180, progress=progress)
                what = [*kept, *made]
                size = archiving.export(place, what, path, force=force, progress=progress)
    console.json({"file": str(path), "bytes": size, "snapshots": [snapshot_entry(item) for item in what]})
    held = ", ".join(f"{item.service} {item.version}" for item in what)
    console.say(f"{path}: {held}, {sized(size)}")
    console.say(f"'devenv snapshot import {path.name}' imports it, on any machine")


def import_(console: Console, place: Place, path: Path, name: str) -> None:
    """Make snapshots of what is in an archive."""
    from devenv.data import archiving
    from devenv.effects import history

    with console.progress() as progress:
        made = archiving.take_in(place, path, name=name, progress=progress)
    called = made[0].name
    console.json({"snapshots": [snapshot_entry(item) for item in made]})
    history.mention(place.project.store, "snapshot import", [f"{m.service}: {called}, from {path.name}" for m in made])
    console.say(f"{', '.join(item.service for item in made)}: here as {called}; nothing else was changed")
    console.say(f"'devenv snapshot restore {called}' makes it the live data")
