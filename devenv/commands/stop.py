"""``devenv stop``: stop, keep containers and data."""

from __future__ import annotations

import click

from devenv.commands.options import format_option, services_argument
from devenv.effects.world import World


@click.command()
@services_argument
@format_option
@click.pass_obj
def command(world: World, services: tuple[str, ...]) -> None:
    """Stop the services (all, or those named). Containers and data stay; 'devenv up' starts them again."""
    from devenv.effects.compose import stop_containers
    from devenv.standing import alone

    console = world.console
    with alone(world, "stop", console) as here:
        chosen = here.chosen(services)
        running = [item for item in here.observed.containers if item.running and item.service in chosen]
        if not services:  # what left the manifest but still runs is stopped too; the IDE's workspace is not ours
            running += [item for item in here.ours() if item.running and item not in running]
        stop_containers([item.id for item in running])
    stopped = sorted(item.service for item in running)
    console.json({"stopped": stopped})
    names = ", ".join(stopped)
    kept = "; data is kept" if any(item.data for item in running) else ""
    console.say(f"stopped {names}{kept}" if running else "no service was running")
