"""argv and environment -> one command. The only place that handles errors and exits."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from devenv import __version__
from devenv.effects.files import is_folder, make_folder
from devenv.effects.world import World
from devenv.errors import DevenvError, Interrupted, ManifestError

#: verb -> what it does, in the order in which help lists them. Each is ``devenv.commands.<verb>:command``.
VERBS = {
    "init": "Write a first devenv.toml.",
    "up": "Start the services and wait until each one is ready.",
    "sync": "Bring devenv.toml and this machine in line with production.",
    "try": "Rehearse an upgrade on a copy of the data.",
    "facts": "Read what production runs.",
    "status": "Compare what runs with devenv.toml and devenv.lock.",
    "behind": "Report what on this machine is behind devenv.toml.",
    "stop": "Stop the services; containers and data stay.",
    "down": "Stop the services and remove their containers; data stays.",
    "env": "Print the variables that the application reads.",
    "run": "Run a command with those variables.",
    "url": "Print the address of a service.",
    "client": "Open a service's own client: psql, redis-cli, …",
    "exec": "Run a command inside a service's container.",
    "logs": "Show what the services log.",
    "wait": "Wait until services are ready.",
    "history": "Show what was changed here, and when.",
    "snapshot": "Keep copies of data, and restore them.",
    "seed": "Replace the data of services with what [seed] names.",
    "reset": "Remove a service, and keep its data as a snapshot.",
    "devcontainer": "Use the workspace that IDEs open, from a terminal.",
    "hooks": "Make git report what is behind, on every pull.",
    "check": "Check devenv.toml.",
    "lock": "Pin every image by digest in devenv.lock.",
    "render": "Write the generated files.",
    "catalog": "List the kinds of services.",
    "schema": "Print the JSON Schema of devenv.toml, or of a command's JSON.",
    "doctor": "Check for what could keep devenv from working.",
    "completion": "Print the completion script of a shell.",
}

#: Commands that change nothing, whatever their options: their failures need not say that nothing changed.
READING = {
    "facts",
    "status",
    "behind",
    "env",
    "run",
    "url",
    "client",
    "exec",
    "logs",
    "wait",
    "history",
    "snapshot list",
    "devcontainer exec",
    "devcontainer read",
    "check",
    "catalog",
    "schema",
    "doctor",
    "completion",
}


#: What similar programs call it -> what to type here.
ELSEWHERE = {
    "start": "devenv up",
    "restart": "devenv stop SERVICE && devenv up SERVICE",
    "ps": "devenv status",
    "ls": "devenv status",
    "describe": "devenv status",
    "info": "devenv status",
    "kill": "devenv stop",
    "poweroff": "devenv stop",
    "rm": "devenv down",
    "destroy": "devenv down",
    "delete": "devenv down",
    "pull": "devenv lock --update",
    "update": "devenv sync",
    "upgrade": "devenv sync",
    "config": "devenv render --stdout",
    "validate": "devenv check",
    "shell": "devenv run -- CMD",
    "ssh": "devenv exec SERVICE -- CMD",
    "psql": "devenv client SERVICE",
    "help": "devenv --help",
    "version": "devenv --version",
}


def _instead_of(word: str) -> str:
    """What was probably meant by a command that does not exist: never one that takes data away, unless it is that word
    but for a letter."""
    from devenv.schema.issue import did_you_mean

    if word in ELSEWHERE:
        return f"here that is '{ELSEWHERE[word]}'"
    harmless = [verb for verb in VERBS if verb != "reset"]
    guess = did_you_mean(word, ["reset"], near=0.8) or did_you_mean(word, harmless)
    return guess or "'devenv --help' lists what there is"


class Verbs(click.Group):
    """Imports a command when it is the one that was typed: the others would only cost time."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in VERBS:
            return None
        module = "try_" if name == "try" else name  # the one verb that is a word of Python's
        command: click.Command = import_module(f"devenv.commands.{module}").command
        command.short_help = VERBS[name]  # what shells show beside it
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in VERBS:
            raise ManifestError(f"there is no command '{args[0]}'", _instead_of(args[0]))
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
        if not is_folder(folder):
            raise ManifestError(f"{directory} is not a directory")
        ctx.obj = replace(world, cwd=folder)


