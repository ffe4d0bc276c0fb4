"""``devenv hooks``: git tells on every pull and checkout what is behind."""

from __future__ import annotations

import click

from devenv.commands.options import format_option
from devenv.effects.world import World


@click.group()
def command() -> None:
    """Make git report after every pull, checkout and rebase what on this machine is behind devenv.toml.

    Existing hooks keep running, before devenv's. With the pre-commit framework, 'devenv behind' can also be a local
    hook of the stages post-merge and post-checkout.
    """


@command.command()
@format_option
@click.pass_obj
def install(world: World) -> None:
    """Write the hooks."""
    from devenv.effects import githooks
    from devenv.project import find

    made = githooks.install(find(world))
    said = f"{', '.join(made)} now run 'devenv behind'" if made else "nothing to do"
    world.console.json({"installed": made})
    world.console.say(said)


@command.command()
@format_option
@click.pass_obj
def uninstall(world: World) -> None:
    """Remove the hooks."""
    from devenv.effects import githooks
    from devenv.project import find

    gone = githooks.uninstall(find(world))
    said = f"{', '.join(gone)} no longer run 'devenv behind'" if gone else "nothing to do"
    world.console.json({"removed": gone})
    world.console.say(said)
