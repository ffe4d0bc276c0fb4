"""``devenv wait``: until services serve."""

from __future__ import annotations

import click

from devenv.commands.options import format_option, services_argument
from devenv.effects.world import World

_AT_WORK = ("running", "restarting")


@click.command()
@services_argument
@click.option("--timeout", type=click.IntRange(min=0), default=120, show_default=True, help="Seconds to wait.")
@format_option
@click.pass_obj
def command(world: World, services: tuple[str, ...], timeout: int) -> None:
    """Wait until running services are ready (all, or those named). Starts nothing; exit 4 after the timeout."""
    from devenv.commands.up_report import ready_entry
    from devenv.errors import DevenvError
    from devenv.model.problem import Problem
    from devenv.standing import standing
    from devenv.waiting import Waiting, failures, wait

    console = world.console
    here = standing(world)
    chosen = here.chosen(services)
    if idle := [name for name in chosen if not ((found := here.find(name)) and found.state in _AT_WORK)]:
        raise DevenvError([Problem(f"{name} is not running", here.start_hint(name)) for name in idle])
    here.guard_strays(chosen)
    waiting = Waiting(
        world=world,
        resolved=here.project.resolved,
        machine=here.machine,
        containers={item.service: item for item in here.observed.containers},
    )
    with console.progress() as progress:
        outcomes = wait(waiting, chosen, timeout=timeout, progress=progress)
    console.json({"services": [ready_entry(outcome) for outcome in outcomes if not outcome.failure]})
    failures(outcomes)
