"""``devenv logs``: what the services log."""

from __future__ import annotations

import click

from devenv.commands.options import services_argument
from devenv.effects.world import World


@click.command()
@services_argument
@click.option("-f", "--follow", is_flag=True, help="Go on showing new lines until ^C.")
@click.option("--tail", default="all", show_default=True, help="How many lines from the end.")
@click.option("--since", default="", help="From when: 5m, 2h, 2026-11-23T10:00:00.")
@click.pass_obj
def command(world: World, services: tuple[str, ...], follow: bool, tail: str, since: str) -> int:
    """Show the logs of the services (all, or those named).

    \b
    devenv logs -f --tail 20 db
    """
    from devenv.effects.process import pass_through
    from devenv.project import open_project
    from devenv.stages.resolve import select

    project = open_project(world)
    chosen = select(project.manifest, services, ()) if services else ()
    words = ["logs", "--tail", tail, *(["--follow"] if follow else []), *(["--since", since] if since else [])]
    stack = project.stack(project.machine().project)
    code = pass_through(["docker", *stack.arguments(), *words, *chosen])
    return 0 if follow and code == 130 else code
