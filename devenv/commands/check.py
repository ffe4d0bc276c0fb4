"""``devenv check``: is devenv.toml right?"""

from __future__ import annotations

import click

from devenv.commands.options import format_option
from devenv.console import Console, problem_entry
from devenv.effects.world import World
from devenv.errors import ManifestError


@click.command()
@format_option
@click.pass_obj
def command(world: World, as_json: bool, format: str) -> int:
    """Check devenv.toml, and devenv.local.toml over it. Starts nothing, asks nobody."""
    from devenv.project import open_project

    console = Console(world.stdout, world.stderr, world.env)
    as_json = as_json or format == "json"
    try:
        project = open_project(world)
    except ManifestError as error:
        if not as_json:
            raise
        console.json({"valid": False, "problems": [problem_entry(problem) for problem in error.problems]})
        return error.exit_code
    if as_json:
        console.json({"valid": True, "problems": []})
        return 0
    names = ", ".join(project.manifest.services) or "none"
    console.result(f"devenv.toml is valid; services: {names}")
    return 0
