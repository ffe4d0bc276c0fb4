"""Arguments that several commands share, so that they are spelled and explained the same everywhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

_Function = TypeVar("_Function", bound=Callable[..., Any])

services_argument = click.argument("services", nargs=-1, metavar="[SERVICE]...")
service_argument = click.argument("service", metavar="SERVICE")
profile_option = click.option("--profile", "profiles", multiple=True, metavar="NAME", help="The services of a profile.")
yes_option = click.option("-y", "--yes", is_flag=True, help="Answer yes to every question.")
timeout_option = click.option(
    "--wait-timeout", type=click.IntRange(min=0), default=180, show_default=True, help="Seconds until all must serve."
)


def format_option(command: _Function) -> _Function:
    """``--format text|json`` and ``-j``; the command gets ``as_json``."""
    command = click.option("-j", "as_json", is_flag=True, help="Same as --format json.")(command)
    return click.option(
        "--format", "format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="For whom."
    )(command)


def words_argument(**attributes: Any) -> Callable[[_Function], _Function]:
    """The words of a command after a service; the ``--`` that may stand between is not one of them."""

    def without_dashes(_: click.Context, __: click.Parameter, words: tuple[str, ...]) -> tuple[str, ...]:
        return words[1:] if words[:1] == ("--",) else words

    return click.argument("words", nargs=-1, callback=without_dashes, **attributes)


#: Options after the first word belong to the command that is to be run.
passing = {"ignore_unknown_options": True, "allow_interspersed_args": False}
