"""``devenv logs``: what the services log."""

from __future__ import annotations

import click

from devenv.commands.options import services_argument
from devenv.console import Console
from devenv.effects.world import World


def _number_or_all(_: click.Context, __: click.Parameter, value: str) -> str:
    if value != "all" and not value.isdecimal():
        raise click.BadParameter("a number of lines, or all")
    return value


@click.command()
@services_argument
@click.option("-f", "--follow", is_flag=True, help="Go on showing new lines until ^C.")
@click.option(
    "--tail",
    default="all",
    show_default=True,
    metavar="NUMBER",
    callback=_number_or_all,
    help="How many lines from the end.",
)
@click.option("--since", default="", help="From when: 5m, 2h, 2026-11-23T10:00:00.")
@click.pass_obj
def command(world: World, services: tuple[str, ...], follow: bool, tail: str, since: str) -> int:
    """Show the logs of the services (all, or those named).

    \b
    devenv logs -f --tail 20 db
    """
    from devenv.effects.process import pass_through
    from devenv.standing import standing

    here = standing(world)
    chosen = here.chosen(services)
    if not any(here.find(name) for name in chosen):
        Console(world.stdout, world.stderr, world.env).say("nothing was started here; 'devenv up' does")
        return 0
    words = ["logs", "--tail", tail, *(["--follow"] if follow else []), *(["--since", since] if since else [])]
    stack = here.project.stack(here.machine.project)
    code = pass_through(["docker", *stack.arguments(), *words, *(chosen if services else ())])
    return 0 if follow and code == 130 else code
