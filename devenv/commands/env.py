"""``devenv env``: the variables that the application reads."""

from __future__ import annotations

import click

from devenv.commands.options import env_format_option
from devenv.effects.world import World


@click.command()
@env_format_option
@click.pass_obj
def command(world: World, format: str) -> None:
    """Print the variables of [env] with their values on this machine.

    \b
    eval "$(devenv env --format export)"
    """
    import shlex

    from devenv.project import open_project
    from devenv.references import referred
    from devenv.stages.connect import environment

    project = open_project(world)
    machine = project.reachable(referred(project.manifest.env.values()))
    variables = environment(project.manifest, project.resolved, machine)
    console = world.console
    if console.as_json:
        console.json({"env": variables})
    elif format == "export":
        console.result(
            "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items()), exact=True
        )
    else:
        console.result("".join(f"{name}={_dotenv(value)}\n" for name, value in variables.items()), exact=True)


def _dotenv(value: str) -> str:
    """As dotenv readers agree on it: single quotes keep everything, double quotes where one is in the value."""
    if "'" not in value:
        return f"'{value}'"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$").replace("\n", "\\n")
    return f'"{escaped}"'
