"""``devenv down``: stop and remove containers, keep data."""

from __future__ import annotations

import click

from devenv.commands.options import complete_services, format_option
from devenv.effects.world import World


@click.command()
@click.argument("services", nargs=-1, metavar="", shell_complete=complete_services)
@format_option
@click.pass_obj
def command(world: World, services: tuple[str, ...]) -> None:
    """Stop all services and remove their containers and network, including an IDE's workspace. Data stays in its
    volumes."""
    from devenv.effects import history
    from devenv.effects.compose import remove_containers, remove_network, stop_containers
    from devenv.errors import ManifestError
    from devenv.stages.keep import data_words
    from devenv.standing import alone

    if services:
        raise ManifestError("down removes all services; it takes no names", f"devenv stop {' '.join(services)}")
    console = world.console
    with alone(world, "down", console) as here:
        workspaces = [item for item in here.observed.containers if item.workspace]
        containers = [*here.ours(), *workspaces]
        others = [item.name for item in here.observed.containers if item not in containers]  # somebody else's
        stop_containers([item.id for item in containers if item.running])
        remove_containers([item.id for item in containers])
        if not others:
            remove_network(f"{here.machine.project}_default")
        here.project.store.clear_journal()
        if containers:
            history.mention(here.project.store, "down", [f"removed {item.service}" for item in containers])
    removed = sorted(item.service for item in containers)
    console.json({"removed": removed, "left_alone": sorted(others)})
    if not containers:
        console.say("nothing was there")
        return
    volumes = data_words(here.observed, here.machine)
    console.say(f"removed {', '.join(removed)}")
    if others:
        console.say(f"left alone, with the network: {', '.join(sorted(others))}")
    console.say(f"data is kept in {volumes}; 'devenv up' finds it" if volumes else "there was no data")
