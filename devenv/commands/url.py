"""``devenv url``: the address of a service."""

from __future__ import annotations

import click

from devenv.commands.options import service_argument
from devenv.effects.world import World


@click.command()
@service_argument
@click.argument("output", default="url", metavar="[OUTPUT]")
@click.pass_obj
def command(world: World, service: str, output: str) -> None:
    """Print a service's URL, or another of its values: host, port, user, password, …

    \b
    psql "$(devenv url db)"
    devenv url db port
    """
    from devenv.addresses import reachable
    from devenv.project import open_project
    from devenv.stages import connect
    from devenv.stages.resolve import select

    project = open_project(world)
    select(project.manifest, [service], ())
    machine = reachable(world, project, [service])
    value = connect.output(project.resolved, machine, service, output)
    world.console.result(value, exact=True)
