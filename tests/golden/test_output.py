"""What commands print for programs is what their schemas say, and docs/json.md lists it."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import jsonschema
import pytest

from devenv.cli import VERBS, program
from tests.golden.harness import cases, expected, name
from tests.making import tree
from tests.output import ROOT, checked, schema, verbs
from tests.program import MANIFEST, UP_BEFORE, said

REPORTING = [case for case in cases() if {"-j", "json"} & set(shlex.split((case / "args").read_text()))]
PAGE = ROOT / "docs" / "json.md"


def commands(group: click.Group, before: str = "") -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for word in group.list_commands(context):
        command = group.get_command(context, word)
        if isinstance(command, click.Group):
            yield from commands(command, f"{before}{word} ")
        elif command is not None:
            yield f"{before}{word}", command


@pytest.mark.parametrize("case", REPORTING, ids=name)
def test_golden_cases(case: Path) -> None:
    words = shlex.split((case / "args").read_text())
    outcome = expected(case)
    document = checked(words, outcome.stdout)
    assert ("error" in document) == (outcome.exit != 0)


@pytest.mark.parametrize(
    "words", ["check -j", "lock --check -j", "render -j", "render --check -j", "env -j", "history -j", "catalog -j"]
)
def test_documents(words: str, tmp_path: Path) -> None:
    shop = tree(tmp_path / "shop", {"devenv.toml": MANIFEST, **UP_BEFORE})
    ended = said(shop, *words.split())
    document = checked(words.split(), ended.out)
    assert ("error" in document) == (ended.code != 0)


def test_a_schema_refuses_what_it_does_not_describe() -> None:
    with pytest.raises(jsonschema.ValidationError):
        checked(["stop"], '{"schema_version": 2, "stopped": ["db"], "surprise": 1}')
    with pytest.raises(jsonschema.ValidationError):
        checked(["stop"], '{"schema_version": 2}')


def test_every_command_with_json_has_a_schema() -> None:
    reporting = {verb for verb, command in commands(program) if any(p.name == "as_json" for p in command.params)}
    assert reporting == set(verbs())


def test_a_command_without_json_has_none(tmp_path: Path) -> None:
    ended = said(tmp_path, "schema", "stat")
    assert ended.code == 2
    assert "'devenv stat' prints no JSON\n  did you mean 'status'?" in ended.err


def test_the_page() -> None:
    """``DEVENV_UPDATE_GOLDEN=1`` writes it."""
    if os.environ.get("DEVENV_UPDATE_GOLDEN"):
        PAGE.write_text(page())
    assert PAGE.read_text() == page()


def page() -> str:
    order = list(VERBS)
    known = sorted(verbs(), key=lambda verb: (order.index(verb.split()[0]), verb))
    return "\n".join([HEAD, *(section(f"devenv {verb}", schema(verb)) for verb in known), *shared(schema("up"))])


def section(title: str, described: dict[str, Any]) -> str:
    properties = described["properties"]
    rows = [f"| `{key}` | {kind(value)} | {value.get('description', '')} |" for key, value in properties.items()]
    rows = [row for row in rows if not row.startswith(("| `schema_version`", "| `error`"))]
    return "\n".join(
        [f"## {title}\n", f"{described['description']}\n", "| key | type | what |", "| --- | --- | --- |", *rows, ""]
    )


def shared(described: dict[str, Any]) -> list[str]:
    entries = {name: value for name, value in described["$defs"].items() if "properties" in value}
    return [section(name, {"description": "", **value}) for name, value in entries.items()]


def kind(value: dict[str, Any]) -> str:
    """The type of a key in a word or two."""
    if "$ref" in value:
        target = value["$ref"].rpartition("/")[2]
        return f"[{target}](#{target})"
    if "anyOf" in value:
        return " or ".join(kind(choice) for choice in value["anyOf"])
    if value.get("type") == "array":
        return f"list of {kind(value['items'])}"
    if "enum" in value:
        return ", ".join(f"`{choice}`" for choice in value["enum"])
    types = value.get("type", "any")
    return types if isinstance(types, str) else " or ".join(types)


HEAD = """# JSON output

Every command below takes `--format json`, or `-j`, and prints one document on stdout, however it ends. Progress and
messages for people still go to stderr. `devenv schema COMMAND` prints the JSON Schema of a command's document.

- `schema_version` is in every document. It changes when a key changes its meaning or goes away; new keys may come at
  any time.
- `error` is in the document whenever the exit code is not 0, beside what is known of the other keys: also where a check
  finds a difference (exit 3) and where a source could not be read (exit 7).
- A key that names a service is `service`. What is not known is `null`; lists are never `null` unless their type says so.

This page is generated from `templates/output`.
"""
