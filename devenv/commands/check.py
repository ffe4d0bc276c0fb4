"""``devenv check``: is devenv.toml right?"""

from __future__ import annotations

import click

from devenv.commands.options import format_option
from devenv.effects.world import World


@click.command()
@format_option
@click.pass_obj
def command(world: World) -> None:
    """Check devenv.toml together with devenv.local.toml, and whether the files of [seed] are there. Needs no engine and
    no network."""
    from devenv.data import seeding
    from devenv.project import open_project

    console = world.console
    console.json({"valid": False})
    project = open_project(world)
    seeding.check(project, project.manifest.seed)
    services = list(project.manifest.services)
    console.json({"valid": True, "services": services})
    if not console.as_json:
        console.result(f"devenv.toml is valid; services: {', '.join(services) or 'none'}")
