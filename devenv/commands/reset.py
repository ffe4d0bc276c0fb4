"""``devenv reset``: throw a service's data away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from devenv.commands.options import service_argument, yes_option
from devenv.console import Console
from devenv.effects.world import World

if TYPE_CHECKING:
    from devenv.standing import Standing


@click.command()
@service_argument
@yes_option
@click.pass_obj
def command(world: World, service: str, yes: bool) -> None:
    """Remove a service's container and the data of its current version. Says what is lost, and asks.

    Data of other versions is kept.
    """
    from devenv.standing import alone

    console = Console(world.stdout, world.stderr, world.env)
    with alone(world, "reset", console) as here:
        _reset(world, console, here, service, sure=yes)


def _reset(world: World, console: Console, here: Standing, service: str, *, sure: bool) -> None:
    from devenv.effects import history
    from devenv.effects.compose import remove_containers, remove_volumes, stop_containers
    from devenv.errors import Refused

    here.chosen([service])
    keys = {here.machine.volume(volume) for volume in here.project.resolved.services[service].volumes}
    lost = sorted(volume.name for volume in here.observed.volumes if volume.name in keys)
    kept = sorted(v.name for v in here.observed.volumes if v.service == service and v.name not in keys)
    if not lost:
        console.say(f"{service} has no data here; nothing was changed")
        return
    console.say(f"all data of {service} in {', '.join(lost)} will be lost, for good")
    if kept:
        console.say(f"kept: {', '.join(kept)}")
    if not sure:
        if not world.interactive:
            raise Refused("nobody is there to say yes", f"devenv reset --yes {service}")
        if not click.confirm("Throw it away?", err=True):
            raise Refused("you did not say yes")
    container = here.find(service)
    if container:
        stop_containers([container.id] if container.running else [])
        remove_containers([container.id])
    remove_volumes(lost)
    history.mention(here.project.store, "reset", [f"{service}: {', '.join(lost)} thrown away"])
    console.say(f"{service} is empty; 'devenv up {service}' begins anew")