def main(argv: Sequence[str] | None = None, world: World | None = None) -> int:
    """Run one command and return its exit code. Every way of ending comes through here."""
    world = world or World()
    words = sys.argv[1:] if argv is None else argv
    try:
        return _reported(words, world)
    except BrokenPipeError:
        return _nobody_reads(world)


def _reported(words: Sequence[str], world: World) -> int:
    """Run the command, say how it failed if it did, and print its JSON document if that was asked for."""
    console = world.console
    try:
        result = program.main(args=words, prog_name="devenv", standalone_mode=False, obj=world)
        code = result if isinstance(result, int) else 0
    except BrokenPipeError:
        raise
    except (Exception, KeyboardInterrupt) as cause:  # noqa: BLE001 - a bug gets a sentence and a log, not a traceback
        if isinstance(cause, KeyboardInterrupt | click.Abort):
            console.say()
        error = _error_of(cause, world)
        console.error(error, only_reads=_only_reads(words, world))
        code = error.exit_code
    try:
        console.print_report()
    except DevenvError as error:
        console.error(error)
        code = error.exit_code
    return code


def _only_reads(words: Sequence[str], world: World) -> bool:
    """Whether what was typed changes nothing whatever happens: the command never does, or was asked to check."""
    return _command_typed(words, world) in READING or "--check" in words


def _error_of(cause: BaseException, world: World) -> DevenvError:
    """The error that people are shown for whatever ended a command."""
    if isinstance(cause, DevenvError):
        return cause
    if isinstance(cause, KeyboardInterrupt) or isinstance(cause.__cause__, KeyboardInterrupt):  # click wraps it
        return Interrupted("finished steps stay; run it again to go on")
    if isinstance(cause, click.Abort):  # at a question, and nothing is done before a question
        return Interrupted()
    if isinstance(cause, click.UsageError):
        command = cause.ctx.command_path if cause.ctx else "devenv"
        return ManifestError(cause.format_message(), f"'{command} --help' shows how it is used")
    return _bug(cause, world)


def _command_typed(words: Sequence[str], world: World) -> str:
    """The verb that was typed, such as ``snapshot list``; "" if there is none.

    The command line is read leniently: a ``-j`` behind a mistake counts, so that its error is reported as JSON.
    """
    lenient: dict[str, Any] = {"resilient_parsing": True, "ignore_unknown_options": True, "allow_extra_args": True}
    rest = list(words)
    context = program.make_context("devenv", rest, obj=world, **lenient)
    verb = ""
    while isinstance(context.command, click.Group):
        rest = rest[len(rest) - len(context.args) - 1 :]  # options of the group stand before its subcommand
        command = context.command.get_command(context, rest[0]) if rest else None
        if command is None:
            break
        verb = f"{verb} {rest[0]}".strip()
        name, rest = rest[0], rest[1:]
        context = command.make_context(name, list(rest), parent=context, **lenient)
    return verb


def _nobody_reads(world: World) -> int:
    """The reader of stdout went away, as `head` does: no error of anybody's. What is still to be said goes nowhere."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), world.stdout.fileno())
    except (OSError, ValueError):  # not a file: nothing to be flushed at the end either
        pass
    return 0


def _bug(error: BaseException, world: World) -> DevenvError:
    """A sentence for people; where the program was goes into a log."""
    from devenv.effects.store import state_folder

    log = state_folder(world.env) / "crash.log"
    story = _story(error)
    try:
        make_folder(log.parent, mode=0o700)
        log.write_text(story, encoding="utf-8")
        place = f"Full log: {log}"
    except OSError:
        place = story
    return DevenvError(f"devenv itself failed: {type(error).__name__}", place, changed=_UNKNOWN)


def _story(error: BaseException) -> str:
    """Where a program was when it failed, without what it failed on: that may be a password of production's."""
    import traceback

    lines: list[str] = []
    cause: BaseException | None = error
    seen: set[int] = set()
    while cause is not None and id(cause) not in seen:  # an error may be its own cause
        seen.add(id(cause))
        frames = traceback.format_list(traceback.extract_tb(cause.__traceback__))
        lines = [
            *frames,
            f"{type(cause).__module__}.{type(cause).__qualname__}\n",
            *(["\nthen\n"] if lines else []),
            *lines,
        ]
        cause = cause.__cause__ or cause.__context__
    return f"devenv {__version__}, Python {sys.version.split()[0]}; what errors say is left out\n\n{''.join(lines)}"


_UNKNOWN = "unknown what was changed; 'devenv status' shows the current state"
