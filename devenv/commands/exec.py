"""``devenv exec``: a command inside a service's container."""

from __future__ import annotations

from collections.abc import Sequence

import click

from devenv.commands.options import passing, service_argument, words_argument
from devenv.effects.world import World


@click.command(context_settings=passing)
@service_argument
@words_argument(required=True, metavar="-- COMMAND [ARGUMENT]...")
@click.pass_obj
def command(world: World, service: str, words: tuple[str, ...]) -> int:
    """Run a command inside a service's container; its exit code is the command's own.

    \b
    devenv exec db -- pg_dump -U postgres shop
    """
    from devenv.standing import standing

    return inside(world, standing(world).container(service).id, words)


def inside(world: World, container: str, words: Sequence[str]) -> int:
    """Run words in a container with the user's own streams; a terminal only where both ends are one."""
    from devenv.effects.engine import docker_on_terminal

    flags = ["--interactive"]
    if world.stdin.isatty() and world.stdout.isatty():
        flags.append("--tty")
    return docker_on_terminal("exec", *flags, container, *words)
