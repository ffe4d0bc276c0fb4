"""``devenv env``: the variables that the application reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping

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
    devenv env --format fish | source
    """
    from devenv.project import open_project
    from devenv.references import referred
    from devenv.stages.connect import environment

    project = open_project(world)
    machine = project.reachable(referred(project.manifest.env.values()))
    variables = environment(project.manifest, project.resolved, machine)
    console = world.console
    if console.as_json:
        console.json({"env": variables})
    else:
        console.result("".join(f"{_LINES[format](name, value)}\n" for name, value in variables.items()), exact=True)


def _export(name: str, value: str) -> str:
    import shlex

    return f"export {name}={shlex.quote(value)}"


def _fish(name: str, value: str) -> str:
    """In fish's single quotes a backslash still escapes itself and the quote."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"set -gx {name} '{escaped}'"


def _dotenv(name: str, value: str) -> str:
    """As dotenv readers agree on it: single quotes keep everything, double quotes where one is in the value.

    Within double quotes everything is escaped that a shell would act on, since such files are sourced as well.
    """
    if "'" not in value:
        return f"{name}='{value}'"
    escaped = "".join(f"\\{char}" if char in '\\"$`' else char for char in value)
    return f'{name}="{escaped}"'


_LINES: Mapping[str, Callable[[str, str], str]] = {"export": _export, "fish": _fish, "dotenv": _dotenv}
