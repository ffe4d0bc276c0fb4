"""``devenv logs``: what the services log."""

from __future__ import annotations

import re

import click

from devenv.commands.options import services_argument
from devenv.effects.world import World


def _number_or_all(_: click.Context, __: click.Parameter, value: str) -> str:
    if value != "all" and not value.isdecimal():
        raise click.BadParameter("a number of lines, or all")
    return value


#: As the engine reads them: how long ago, seconds since 1970, a day or a moment of it.
_AGO = r"(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+"
_MOMENT = r"\d{4}-\d\d-\d\d(?:T\d\d(?::\d\d(?::\d\d(?:\.\d{1,9})?)?)?)?(?:Z|[+-]\d\d:\d\d)?"
_SINCE = re.compile(rf"{_AGO}|\d+(?:\.\d{{1,9}})?|{_MOMENT}")


def _moment(_: click.Context, __: click.Parameter, value: str) -> str:
    if value and not _SINCE.fullmatch(value):
        raise click.BadParameter("how long ago, as in 5m or 2h30m, or when, as in 2026-11-23T10:00:00")
    return value


@click.command()
@services_argument
@click.option("-f", "--follow", is_flag=True, help="Keep printing new lines until ^C.")
@click.option(
    "--tail",
    default="all",
    show_default=True,
    metavar="NUMBER",
    callback=_number_or_all,
    help="How many lines from the end.",
)
@click.option("--since", default="", callback=_moment, help="Only lines since then: 5m, 2h, 2026-11-23T10:00:00.")
@click.pass_obj
def command(world: World, services: tuple[str, ...], follow: bool, tail: str, since: str) -> int:
    """Show the logs of the services (all, or those named).

    \b
    devenv logs -f --tail 20 db
    """
    from devenv.effects.engine import docker_on_terminal
    from devenv.standing import standing

    here = standing(world)
    chosen = here.chosen(services)
    if not any(here.find(name) for name in chosen):
        world.console.say("nothing was started here; 'devenv up' does")
        return 0
    words = ["logs", "--tail", tail, *(["--follow"] if follow else []), *(["--since", since] if since else [])]
    stack = here.project.stack(here.machine.project)
    code = docker_on_terminal(*stack.arguments(), *words, *(chosen if services else ()))
    return 0 if follow and code == 130 else code
