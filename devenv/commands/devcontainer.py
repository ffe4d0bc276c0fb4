"""``devenv devcontainer``: the reference CLI, so that terminals and CI use the very same workspace as IDEs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from devenv.commands.options import confirm, format_option, passing, trust_option, words_argument
from devenv.effects.world import World
from devenv.model.problem import Problem

if TYPE_CHECKING:
    from devenv.model.workspace import Workspace
    from devenv.project import Project
    from devenv.trust import Confirmable

_config = click.option("--config", "name", default="", metavar="NAME", help="Use the workspace of [devcontainer.NAME].")


@click.group()
def command() -> None:
    """Use the workspace that IDEs open, through the reference CLI (npm install -g @devcontainers/cli)."""


@command.command(context_settings=passing)
@_config
@trust_option
@words_argument(metavar="[-- OPTION]...")
@click.pass_obj
def up(world: World, name: str, trust: bool, words: tuple[str, ...]) -> int:
    """Build and start the workspace, and the services that it works with."""
    from devenv.project import open_project
    from devenv.trust import machine_access, override_access, workspace_access

    project = open_project(world)
    workspace = _chosen(project, name)
    _guard_files(project)
    items: list[Confirmable] = [*workspace_access(workspace), *machine_access(project, workspace.services)]
    items += override_access(project)
    confirm(world, project, items, trust=trust, again="devenv devcontainer up")
    return _call(world, name, "up", words)


def _guard_files(project: Project) -> None:
    """Raises Refused unless the generated files are what devenv renders: one of them runs on this machine."""
    from devenv import generated_files
    from devenv.errors import Refused
    from devenv.stages.plan_up import stale, state_words

    states = stale(project.generated(), generated_files.found(project))
    if not states:
        return
    problems = [Problem(f"{path} {state_words(state)}") for path, state in states.items()]
    hint = "devenv render --force" if "edited" in states.values() else "devenv render"
    problems[-1] = replace(problems[-1], hint=hint)
    raise Refused(problems)


@command.command("exec", context_settings=passing)
@_config
@words_argument(required=True, metavar="-- COMMAND [ARGUMENT]...")
@click.pass_obj
def execute(world: World, name: str, words: tuple[str, ...]) -> int:
    """Run a command in the workspace. Its exit code is the command's own."""
    return _call(world, name, "exec", words)


@command.command(context_settings=passing)
@_config
@words_argument(metavar="[-- OPTION]...")
@click.pass_obj
def read(world: World, name: str, words: tuple[str, ...]) -> int:
    """Print the configuration as the reference CLI reads it."""
    return _call(world, name, "read-configuration", words)


@command.command()
@format_option
@click.pass_obj
def down(world: World) -> None:
    """Remove the workspace's container, which the reference CLI cannot.

    The services keep running; 'devenv down' removes them too.
    """
    from devenv.effects.compose import remove_containers, stop_containers
    from devenv.standing import alone

    console = world.console
    with alone(world, "devcontainer down", console) as here:
        found = [item for item in here.observed.containers if item.workspace]
        stop_containers([item.id for item in found if item.running])
        remove_containers([item.id for item in found])
    removed = sorted(item.service for item in found)
    console.json({"removed": removed})
    names = ", ".join(removed)
    console.say(f"removed {names}; what is in the checkout stays" if found else "there was nothing to remove")


def _call(world: World, name: str, verb: str, words: Sequence[str]) -> int:
    from devenv.effects.process import pass_through
    from devenv.errors import DevenvError
    from devenv.project import open_project

    project = open_project(world)
    workspace = _chosen(project, name)
    registries = project.registries() | {key: value for key, value in project.kept.items() if key.startswith("DEVENV_")}
    options = ["--workspace-folder", str(project.root), "--config", str(project.root / workspace.folder / _FILE)]
    try:
        return pass_through(["devcontainer", verb, *options, *words], env={**world.env, **registries})
    except (FileNotFoundError, PermissionError) as error:
        raise DevenvError("there is no 'devcontainer' on PATH", "npm install -g @devcontainers/cli") from error


_FILE = "devcontainer.json"


def _chosen(project: Project, name: str) -> Workspace:
    from devenv.errors import DevenvError, ManifestError

    if not project.workspaces:
        raise ManifestError("devenv.toml has no [devcontainer]", "add the table, be it empty, and run 'devenv render'")
    found = next((item for item in project.workspaces if item.name == name), None)
    if found is None:
        known = ", ".join(item.name for item in project.workspaces if item.name) or "none with a name"
        raise ManifestError(f"there is no [devcontainer.{name}]", f"there are: {known}")
    if not (project.root / found.folder / _FILE).is_file():
        raise DevenvError(f"{found.folder}/{_FILE} is not there yet", "devenv render")
    return found
