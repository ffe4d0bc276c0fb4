"""``devenv client``: a service's own client, of the server's own version."""

from __future__ import annotations

import click

from devenv.commands.options import passing, service_argument, words_argument
from devenv.effects.world import World


@click.command(context_settings=passing)
@service_argument
@words_argument(metavar="[-- ARGUMENT...]")
@click.pass_obj
def command(world: World, service: str, words: tuple[str, ...]) -> int:
    """Open the client from the service's own image (psql, redis-cli, …), already connected.

    \b
    devenv client db
    devenv client db -- -c 'select 1'
    echo 'select 1' | devenv client db
    """
    from devenv.commands.exec import inside
    from devenv.errors import DevenvError
    from devenv.model.machine import INSIDE
    from devenv.stages import asking
    from devenv.standing import standing

    if INSIDE in world.env:
        return _beside(world, service, words)
    here = standing(world)
    container = here.container(service)
    resolved = here.project.resolved.services[service]
    if resolved.kind.client is None:
        raise DevenvError(f"{resolved.kind.title} brings no client", f"devenv exec {service} -- COMMAND")
    asked = asking.command(resolved, resolved.kind.client, here.project.resolved.project)
    return inside(world, container.id, (*asked.argv, *words))


def _beside(world: World, service: str, words: tuple[str, ...]) -> int:
    """The client that was lifted out of the server's image, in a workspace beside it."""
    from devenv.commands.run import call
    from devenv.errors import DevenvError
    from devenv.project import open_project
    from devenv.stages.connect import outputs
    from devenv.stages.resolve import select
    from devenv.templating import render

    project = open_project(world)
    select(project.manifest, [service], ())
    resolved = project.resolved.services[service]
    client = resolved.kind.client
    if client is None or not client.beside:
        raise DevenvError(
            f"there is no client of {resolved.kind.title} in here", f"devenv client {service}, on the host"
        )
    known = outputs(resolved, None)
    program, *rest = (render(f"{resolved.kind.name}: client.beside", word, known) for word in client.beside)
    return call(world, project, None, (program, *rest, *words))
