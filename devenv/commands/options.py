"""Arguments that several commands share, so that they are spelled and explained the same everywhere."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from devenv.effects.world import World
from devenv.errors import DevenvError, Refused

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from devenv.console import Console
    from devenv.project import Project
    from devenv.trust import Confirmable

_Function = TypeVar("_Function", bound=Callable[..., Any])


def _completing(table: str) -> Callable[[click.Context, click.Parameter, str], list[CompletionItem]]:
    """What a shell offers: the names in one table of the manifest, read without checking it; none if that fails."""

    def names(context: click.Context, _: click.Parameter, begun: str) -> list[CompletionItem]:
        root, given = context.find_root(), context.params.get("services") or ()
        found: Iterable[str] = ()
        with contextlib.suppress(DevenvError, ValueError, TypeError, AttributeError):
            found = _names_in(root.obj.cwd / (root.params.get("directory") or ""), table)
        return _offered(found, begun, given)

    return names


def _offered(names: Iterable[str], begun: str, given: Iterable[str]) -> list[CompletionItem]:
    """Those names that continue what was typed and are not given yet."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(name) for name in names if name.startswith(begun) and name not in given]


def _names_in(folder: Path, table: str) -> dict[str, None]:
    from devenv.effects.files import find_root, read_text
    from devenv.stages.load import LOCAL, MANIFEST
    from devenv.tomldoc import parse

    root = find_root(folder.resolve(), MANIFEST)
    texts = [read_text(root / name) or "" for name in (MANIFEST, LOCAL)] if root else []
    return dict.fromkeys(name for text in texts for name in parse(text).get(table, {}))


def complete_snapshots(context: click.Context, _: click.Parameter, begun: str) -> list[CompletionItem]:
    """What a shell offers where a snapshot's name is wanted: those that are remembered, without asking the engine."""
    from devenv.effects import snapshots
    from devenv.project import open_store

    root, given = context.find_root(), context.params.get("names") or ()
    found: list[str] = []
    with contextlib.suppress(DevenvError, OSError, ValueError, TypeError, AttributeError):
        folder = (root.obj.cwd / (root.params.get("directory") or "")).resolve()
        found = [item.name for item in snapshots.entries(open_store(replace(root.obj, cwd=folder)))]
    return _offered(dict.fromkeys(found), begun, given)


complete_services = _completing("services")
services_argument = click.argument("services", nargs=-1, metavar="[SERVICE]...", shell_complete=complete_services)
service_argument = click.argument("service", metavar="SERVICE", shell_complete=complete_services)
profile_option = click.option(
    "--profile",
    "profiles",
    multiple=True,
    metavar="NAME",
    help="Only the services of this profile.",
    shell_complete=_completing("profiles"),
)
verbose_option = click.option(
    "-v", "--verbose", is_flag=True, help="List the files that were skipped or not understood, and why."
)
trust_option = click.option(
    "--trust",
    is_flag=True,
    help="Allow what devenv.toml asks of this machine: its commands, and devices, folders and network for services.",
)
yes_option = click.option("-y", "--yes", is_flag=True, help="Answer yes to every question.")
timeout_option = click.option(
    "--wait-timeout",
    type=click.IntRange(min=0),
    default=180,
    show_default=True,
    help="Seconds to wait until all are ready.",
)


def format_option(command: _Function) -> _Function:
    """``--format text|json`` and ``-j``. A command asks ``console.as_json`` which of them it is."""
    return _format_options(("text", "json"), "Output format.")(command)


def env_format_option(command: _Function) -> _Function:
    """The same for ``devenv env``, which knows three formats of text; the command gets ``format``."""
    formats = ("dotenv", "export", "fish", "json")
    about = "dotenv: NAME='value'; export: for eval in sh, bash and zsh; fish: for source in fish; json."
    return _format_options(formats, about, expose=True)(command)


def _format_options(formats: tuple[str, ...], about: str, *, expose: bool = False) -> Callable[[_Function], _Function]:
    def chosen(context: click.Context, _: click.Parameter, value: object) -> object:
        if value in (True, "json"):
            context.find_root().obj.report.requested = True
        return value

    def decorated(command: _Function) -> _Function:
        short = click.option(
            "-j", "as_json", is_flag=True, expose_value=False, callback=chosen, help="Same as --format json."
        )
        long = click.option(
            "--format",
            type=click.Choice(formats),
            default=formats[0],
            show_default=True,
            expose_value=expose,
            callback=chosen,
            help=about,
        )
        return long(short(command))

    return decorated


def ask(world: World, question: str, *, sure: bool, again: str) -> None:
    """Raises Refused unless somebody says yes; ``again`` is what to type where nobody can be asked."""
    if sure:
        return
    if not world.interactive:
        raise Refused("confirmation needed, but there is no terminal", again)
    if not click.confirm(question, err=True):
        raise Refused("not confirmed")


def confirm(world: World, project: Project, items: Iterable[Confirmable], *, trust: bool, again: str) -> None:
    """Have confirmed what a manifest does on this machine and was never confirmed for this checkout. Raises Refused.

    ``trust``: whoever typed ``--trust`` has; ``DEVENV_TRUST=1`` says so for one run. ``again`` is what was typed.
    """
    from devenv.trust import is_trusted, refusal, remember, unconfirmed

    if is_trusted(world):
        return
    new = unconfirmed(project.store, items)
    if new and not trust:
        if not world.interactive:
            raise Refused(refusal(project, new, again))
        show_unconfirmed(world.console, new)
        if not click.confirm("Allow them, now and from now on in this checkout?", err=True):
            raise Refused("not confirmed")
    if new:
        remember(project.store, new)


def show_unconfirmed(console: Console, items: Sequence[Confirmable]) -> None:
    """Say what a manifest does on this machine and nobody has confirmed yet."""
    from devenv.trust import HostCommand

    commands = [item for item in items if isinstance(item, HostCommand)]
    accesses = [item for item in items if not isinstance(item, HostCommand)]
    if commands:
        console.say("devenv.toml runs these commands on this machine:")
    for command in commands:
        console.say(f"  {command.shown}")
    if accesses:
        console.say("Services ask this machine for more than a container of their own:")
    for access in accesses:
        console.say(f"  {access.shown}")


def words_argument(**attributes: Any) -> Callable[[_Function], _Function]:
    """The words of a command after a service; the ``--`` that may stand between is not one of them."""

    def without_dashes(_: click.Context, __: click.Parameter, words: tuple[str, ...]) -> tuple[str, ...]:
        return words[1:] if words[:1] == ("--",) else words

    return click.argument("words", nargs=-1, callback=without_dashes, **attributes)


#: Options after the first word belong to the command that is to be run.
passing = {"ignore_unknown_options": True, "allow_interspersed_args": False}
