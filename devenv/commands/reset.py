"""``devenv reset``: a service begins anew, without data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from devenv.commands.options import ask, format_option, service_argument, yes_option
from devenv.commands.snapshot_rows import snapshot_entry
from devenv.console import Console
from devenv.effects.world import World

if TYPE_CHECKING:
    from devenv.standing import Standing


@click.command()
@service_argument
@click.option("--no-snapshot", is_flag=True, help="Delete the data permanently instead of keeping it.")
@yes_option
@format_option
@click.pass_obj
def command(world: World, service: str, no_snapshot: bool, yes: bool) -> None:
    """Remove a service's container and set its data aside, as a snapshot. 'devenv up' starts it without data, and
    fills it where [seed] says with what.

    With --no-snapshot its data is deleted, after you confirm. Data of other versions is kept.
    """
    from devenv.standing import alone

    console = world.console
    with alone(world, "reset", console) as here:
        here.chosen([service])
        if no_snapshot:
            _throw_away(world, console, here, service, sure=yes)
        else:
            _begin_anew(world, console, here, service)


def _begin_anew(world: World, console: Console, here: Standing, service: str) -> None:
    from devenv.data import keeping, restoring
    from devenv.effects import history

    place = keeping.Place(world, here.project, here.machine, here.observed)
    if keeping.live_data(place, service) is None:
        console.json({"service": service, "kept": None, "lost_volumes": []})
        console.say(f"{service} has no data here; nothing was changed")
        return
    kept = restoring.let_go(place, service, verb="reset")
    console.json({"service": service, "kept": snapshot_entry(kept) if kept else None, "lost_volumes": []})
    where = f"its data is kept as {kept.name}" if kept else "its data of other versions stays as it is"
    history.mention(here.project.store, "reset", [f"{service}: begins anew; {where}"])
    console.say(f"{service} is empty; 'devenv up {service}' begins anew")
    if kept is None:
        console.say(where)
        return
    console.say(f"what it had is kept: devenv snapshot restore {kept.name}")
    console.say(f"to be rid of that:   devenv snapshot rm {kept.name}")


def _throw_away(world: World, console: Console, here: Standing, service: str, *, sure: bool) -> None:
    from devenv.data import anew
    from devenv.effects import history
    from devenv.effects.compose import remove_containers, remove_volumes, stop_containers
    from devenv.stages.keep import kept_besides

    keys = {here.machine.volume(volume) for volume in here.project.resolved.services[service].volumes}
    lost = sorted(volume.name for volume in here.observed.volumes if volume.name in keys)
    kept = kept_besides(here.observed, service, lost)
    console.json({"service": service, "kept": None, "lost_volumes": []})
    if not lost:
        console.say(f"{service} has no data here; nothing was changed")
        return
    console.say(f"all data of {service} in {', '.join(lost)} will be lost, for good")
    if kept:
        console.say(f"kept: {', '.join(kept)}")
    ask(world, "Delete it?", sure=sure, again=f"devenv reset --no-snapshot --yes {service}")
    container = here.find(service)
    if container:
        stop_containers([container.id] if container.running else [])
        remove_containers([container.id])
    anew.begin_empty(here.project, here.project.resolved.services[service])
    remove_volumes(lost)
    console.json({"lost_volumes": lost})
    history.mention(here.project.store, "reset", [f"{service}: {', '.join(lost)} thrown away"])
    console.say(f"{service} is empty; 'devenv up {service}' begins anew")
