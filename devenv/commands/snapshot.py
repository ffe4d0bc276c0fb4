"""``devenv snapshot``: copies of data, kept and put back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from devenv.commands.options import (
    ask,
    complete_snapshots,
    format_option,
    services_argument,
    timeout_option,
    yes_option,
)
from devenv.commands.snapshot_rows import other_version_entry, snapshot_entry
from devenv.console import Console
from devenv.effects.world import World

if TYPE_CHECKING:
    from devenv.data.keeping import Place
    from devenv.model.snapshot import Snapshot
    from devenv.standing import Standing

_names = click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=complete_snapshots)


@click.group()
def command() -> None:
    """Keep copies of the services' data on this machine, and restore them.

    \b
    devenv snapshot create -n before-the-import
    devenv snapshot restore before-the-import
    """


@command.command()
@services_argument
@click.option("-n", "--name", help="Its name.  [default: date and time]")
@timeout_option
@format_option
@click.pass_obj
def create(world: World, services: tuple[str, ...], name: str | None, wait_timeout: int) -> None:
    """Copy the data of the services (all, or those named).

    Each server is stopped for as long as its copy takes and started again.
    """
    from devenv.data import keeping
    from devenv.effects import history
    from devenv.standing import alone
    from devenv.waiting import serving_again

    console = _console(world)
    with alone(world, "snapshot", console) as here:
        place = _place(world, here)
        named = _free_name(here, name)
        found = keeping.data_of(place, here.chosen(services), all_of_them=bool(services))
        running = [v.service for v in found if (item := here.find(v.service)) and item.running]
        with console.progress() as progress:
            made = keeping.create(place, found, name=named, why="made by hand", progress=progress)
            history.mention(here.project.store, "snapshot", [f"{item.service}: kept as {named}" for item in made])
            waited = tuple(name for name in running if name in here.project.resolved.services)
            serving_again(
                world, here.project.resolved, here.machine, here.observed, waited, wait_timeout, progress=progress
            )
    if console.as_json:
        console.json({"snapshots": [snapshot_entry(item) for item in made]})
        return
    _table(console, made)
    console.say(f"'devenv snapshot restore {named}' restores it")


@command.command("list")
@services_argument
@format_option
@click.pass_obj
def list_(world: World, services: tuple[str, ...]) -> None:
    """List the snapshots, the oldest first."""
    from devenv.stages.keep import other_version_words, other_versions
    from devenv.stages.removed_data import removed_snapshot_words, removed_snapshots
    from devenv.standing import standing

    console = _console(world)
    here = standing(world)
    chosen = here.chosen(services)
    found = [item for item in _kept(here) if not services or item.service in chosen]
    removed = [item for item in removed_snapshots(here.observed) if not services or item.service in chosen]
    others = other_versions(here.project.resolved.services, here.observed, here.machine)
    if console.as_json:
        entries = [snapshot_entry(item) for item in found]
        console.json({"snapshots": entries, "other_versions": [other_version_entry(item) for item in others]})
    elif found:
        _table(console, found)
    elif not removed:
        console.say("there are no snapshots; 'devenv snapshot create' makes one")
    for item in removed:
        words = removed_snapshot_words(item)
        console.say(f"{words}; 'devenv snapshot rm {item.name}' removes it from the list")
    for volume in others:
        console.say(other_version_words(volume))


@command.command(short_help="Make a snapshot the live data of its services.")
@click.argument("name", required=False, shell_complete=complete_snapshots)
@services_argument
@click.option("--latest", is_flag=True, help="The newest snapshot of each service.")
@yes_option
@timeout_option
@format_option
@click.pass_obj
def restore(
    world: World, name: str | None, services: tuple[str, ...], latest: bool, yes: bool, wait_timeout: int
) -> None:
    """Make a snapshot the live data of its services (all of them, or those named).

    The current data is kept as a snapshot. A snapshot of another version is upgraded to the one in devenv.toml.
    """
    from devenv.commands.snapshot_restore import put_back
    from devenv.errors import ManifestError
    from devenv.stages.keep import check_removed, to_restore
    from devenv.standing import alone

    if latest and name is not None:
        services, name = (name, *services), None
    if not latest and name is None:
        raise ManifestError("which snapshot?", "devenv snapshot restore NAME, or --latest")
    console = _console(world)
    with alone(world, "snapshot", console) as here:
        chosen = here.chosen(services) if services else ()
        check_removed(here.observed, name)
        found = to_restore(_kept(here), name, chosen)
        again = " ".join(("devenv snapshot restore --yes", name or "--latest", *services))
        put_back(world, console, here, found, name=name or "latest", sure=yes, timeout=wait_timeout, again=again)


@command.command()
@_names
@yes_option
@format_option
@click.pass_obj
def rm(world: World, names: tuple[str, ...], yes: bool) -> None:
    """Remove snapshots permanently."""
    from devenv.stages.keep import named
    from devenv.standing import alone

    console = _console(world)
    with alone(world, "snapshot", console) as here:
        gone = named(here.observed.snapshots, names)
        _remove(world, console, here, gone, sure=yes, again=f"devenv snapshot rm --yes {' '.join(names)}")


@command.command(short_help="Remove all but the newest snapshots of each service.")
@services_argument
@click.option(
    "--keep", type=click.IntRange(min=0), required=True, metavar="N", help="How many snapshots of each service to keep."
)
@yes_option
@format_option
@click.pass_obj
def prune(world: World, services: tuple[str, ...], keep: int, yes: bool) -> None:
    """Remove all but the newest snapshots of each service, the oldest first."""
    from devenv.stages.keep import surplus
    from devenv.standing import alone

    console = _console(world)
    with alone(world, "snapshot", console) as here:
        chosen = here.chosen(services)
        gone = surplus([item for item in _kept(here) if not services or item.service in chosen], keep)
        _remove(world, console, here, gone, sure=yes, again=f"devenv snapshot prune --yes --keep {keep}")


@command.command(short_help="Write data or snapshots to a file for others.")
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("names", nargs=-1, metavar="[NAME|SERVICE]...", shell_complete=complete_snapshots)
@click.option("--force", is_flag=True, help="Overwrite FILE.")
@format_option
@click.pass_obj
def export(world: World, file: Path, names: tuple[str, ...], force: bool) -> None:
    """Write snapshots, or the current data of services (all, unless some are named), to a file that others can import.

    It holds the data and the service's entry of devenv.toml, with its development passwords.
    """
    from devenv.commands import snapshot_archive
    from devenv.standing import alone

    console = _console(world)
    with alone(world, "snapshot", console) as here:
        place, path = _place(world, here), world.cwd / file
        snapshot_archive.export(world, console, place, _kept(here), names, path, force=force)


@command.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("-n", "--name", default="", help="Its name.  [default: the name it was exported under]")
@format_option
@click.pass_obj
def import_(world: World, file: Path, name: str) -> None:
    """Make a snapshot from an exported file. Current data is not touched."""
    from devenv.commands import snapshot_archive
    from devenv.stages.keep import check_name
    from devenv.standing import alone

    console = _console(world)
    with alone(world, "snapshot", console) as here:
        if name:
            check_name(name, _kept(here))
        snapshot_archive.import_(console, _place(world, here), world.cwd / file, name)


def _remove(
    world: World, console: Console, here: Standing, gone: Sequence[Snapshot], *, sure: bool, again: str
) -> None:
    from devenv.data import keeping
    from devenv.effects import history
    from devenv.stages.keep import sized

    console.json({"removed": []})
    if not gone:
        console.say("there is nothing to remove")
        return
    for item in gone:
        console.say(f"  - {item.name}: {item.service} {item.version}, {sized(item.size)}, {item.at}")
    ask(world, "Remove them for good?" if len(gone) > 1 else "Remove it for good?", sure=sure, again=again)
    keeping.remove(_place(world, here), gone)
    history.mention(here.project.store, "snapshot rm", [f"{item.service}: {item.name} removed" for item in gone])
    console.json({"removed": [snapshot_entry(item) for item in gone]})
    console.say(f"removed {', '.join(dict.fromkeys(item.name for item in gone))}")


def _console(world: World) -> Console:
    return world.console


def _place(world: World, here: Standing) -> Place:
    from devenv.data.keeping import Place

    return Place(world, here.project, here.machine, here.observed)


def _kept(here: Standing) -> tuple[Snapshot, ...]:
    from devenv.stages.keep import kept

    return kept(here.observed)


def _free_name(here: Standing, name: str | None) -> str:
    import datetime as dt

    from devenv.effects import snapshots
    from devenv.stages.keep import check_name

    if name is None:
        return snapshots.free_name(here.project.store, dt.datetime.now().astimezone().strftime("%Y-%m-%d-%H%M"))
    check_name(name, _kept(here))
    return name


def _table(console: Console, found: Sequence[Snapshot]) -> None:
    import datetime as dt

    from devenv.stages.keep import age, sized

    now = dt.datetime.now(dt.UTC)
    rows = [
        (item.name, item.service, f"{item.kind} {item.version}", sized(item.size), age(item.at, now), item.why)
        for item in sorted(found, key=lambda item: item.at)
    ]
    console.table(("NAME", "SERVICE", "VERSION", "SIZE", "AGE", "WHY"), rows)
