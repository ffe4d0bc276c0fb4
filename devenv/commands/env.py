"""``devenv env``: the variables that the application reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import click

from devenv.commands.options import env_format_option
from devenv.console import Console
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
    from devenv.addresses import reachable
    from devenv.project import open_project
    from devenv.references import referred
    from devenv.stages.connect import environment

    project = open_project(world)
    machine = reachable(world, project, referred(project.manifest.env.values()))
    variables = environment(project.manifest, project.resolved, machine)
    console = world.console
    if not variables:
        console.say(_no_variables(project.resolved.services))
    if console.as_json:
        console.json({"env": variables})
    else:
        if format == "dotenv":
            _tell_differences(console, variables)
        console.result("".join(f"{_LINES[format](name, value)}\n" for name, value in variables.items()), exact=True)


def _no_variables(services: Iterable[str]) -> str:
    """What is said where devenv.toml names no variables."""
    service = next(iter(services), "")
    address = f". The address of {service}: devenv url {service}" if service else ""
    return f"devenv.toml has no variables in [env]{address}"


def _tell_differences(console: Console, variables: Mapping[str, str]) -> None:
    for name, value in variables.items():
        if _is_read_differently(value):
            said = "shells and dotenv libraries read this value differently"
            console.say(f"note: {name}: {said}; the line is for shells, --format json is exact")


def _export(name: str, value: str) -> str:
    import shlex

    return f"export {name}={shlex.quote(value)}"


def _fish(name: str, value: str) -> str:
    """In fish's single quotes a backslash still escapes itself and the quote."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"set -gx {name} '{escaped}'"


def _dotenv(name: str, value: str) -> str:
    """As shells, Compose and dotenv libraries read it alike: single quotes keep everything, double quotes serve where
    one is in the value, or backslashes that python-dotenv would take for escapes.

    Within double quotes everything is escaped that a shell would act on, since such files are sourced as well.
    """
    if _fits_single_quotes(value):
        return f"{name}='{value}'"
    escaped = "".join(f"\\{char}" if char in '\\"$`' else char for char in value)
    return f'{name}="{escaped}"'


def _fits_single_quotes(value: str) -> bool:
    return "'" not in value and "\\\\" not in value and not value.endswith("\\")


def _is_read_differently(value: str) -> bool:
    """Whether no way to write a value is read alike by all: python-dotenv fills in ``${…}`` even in single quotes, and
    keeps the backslash before a ``$`` or a backtick in double ones, where a shell needs it."""
    if _fits_single_quotes(value):
        return "${" in value
    return "$" in value or "`" in value


_LINES: Mapping[str, Callable[[str, str], str]] = {"export": _export, "fish": _fish, "dotenv": _dotenv}
