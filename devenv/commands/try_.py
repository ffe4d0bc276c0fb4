"""``devenv try``: tomorrow's production upgrade, rehearsed on a copy."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

from devenv.commands.options import complete_services, format_option, timeout_option, words_argument
from devenv.console import Console
from devenv.effects.world import World
from devenv.errors import DevenvError

if TYPE_CHECKING:
    from devenv.data.upgrading import Moved
    from devenv.journeys.rehearsal import Rehearsal


@click.command()
@click.option("--adopt", is_flag=True, help="If the command succeeds, make the copy the live data without asking.")
@click.option("--discard", is_flag=True, help="Discard the copy without asking.")
@timeout_option
@click.argument("what", metavar="SERVICE@VERSION", shell_complete=complete_services)
@words_argument(metavar="[-- COMMAND [ARGUMENT]...]")
@format_option
@click.pass_obj
def command(world: World, what: str, words: tuple[str, ...], adopt: bool, discard: bool, wait_timeout: int) -> int:
    """Rehearse an upgrade: a copy of the local data on another version, beside the running service.

    The command gets the variables of [env] with that server's address; its exit code becomes devenv's. Afterwards the
    copy is discarded, or adopted: devenv.toml gets the version, and the copy becomes the live data.

    \b
    devenv try db@17.6 -- python manage.py test
    devenv try db@17.6 --adopt -- make test
    """
    from devenv.data.recovery import recovered
    from devenv.errors import ManifestError
    from devenv.project import open_store

    service, at, version = what.partition("@")
    if not at or not version:
        raise ManifestError(f"{what!r} names no version", "devenv try SERVICE@VERSION")
    if adopt and discard:
        raise ManifestError("--adopt keeps the copy, --discard throws it away", "leave one of them out")
    console = world.console
    store = open_store(world)
    with store.locked("try", waiting=console.waiting):
        recovered(console, store)
        return _try(world, console, (service, version), words, adopt=_answer(adopt, discard), timeout=wait_timeout)


def _answer(adopt: bool, discard: bool) -> bool | None:
    return True if adopt else False if discard else None


def _try(
    world: World,
    console: Console,
    what: tuple[str, str],
    words: tuple[str, ...],
    *,
    adopt: bool | None,
    timeout: float,
) -> int:
    from devenv.commands.run import require_program
    from devenv.journeys import rehearsal

    trial = rehearsal.plan(world, *what)
    require_program(world, trial.project, words)
    upgrade = trial.upgrade
    copied = ", ".join(upgrade.source)
    console.say(f"  ↑ try {trial.service.name}: {upgrade.words}, on a copy of {copied}; {upgrade.extent}")
    console.json(_entry(trial))
    with console.progress() as progress:
        moved = rehearsal.move(world, trial, progress)
    try:
        code = _verdict(world, console, trial, words, timeout=timeout)
        wanted = adopt if adopt is not None else _ask(world, console, code)
    except BaseException:
        rehearsal.end(trial, moved)
        raise
    console.json({"exit_code": code})
    if wanted and code == 0:
        _adopt(world, console, trial, moved, timeout=timeout)
        console.json({"adopted": True})
        return 0
    rehearsal.end(trial, moved)
    if code != 0:
        console.failure(_command_failed(words, code))
    console.say(f"thrown away; {trial.service.name} runs on as it was, and so does its data")
    return code


def _command_failed(words: tuple[str, ...], code: int) -> DevenvError:
    """The command's own failure, which devenv ends with."""
    error = DevenvError(f"{shlex.join(words)} ended with code {code}")
    error.exit_code = code
    return error


def _entry(trial: Rehearsal) -> dict[str, object]:
    """What is tried, for programs."""
    old, new = trial.upgrade.old, trial.upgrade.new
    return {
        "service": trial.service.name,
        "from": {"kind": old.kind.name, "version": old.version.text},
        "to": {"kind": new.kind.name, "version": new.version.text},
        "address": None,
        "exit_code": None,
        "adopted": False,
    }


def _verdict(world: World, console: Console, trial: Rehearsal, words: tuple[str, ...], *, timeout: float) -> int:
    """Serve the copy, run the command against it, say how that ended."""
    from devenv.commands.run import call
    from devenv.journeys.rehearsal import serve
    from devenv.stages.connect import output

    with console.progress() as progress:
        machine = serve(world, trial, timeout=timeout, progress=progress)
    name, version = trial.service.name, f"{trial.service.kind.name} {trial.service.version}"
    address = output(trial.project.resolved, machine, name)
    console.json({"address": address})
    if not console.as_json:
        console.result(f"{name} on {version}: {address}")
    if not words:
        return 0
    code = call(world, trial.project, machine, words)
    if code == 130:
        raise KeyboardInterrupt
    console.say(f"{shlex.join(words)} {'succeeded' if code == 0 else f'ended with code {code}'} on {version}")
    return code


def _ask(world: World, console: Console, code: int) -> bool:
    """Whether to adopt: only somebody at a terminal is asked, and only after a success."""
    if code != 0:
        return False
    if not world.interactive:
        console.say("not adopted: there is no terminal to ask at; --adopt adopts it")
        return False
    return click.confirm("Adopt it: devenv.toml gets the version, and this copy is the data?", err=True)


def _adopt(world: World, console: Console, trial: Rehearsal, moved: Moved, *, timeout: float) -> None:
    from devenv.journeys.rehearsal import adopt
    from devenv.waiting import failures

    applied = adopt(world, trial, moved, timeout=timeout, progress=console.progress)
    failures(applied.outcomes, changed="devenv.toml is changed; 'devenv sync --rollback' takes that back")
    console.say(f"adopted: {trial.upgrade.words}; what was written to the old data meanwhile is not in it")
    console.say(f"the data of before is kept in {', '.join(trial.upgrade.source)}")
    console.say("devenv.toml and devenv.lock are written; commit them. 'devenv sync --rollback' takes them back")
    if applied.no_image is not None:
        raise applied.no_image
