from __future__ import annotations

from devenv.document import Document, decode
from devenv.model.fact import Note
from devenv.sources.other_images import recognises
from devenv.sources.registry import parse, source_of
from tests.sources.test_images import KNOWN

UNKNOWN = "is of a form that devenv does not know: images in it are taken for what production runs"


def yaml(text: str, file: str) -> Document:
    return decode(file, text.encode(), day="2026-11-30")


KAMAL = """
service: shop
image: acme/shop
accessories:
  db: {image: "postgres:15.4", env: {clear: {POSTGRES_PASSWORD: canary}}}
"""
CAPROVER = """
schema: 2
stack:
  cache: {image: "redis:7.2.4"}
"""


def test_a_form_that_nobody_knows_is_called_what_it_is() -> None:
    reading = parse([yaml(KAMAL, "deploy.yml"), yaml(CAPROVER, "stack.yml")], KNOWN)
    found = [(fact.kind, fact.version, fact.name, str(fact.evidence)) for fact in reading.facts]
    assert found == [
        ("postgres", "15.4", "db", "images accessories.db (image)"),
        ("redis", "7.2.4", "cache", "images stack.cache (image)"),
    ]
    assert reading.notes == (Note(UNKNOWN, "deploy.yml"), Note(UNKNOWN, "stack.yml"))
    assert "canary" not in repr(reading)


def test_it_is_asked_last() -> None:
    for text in (
        "services: {db: {image: 'postgres:15.4'}}",
        "db: {image: {repository: postgres, tag: '15.4'}}",
        "apiVersion: v1\nkind: Pod\nspec: {containers: [{image: 'postgres:15.4'}]}",
    ):
        found = source_of(yaml(text, "x.yaml"))
        assert found and found.name != "images"
    assert not recognises(yaml("db: {image: acme}", "x.yaml"))


def test_what_may_be_a_server_is_said() -> None:
    said = "the image acme/shop-postgres may be a postgres server, but nothing tells its version: it is left out"
    reading = parse([yaml("db: {image: 'acme/shop-postgres:latest'}", "x.yaml")], KNOWN)
    assert (reading.facts, reading.notes) == ((), (Note(said, "x.yaml", address="db"),))
