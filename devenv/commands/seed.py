"""``devenv seed``: fresh data, filled with what ``[seed]`` names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from devenv.commands.options import (
    ask,
    confirm,
    format_option,
    services_argument,
    timeout_option,
    trust_option,
    yes_option,
)
from devenv.commands.snapshot_rows import snapshot_entry
from devenv.console import Console
from devenv.effects.world import World

if TYPE_CHECKING:
    from devenv.standing import Standing


@click.command()
@services_argument
@yes_option
@trust_option
@timeout_option
@format_option
@click.pass_obj
def command(world: World, services: tuple[str, ...], yes: bool, trust: bool, wait_timeout: int) -> None:
    """Replace the data of services with what [seed] names (all services in [seed], or those named).

    Their current data is kept as a snapshot. 'devenv up' fills services that have no data yet by itself.
    """
    from devenv.errors import ManifestError
    from devenv.standing import alone
    from devenv.trust import Confirmable, seed_access, seed_commands

    console = world.console
    with alone(world, "seed", console) as here:
        named = here.project.manifest.seed
        chosen = tuple(name for name in here.chosen(services) if name in named)
        if other := [name for name in services if name not in named]:
            raise ManifestError(f"[seed] names nothing for {', '.join(other)}", f'[seed]\n  {other[0]} = ["seed.sql"]')
        if not chosen:
            raise ManifestError("there is no [seed] in devenv.toml", '[seed] and below it db = ["seed.sql"]')
        filling: list[Confirmable] = [*seed_commands(here.project, chosen), *seed_access(here.project, chosen)]
        confirm(world, here.project, filling, trust=trust, again="devenv seed")
        _seed(world, console, here, chosen, sure=yes, timeout=wait_timeout)


def _seed(world: World, console: Console, here: Standing, chosen: tuple[str, ...], *, sure: bool, timeout: int) -> None:
    from devenv.commands.post_up import fill
    from devenv.data import keeping, restoring, seeding
    from devenv.effects import history
    from devenv.journeys.seed import take_in
    from devenv.journeys.up import bring_back

    place = keeping.Place(world, here.project, here.machine, here.observed)
    seeding.check(here.project, chosen)
    filled = [name for name in chosen if keeping.live_data(place, name)]
    for name in chosen:
        console.say(f"  ~ {name}: begins anew with {', '.join(map(str, here.project.manifest.seed[name]))}")
    if filled:
        console.say(f"  what {', '.join(filled)} {'has' if len(filled) == 1 else 'have'} now is kept, as a snapshot")
        ask(world, "Do it?", sure=sure, again=f"devenv seed --yes {' '.join(chosen)}")
    kept = [item for name in filled if (item := restoring.let_go(place, name, verb="seed"))]
    console.json({"seeded": [], "kept": [snapshot_entry(item) for item in kept]})
    lines = [f"{item.service}: its data of before is kept as {item.name}" for item in kept]
    with console.progress() as progress:
        take_in(world, chosen, progress)
        prepared, no_image = bring_back(world, chosen, verb="seed", timeout=timeout, progress=progress)
    fill(world, console, prepared)
    seeding.guard_filled(prepared.project, prepared.machine, prepared.chosen)
    history.mention(here.project.store, "seed", [*(f"{name}: filled" for name in prepared.chosen), *lines])
    console.json({"seeded": list(prepared.chosen)})
    if prepared.chosen:
        console.say(f"{', '.join(prepared.chosen)}: filled")
    for item in kept:
        console.say(f"what {item.service} had is kept: devenv snapshot restore {item.name}")
    if no_image is not None:
        raise no_image
