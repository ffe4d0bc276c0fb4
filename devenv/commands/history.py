"""``devenv history``: what changed on this machine, and when."""

from __future__ import annotations

import click

from devenv.commands.options import format_option
from devenv.effects.world import World


@click.command()
@click.option("-n", "--last", type=click.IntRange(min=1), default=20, show_default=True, help="How many entries.")
@format_option
@click.pass_obj
def command(world: World, last: int) -> None:
    """Show what devenv changed in this checkout, the newest last."""
    from devenv.effects import history
    from devenv.project import open_store

    console = world.console
    found = history.entries(open_store(world))[-last:]
    if console.as_json:
        keys = ("number", "at", "verb", "changes", "undone")
        console.json({"history": [{key: getattr(entry, key) for key in keys} for entry in found]})
        return
    for entry in found:
        console.result(f"{entry.number}  {entry.at}  {entry.verb}{' (undone)' if entry.undone else ''}")
        for change in entry.changes:
            console.result(f"    {change}")
    if not found:
        console.say("nothing has been changed here yet")
