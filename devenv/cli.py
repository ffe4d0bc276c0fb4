"""argv and environment -> one command. The only place that handles errors and exits."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import click

from devenv import __version__
from devenv.console import Console
from devenv.effects.world import World
from devenv.errors import DevenvError, Interrupted, ManifestError

#: verb -> what it does, in the order in which help lists them. Each is ``devenv.commands.<verb>:command``.
VERBS = {
    "init": "Write a first devenv.toml.",
    "up": "Start the services and wait until each one serves.",
    "sync": "Bring devenv.toml and this machine in step with production.",
    "try": "Rehearse an upgrade on a copy of the data.",
    "facts": "Read what production runs.",
    "status": "Compare what runs with devenv.toml and devenv.lock.",
    "behind": "Say what here is behind devenv.toml; nothing where all is well.",
    "stop": "Stop the services; containers and data stay.",
    "down": "Stop the services and remove their containers; data stays.",
    "env": "Print the variables that the application reads.",
    "run": "Run a command with those variables.",
    "url": "Print the address of a service.",
    "client": "Open a service's own client: psql, redis-cli, …",
    "exec": "Run a command inside a service's container.",
    "logs": "Show what the services log.",
    "wait": "Wait until services serve.",
    "history": "Show what was changed here, and when.",
    "snapshot": "Keep copies of data, and put them back.",
    "seed": "Begin anew with the data that [seed] names.",
    "reset": "Begin anew with empty data.",
    "devcontainer": "The workspace that IDEs open, from a terminal.",
    "hooks": "Have git say what is behind, on every pull.",
    "check": "Check devenv.toml.",
    "lock": "Pin every image by digest in devenv.lock.",
    "render": "Write the generated files.",
    "catalog": "List the kinds of services.",
    "schema": "Print the JSON Schema of devenv.toml, for editors.",
    "doctor": "Look for what could keep devenv from working.",
    "completion": "Print the completion script of a shell.",
}


class Verbs(click.Group):
    """Imports a command when it is the one that was typed: the others would only cost time."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in VERBS:
            return None
        module = "try_" if name == "try" else name  # the one verb that is a word of Python's
        command: click.Command = import_module(f"devenv.commands.{module}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in VERBS:
            from devenv.schema.issue import did_you_mean

            hint = did_you_mean(args[0], list(VERBS)) or "'devenv --help' lists what there is"
            raise ManifestError(f"there is no command '{args[0]}'", hint)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]}, no_args_is_help=True)
@click.version_option(__version__, "--version", "-V", message="devenv %(version)s")
@click.option("-C", "--directory", type=click.Path(path_type=Path), help="Work as if started in this folder.")
@click.pass_context
def program(ctx: click.Context, directory: Path | None) -> None:
    """Development environments that are what production is.

    devenv.toml says what production runs; 'devenv up' brings it to this machine.
    """
    world = ctx.ensure_object(World)
    if directory is not None:
        folder = (world.cwd / directory).resolve()
        if not folder.is_dir():
            raise ManifestError(f"{directory} is no folder")
        ctx.obj = replace(world, cwd=folder)


def main(argv: Sequence[str] | None = None, world: World | None = None) -> int:
    """Run one command and return its exit code. Every way of ending comes through here."""
    world = world or World()
    console = Console(world.stdout, world.stderr, world.env)
    try:
        code = program.main(args=argv, prog_name="devenv", standalone_mode=False, obj=world)
        return code if isinstance(code, int) else 0
    except DevenvError as error:
        console.error(error)
        return error.exit_code
    except click.UsageError as error:
        return _usage(error, console, argv if argv is not None else sys.argv[1:])
    except (KeyboardInterrupt, click.exceptions.Abort):
        console.say()
        console.error(Interrupted())
        return Interrupted.exit_code
    except BrokenPipeError:
        return _nobody_reads(world)
    except Exception as error:  # noqa: BLE001 - the last resort: a bug gets a sentence and a log, not a traceback
        return _bug(error, console, world)


def _usage(error: click.UsageError, console: Console, argv: Sequence[str]) -> int:
    command = error.ctx.command_path if error.ctx else "devenv"
    told = ManifestError(error.format_message(), f"'{command} --help' shows how it is used")
    console.error(told)
    reports = error.ctx is not None and any(param.name == "as_json" for param in error.ctx.command.params)
    if reports and ({"-j", "--format=json"} & set(argv) or ("--format", "json") in pairwise(argv)):
        console.failure(told)
    return told.exit_code


def _nobody_reads(world: World) -> int:
    """The reader of stdout went away, as `head` does: no error of anybody's. What is still to be said goes nowhere."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), world.stdout.fileno())
    except (OSError, ValueError):  # not a file: nothing to be flushed at the end either
        pass
    return 0


def _bug(error: Exception, console: Console, world: World) -> int:
    from devenv.effects.store import state_folder

    log = state_folder(world.env) / "crash.log"
    story = _story(error)
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(story, encoding="utf-8")
        place = f"where it was is in {log}"
    except OSError:
        place = story
    console.error(DevenvError(f"devenv itself failed: {type(error).__name__}", place, changed=_UNKNOWN))
    return 1


def _story(error: BaseException) -> str:
    """Where a program was when it failed, without what it failed on: that may be a password of production's."""
    import traceback

    lines: list[str] = []
    cause: BaseException | None = error
    while cause is not None:
        frames = traceback.format_list(traceback.extract_tb(cause.__traceback__))
        lines = [
            *frames,
            f"{type(cause).__module__}.{type(cause).__qualname__}\n",
            *(["\nthen\n"] if lines else []),
            *lines,
        ]
        cause = cause.__cause__ or cause.__context__
    return f"devenv {__version__}, Python {sys.version.split()[0]}; what errors say is left out\n\n{''.join(lines)}"


_UNKNOWN = "run 'devenv status' to see how things stand"
