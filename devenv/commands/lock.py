"""``devenv lock``: every image pinned by digest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from devenv.commands.options import format_option, services_argument
from devenv.console import Console
from devenv.effects.world import World
from devenv.model.image import ImageRef
from devenv.model.lock import Lock

if TYPE_CHECKING:
    from devenv.project import Project


@click.command()
@services_argument
@click.option("--update", is_flag=True, help="Look up images again that are already locked.")
@click.option("--check", "checking", is_flag=True, help="Change nothing; exit 3 if the lock is stale.")
@format_option
@click.pass_obj
def command(world: World, services: tuple[str, ...], update: bool, checking: bool) -> None:
    """Resolve every image to its digest and write devenv.lock. Nothing is pulled.

    \b
    devenv lock                 add missing images, drop unneeded ones
    devenv lock --update db     look up one service's image again
    devenv lock --check         for CI
    """
    from devenv import pinning
    from devenv.errors import ManifestError
    from devenv.project import open_project
    from devenv.stages import locking
    from devenv.stages.resolve import select

    if services and not update:
        raise ManifestError("naming services needs --update", f"devenv lock --update {' '.join(services)}")
    if checking and update:
        raise ManifestError("--check changes nothing, --update does", "leave one of them out")
    console = world.console
    project = open_project(world)
    if checking:
        console.json({"in_sync": False})
        pinning.check(project)
        console.json({"in_sync": True})
        console.say("devenv.lock holds every image")
        return
    if update:
        new, old = pinning.updated(project, world, select(project.manifest, services, ()) if services else ())
    else:
        old, new = project.lock, pinning.pinned(project, world, frozen=False, offline=False)
        new = new.with_lock(locking.relocked(new.lock, new.needed_here(), {}))
    with project.store.locked("lock", waiting=console.waiting):
        written = pinning.save(new, tidy=True)
    _tell(console, old, new.lock, written=written)
    _tell_stale(console, new)


def _tell(console: Console, old: Lock, new: Lock, *, written: bool) -> None:
    if console.as_json:
        entries = [
            {
                "image": str(image),
                "digest": entry.digest,
                "source": entry.source,
                "date": entry.date,
                "before": old.digest(image),
            }
            for image, entry in new.images.items()
        ]
        console.json({"changed": written, "images": entries})
        return
    for image in sorted(set(old.images) | set(new.images)):
        console.say(f"  {_line(image, old.digest(image), new.digest(image))}")
    console.say("devenv.lock is written; commit it" if written else "devenv.lock is up to date")


def _tell_stale(console: Console, project: Project) -> None:
    """The generated files hold the digests too."""
    from devenv import generated_files
    from devenv.stages.plan_up import stale

    states = stale(project.generated(), generated_files.found(project))
    if files := [path for path, state in states.items() if state == "stale"]:
        console.say(f"stale now: {', '.join(files)}; 'devenv render' writes them, and 'devenv up' does")


def _line(image: ImageRef, before: str | None, after: str | None) -> str:
    if after is None:
        return f"- {image.familiar}: nothing needs it any more"
    if before is None:
        return f"+ {image.familiar}: {after[:19]}…"
    return f"= {image.familiar}" if before == after else f"± {image.familiar}: {before[:19]}… → {after[:19]}…"
