"""``devenv facts``: what sources say of production."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from devenv.commands.options import confirm, format_option, trust_option, verbose_option
from devenv.effects.world import World
from devenv.model.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from devenv.console import Console
    from devenv.model.fact import Fact, Note
    from devenv.production import Production


@click.command()
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@click.option(
    "--environment",
    default="production",
    show_default=True,
    help="The environment to read about; its sources in devenv.toml, if no SOURCE is given.",
)
@verbose_option
@trust_option
@format_option
@click.pass_obj
def command(world: World, sources: tuple[str, ...], environment: str, verbose: bool, trust: bool) -> int:
    """Read what production runs, with the evidence for every value. Changes nothing, needs no manifest.

    Exit 7: a source could not be read; what the others say is shown.

    \b
    devenv facts infra/prod.tfstate k8s/    files, folders, patterns
    terraform state pull | devenv facts -   what a command prints
    devenv facts env:PROD_DATABASE_URL      a live server, read-only, its address in a variable
    devenv facts                            the sources that devenv.toml names
    """
    from devenv import production
    from devenv.errors import Unreachable
    from devenv.kinds import catalogue_here
    from devenv.project import open_project
    from devenv.stages.bring_together import disagreements
    from devenv.trust import source_commands

    console = world.console
    if sources:
        root, places = world.cwd, [place(source) for source in sources]
    else:
        project = open_project(world)
        root, places = project.root, list(production.places_of(project.manifest, environment))
        confirm(world, project, source_commands(project, environment), trust=trust, again="devenv facts")
    found = production.read(world, root, places, production.known(catalogue_here(world)), environment=environment)
    doubts = disagreements(found.facts)
    if console.as_json:
        console.json(
            {
                "facts": [entry(fact) for fact in found.facts],
                "notes": [_note(note) for note in found.notes],
                "sources": reading_entry(found),
                "disagreements": [{"service": service, "message": message} for service, message in doubts],
            }
        )
    else:
        _tell(console, found, doubts)
        tell_reading(console, found, verbose=verbose)
    if not found.failed:
        return 0
    return console.failure(Unreachable(unread_problems(found.failed)))


def _tell(console: Console, found: Production, doubts: Iterable[tuple[str, str]]) -> None:
    console.table(("KIND", "VERSION", "NAME", "FROM"), [_row(fact) for fact in found.facts])
    for fact in found.facts:
        for line in _details(fact):
            console.result(f"  {fact.name or fact.kind}: {line}")
    for service, message in doubts:
        console.say(f"note: {service}: {message}")
    for note in found.notes:
        console.say(f"note: {note}")
    unknown = sum(not fact.version for fact in found.facts)
    without = f", {unknown} without a version" if unknown else ""
    console.say(f"{_counted(len(found.facts), 'fact')}{without}")


def tell_reading(console: Console, found: Production, *, verbose: bool) -> None:
    """How many sources were read, how many files hold nothing about services, and of how many nobody can tell."""
    how = "" if verbose else " (list them: -v)"
    console.say(f"{_counted(len(found.understood), 'source')} read{_beside(found, verbose=verbose)}")
    if found.unrelated:
        console.say(f"{_counted(len(found.unrelated), 'file')} skipped: not about services{how}")
        _list(console, found.unrelated if verbose else ())
    if unclear := len({note.file for note in found.unclear}):
        console.say(f"{_counted(unclear, 'file')} not understood: may be about services{how}")
        _list(console, found.unclear if verbose else ())


def _beside(found: Production, *, verbose: bool) -> str:
    """Further files that were read, to finish a sentence: a ``.env``, a Dockerfile, a module."""
    if not found.beside:
        return ""
    if verbose:
        return f", and with them {', '.join(found.beside)}"
    return f", and with them {_counted(len(found.beside), 'further file')} (list them: -v)"


def unread_problems(notes: Iterable[Note]) -> list[Problem]:
    """Sources that could not be read, for the document of a failure."""
    return [Problem(str(note)) for note in notes]


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' * (count != 1)}"


def _list(console: Console, notes: Iterable[Note]) -> None:
    for note in notes:
        console.say(f"  {note}")


def reading_entry(found: Production) -> dict[str, Any]:
    """The same for programs."""
    return {
        "read": list(found.understood),
        "beside": list(found.beside),
        "skipped": [_note(note) for note in found.unrelated],
        "unclear": [_note(note) for note in found.unclear],
        "unread": [_note(note) for note in found.failed],
    }


def place(source: str) -> Any:
    """What a word of the command line names. Raises ManifestError for an address, which is not repeated: it may hold a
    password, and the command line is no place for one."""
    from devenv.errors import ManifestError
    from devenv.model.production import Place

    if "://" in source:
        hint = "put it in a variable and name that: devenv facts env:PROD_DATABASE_URL"
        raise ManifestError("a server's address is given on the command line, which others can see", hint)
    return Place(url_env=source.removeprefix("env:")) if source.startswith("env:") else Place(path=source)


def _row(fact: Fact) -> tuple[str, str, str, str]:
    version = fact.version or "unknown"
    status = " (planned)" if fact.status == "planned" else ""
    exact = "" if fact.precision in ("patch", "none") else ".x"
    return fact.kind, f"{version}{exact}{status}", fact.name or "-", str(fact.evidence)


def _details(fact: Fact) -> list[str]:
    lines = [f"part of {fact.part_of}"] if fact.part_of else []
    lines += [f"{name} = {value}" for name, value in fact.settings.items()]
    if fact.extensions:
        lines.append(
            "extensions " + ", ".join(f"{name} {version}".strip() for name, version in fact.extensions.items())
        )
    if fact.plugins:
        lines.append("plugins " + ", ".join(fact.plugins))
    return [*lines, fact.note] if fact.note else lines


def entry(fact: Fact) -> dict[str, Any]:
    """A fact for programs; what is not known is null. A live server that tells of no setting has none."""
    from devenv.model.fact import Trust

    evidence, asked = fact.evidence, fact.trust is Trust.LIVE
    return {
        "kind": fact.kind,
        "version": fact.version or None,
        "precision": str(fact.precision),
        "variant": fact.variant or None,
        "name": fact.name or None,
        "settings": dict(fact.settings) if fact.settings or asked else None,
        "extensions": list(fact.extensions) if fact.extensions or asked else None,
        "extension_versions": {name: version for name, version in fact.extensions.items() if version},
        "plugins": list(fact.plugins) if fact.plugins is not None else None,
        "status": str(fact.status),
        "part_of": fact.part_of or None,
        "evidence": evidence_entry(evidence),
        "note": fact.note or None,
        "doubtful": fact.doubtful,
    }


def evidence_entry(evidence: Any) -> dict[str, Any]:
    """Evidence for programs."""
    return {
        "source": evidence.source,
        "file": evidence.file,
        "address": evidence.address or None,
        "attribute": evidence.attribute or None,
        "date": evidence.date or None,
    }


def _note(note: Note) -> dict[str, Any]:
    return {
        "message": note.message,
        "file": note.file,
        "line": note.line,
        "address": note.address or None,
        "failed": note.failed,
    }
