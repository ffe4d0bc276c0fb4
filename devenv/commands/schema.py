"""``devenv schema``: for editors that complete and check devenv.toml."""

from __future__ import annotations

import click

from devenv.effects.world import World


@click.command()
@click.pass_obj
def command(world: World) -> None:
    """Print the JSON Schema of devenv.toml.

    \b
    devenv schema > devenv.schema.json
    and as the first line of devenv.toml, for Taplo and Even Better TOML:
    #:schema ./devenv.schema.json
    """
    import json

    from devenv.kinds import catalogue_here
    from devenv.schema.manifest import json_schema

    catalogue = catalogue_here(world)
    schema = json_schema(catalogue.read(catalogue.names()))
    world.console.result(json.dumps(schema, indent=2, ensure_ascii=False), exact=True)
