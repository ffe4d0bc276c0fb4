"""``devenv down``: stop and remove containers, keep data."""

from __future__ import annotations

import click

from devenv.console import Console
from devenv.effects.world import World


@click.command()
@click.pass_obj
def command(world: World) -> None:
    """Stop all services and remove their containers and network. Data stays in its volumes."""
    from devenv.effects.compose import remove_containers, remove_network, stop_containers
    from devenv.standing import standing

    console = Console(world.stdout, world.stderr, world.env)
    here = standing(world)
    with here.project.store.locked("down", waiting=lambda holder: console.say(f"waiting for {holder}")):
        containers = here.observed.containers
        stop_containers([item.id for item in containers if item.running])
        remove_containers([item.id for item in containers])
        remove_network(f"{here.machine.project}_default")
        here.project.store.clear_journal()
    if not containers:
        console.say("nothing was there")
        return
    volumes = ", ".join(sorted(volume.name for volume in here.observed.volumes))
    console.say(f"removed {', '.join(sorted(item.service for item in containers))}")
    console.say(f"data is kept in {volumes}; 'devenv up' finds it" if volumes else "there was no data")
