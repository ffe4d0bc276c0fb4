"""``devenv behind``: a line for whoever just pulled, or opens an IDE; nothing where all is well."""

from __future__ import annotations

import click

from devenv.commands.options import format_option
from devenv.effects.world import World


@click.command()
@click.option("--exit-code", is_flag=True, help="Exit 3 if anything is behind.")
@format_option
@click.pass_obj
def command(world: World, exit_code: bool) -> int:
    """Report what on this machine is behind devenv.toml.

    Made for git hooks and the start of an IDE: it is quick, and prints nothing if everything matches, if nothing was
    ever started, or if no engine answers.
    """
    from devenv.effects.engine import look

    looking = look(world)  # the engine answers while the rest is imported

    from devenv.errors import DriftFound, Unreachable
    from devenv.model.problem import Problem
    from devenv.parity import behind, remedy
    from devenv.standing import standing

    console = world.console
    try:
        here = standing(world, looking)
    except Unreachable:
        console.json({"in_sync": None, "behind": []})
        return 0
    found = behind(here)
    console.json({"in_sync": not found, "behind": found})
    for line in found:
        console.say(f"devenv: {line}")
    if found:
        console.say(f"devenv: this machine does not match devenv.toml; {remedy(here, here.project.resolved.services)}")
    if not (exit_code and found):
        return 0
    return console.failure(DriftFound([Problem(line) for line in found]))
