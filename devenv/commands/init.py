"""``devenv init``: a project's first devenv.toml."""

from __future__ import annotations

import click

from devenv.commands.asked import Asked
from devenv.commands.options import format_option, verbose_option
from devenv.effects.world import World


@click.command()
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@click.option("--name", default="", help="The project's name.  [default: the folder's name]")
@verbose_option
@format_option
@click.pass_obj
def command(world: World, sources: tuple[str, ...], name: str, verbose: bool) -> int:
    """Write a first devenv.toml, with the services that production runs where a SOURCE says so.

    It is written even if a source cannot be read, unless there is no such file; the exit code is 7 then.

    \b
    devenv init                            a devenv.toml to fill in
    devenv init infra/prod.tfstate k8s/    files, folders, patterns that describe production
    devenv init env:PROD_DATABASE_URL      a live server, read-only, its address in a variable
    """
    from devenv.commands.facts import place, unread_problems
    from devenv.commands.sync_report import report, tell
    from devenv.errors import Unreachable
    from devenv.journeys.init import begin, compose_files, write

    if wrong := next((source for source in sources if source == "-" or not source.isprintable()), ""):
        raise click.UsageError(f"{wrong!r} cannot be read again by 'devenv sync': name a file, or env:VARIABLE")
    console = world.console
    asked = Asked(world, console, (), yes=True, timeout=0)
    compared = begin(world, name=name, sources=[place(source) for source in sources])
    asked.verbose = verbose
    tell(asked, compared, None)
    write(world, compared)
    console.json(report(compared, None, applied=True))
    found = len(compared.wanted.manifest.services)
    if found:
        console.say(f"devenv.toml was written with {found} service{'s' * (found != 1)}. Commit it, then run: devenv up")
    else:
        console.say("devenv.toml was written without services. Add those that production runs, then run: devenv up")
    if not sources:
        for file in compose_files(world):
            console.say(f"{file} describes services. Take them from it: devenv init {file}")
    if not compared.unread:
        return 0
    return console.failure(Unreachable(unread_problems(compared.unread)), changed="devenv.toml was written")
