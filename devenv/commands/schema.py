"""``devenv schema``: for editors that complete and check devenv.toml, and for programs that read devenv's JSON."""

from __future__ import annotations

from typing import Any

import click

from devenv.effects.world import World


def _complete(_: click.Context, __: click.Parameter, begun: str) -> list[str]:
    return [name for name in _outputs() if name.startswith(begun)]


@click.command()
@click.argument("words", nargs=-1, metavar="[COMMAND]...", shell_complete=_complete)
@click.pass_obj
def command(world: World, words: tuple[str, ...]) -> None:
    """Print the JSON Schema of devenv.toml, or of what a COMMAND prints with --format json.

    \b
    devenv schema > devenv.schema.json
    and as the first line of devenv.toml, for Taplo and Even Better TOML:
    #:schema ./devenv.schema.json

    \b
    devenv schema status
    devenv schema snapshot list
    """
    import json

    schema = _output(" ".join(words)) if words else _manifest(world)
    world.console.result(json.dumps(schema, indent=2, ensure_ascii=False), exact=True)


def _manifest(world: World) -> dict[str, Any]:
    from devenv.kinds import catalogue_here, runtimes
    from devenv.schema.manifest import json_schema

    catalogue = catalogue_here(world)
    return json_schema(catalogue.read(catalogue.names()), runtimes())


def _outputs() -> dict[str, str]:
    """The schema of each command that prints JSON, by what is typed."""
    from devenv.effects.files import read_folder, templates_root

    texts = read_folder(templates_root() / "output")
    verbs = {name.removesuffix(".json").replace("-", " "): text for name, text in texts.items()}
    del verbs["shared"]
    return verbs


def _output(verb: str) -> dict[str, Any]:
    import json

    from devenv.console import SCHEMA_VERSION
    from devenv.effects.files import read_text, templates_root
    from devenv.errors import ManifestError
    from devenv.schema.issue import did_you_mean
    from devenv.schema.output import output_schema

    known = _outputs()
    if verb not in known:
        hint = f"{did_you_mean(verb, list(known))} commands with JSON: {', '.join(known)}".strip()
        raise ManifestError(f"'devenv {verb}' prints no JSON", hint)
    shared = read_text(templates_root() / "output" / "shared.json") or ""
    return output_schema(verb, json.loads(known[verb]), json.loads(shared), SCHEMA_VERSION)
