"""``devenv run``: a command with the variables that the application reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from devenv.commands.options import passing, words_argument
from devenv.effects.world import World

if TYPE_CHECKING:
    from devenv.errors import DevenvError
    from devenv.model.machine import Machine
    from devenv.project import Project


@click.command(context_settings=passing)
@words_argument(required=True, metavar="-- COMMAND [ARGUMENT]...")
@click.pass_obj
def command(world: World, words: tuple[str, ...]) -> int:
    """Run a command with the variables of [env].

    \b
    devenv run -- python manage.py migrate

    Its exit code is the command's own; 127 if there is no such program, 126 if it is not executable.
    """
    from devenv.addresses import reachable
    from devenv.project import open_project
    from devenv.references import referred

    project = open_project(world)
    machine = reachable(world, project, referred(project.manifest.env.values()))
    return call(world, project, machine, words)


def call(world: World, project: Project, machine: Machine | None, words: Sequence[str], *, hook: bool = False) -> int:
    """Run a program where the user stands, or a hook at the project's root; its exit code. What a hook prints is no
    result of ours, so it goes to stderr. Raises ProgramNotFound or NotExecutable, DevenvError for a hook."""
    from devenv.effects.process import pass_through
    from devenv.errors import DevenvError
    from devenv.stages.connect import environment

    variables = {**world.env, **environment(project.manifest, project.resolved, machine)}
    to_stderr = hook or world.console.as_json  # stdout is the document's alone
    try:
        return pass_through(words, env=variables, cwd=project.root if hook else world.cwd, stdout_to_stderr=to_stderr)
    except OSError as error:
        failure = _not_run(words[0], error)
        raise (DevenvError(failure.problems) if hook else failure) from error


def require_program(world: World, project: Project, words: Sequence[str]) -> None:
    """Raise ProgramNotFound before anything is done for a command that ``call`` could not start."""
    from devenv.effects.process import is_found

    if words and not is_found(words[0], env={**world.env, **project.manifest.env}, cwd=world.cwd):
        raise _not_run(words[0], FileNotFoundError())


def _not_run(program: str, error: OSError) -> DevenvError:
    """Why a program could not be started."""
    from devenv.errors import NotExecutable, ProgramNotFound

    if isinstance(error, FileNotFoundError):
        return ProgramNotFound(f"program {program!r} not found", "check its name, or add its folder to PATH")
    if isinstance(error, PermissionError):
        return NotExecutable(f"program {program!r} is not executable", f"chmod +x {program}")
    return NotExecutable(f"program {program!r} cannot be run: {error.strerror}")
