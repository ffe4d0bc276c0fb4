"""``devenv catalog``: the kinds of services that there are."""

from __future__ import annotations

from collections.abc import Mapping

import click

from devenv.commands.options import format_option
from devenv.effects.world import World
from devenv.model.kind import Kind


def _complete(context: click.Context, _: click.Parameter, begun: str) -> list[str]:
    from devenv.errors import DevenvError
    from devenv.kinds import catalogue_here

    try:
        return [name for name in catalogue_here(context.find_root().obj).names() if name.startswith(begun)]
    except DevenvError:  # what is wrong with a manifest is not said to somebody who presses Tab
        return []


@click.command()
@click.argument("kind", required=False, metavar="[KIND]", shell_complete=_complete)
@format_option
@click.pass_obj
def command(world: World, kind: str | None) -> None:
    """List the kinds of services, or all that one of them takes and provides.

    \b
    devenv catalog
    devenv catalog postgres
    """
    from devenv.errors import ManifestError
    from devenv.kinds import catalogue_here
    from devenv.schema.issue import did_you_mean
    from devenv.stages.known_ways import sources

    console = world.console
    catalogue = catalogue_here(world)
    if kind and kind not in catalogue.names():
        raise ManifestError(f"unknown kind {kind!r}", did_you_mean(kind, catalogue.names()) or "devenv catalog")
    kinds = catalogue.read([kind] if kind else catalogue.names())
    if console.as_json:
        every = kinds if not kind else catalogue.read(sources(kinds[kind]))
        console.json({"kinds": [_entry(item, every) for item in kinds.values()]})
    elif kind:
        console.result(_page(kinds[kind], catalogue.read(sources(kinds[kind]))))
        console.say(_TRIED)
    else:
        rows = [(name, item.title, _versions(item) or "-", item.summary) for name, item in kinds.items()]
        console.table(("KIND", "NAME", "VERSIONS", "WHAT IT IS"), rows)
        console.say(_TRIED)


_TRIED = "* done with real servers by devenv's own tests; the others are as their makers document them"


def _versions(kind: Kind) -> str:
    """The series that work, those marked that our own tests start."""
    return ", ".join(f"{series}*" if series in kind.tried else series for series in kind.versions)


def _entry(kind: Kind, kinds: Mapping[str, Kind]) -> dict[str, object]:
    from devenv.stages.known_ways import entries, known_ways

    return {
        "kind": kind.name,
        "title": kind.title,
        "summary": kind.summary,
        "image": kind.repository or None,
        "versions": list(kind.versions),
        "tried": list(kind.tried),
        "variants": list(kind.variants),
        "ports": dict(kind.ports),
        "ports_of": {port: {option: list(values)} for port, (option, values) in kind.port_needs.items()},
        "keys": common_keys(kind),
        "options": {
            name: {"type": option.type, "default": option.default, "description": option.description}
            for name, option in kind.options.items()
        },
        "settings": kind.settings or None,
        "decided_by_devenv": dict(kind.reserved),
        "provides": provided(kind),
        "upgrades": entries(known_ways(kind, kinds)),
        "notes": list(kind.notes),
    }


def common_keys(kind: Kind) -> dict[str, str]:
    """The keys that a service takes besides its kind's options, with what they are for."""
    from devenv.schema.manifest import service_model

    absent = {"kind", *kind.options}
    if not kind.settings:
        absent.add("settings")
    if not kind.ports and "listens" not in kind.options:
        absent |= {"port", "ports"}
    fields = {field.alias or name: field for name, field in service_model(kind).model_fields.items()}
    return {name: field.description or "" for name, field in fields.items() if name not in absent}


def provided(kind: Kind) -> list[str]:
    """What ``{{ services.<name>.… }}`` can ask a service of this kind for."""
    from dataclasses import replace

    from devenv.model.manifest import Service
    from devenv.model.version import parse_version
    from devenv.stages.check import output_names

    return list(output_names(Service("any", kind.name, parse_version("")), replace(kind, port_needs={})))


def _page(kind: Kind, kinds: Mapping[str, Kind]) -> str:
    from devenv.stages.known_ways import in_words, known_ways

    lines = [f"{kind.title}: {kind.summary}", ""]
    facts = {
        "image": kind.repository,
        "versions": _versions(kind),
        "variants": ", ".join(kind.variants),
        "ports": ", ".join(f"{name} {port}{_with(kind, name)}" for name, port in kind.ports.items()),
        "settings": kind.settings,
        "decides": ", ".join(kind.reserved),
        "provides": ", ".join(provided(kind)),
    }
    lines += [f"{name:<10}{value}" for name, value in facts.items() if value]
    lines += ["", "keys", *(f"  {name}: {about}" for name, about in common_keys(kind).items())]
    if kind.options:
        lines += ["", "options"]
        lines += [
            f"  {name} ({option.type}){_default(option.default)}: {option.description}"
            for name, option in kind.options.items()
        ]
    if ways := in_words(kind, known_ways(kind, kinds)):
        lines += ["", "data of other versions is moved by 'devenv sync'", *(f"  {line}" for line in ways)]
    if kind.packages:
        lines += ["", "knows " + ", ".join(kind.packages)]
    return "\n".join([*lines, "", *kind.notes] if kind.notes else lines)


def _with(kind: Kind, port: str) -> str:
    """What it takes for the server to listen on a port; "" for one that is always there."""
    if port not in kind.port_needs:
        return ""
    option, values = kind.port_needs[port]
    return f" (with {values[0]} in {option})"


def _default(value: object) -> str:
    if value in (None, "", (), {}):
        return ""
    return f" = {', '.join(value) if isinstance(value, tuple) else value}"
