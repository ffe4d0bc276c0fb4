"""What a library complains of, in our own words."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

import pytest
from pydantic import BaseModel

from devenv.schema.issue import Issue, did_you_mean
from devenv.schema.manifest import manifest_model
from devenv.schema.sentences import issues_of
from devenv.schema.service_kind import KindShape
from devenv.tomldoc import WrittenFloat
from tests.making import kinds

ONE = manifest_model(kinds("postgres"))
TWO = manifest_model(kinds("postgres", "redis"))
DB = {"kind": "postgres", "version": "15.4"}


def found(service: dict[str, Any], model: type[BaseModel] = ONE) -> list[Issue]:
    return issues_of(model, {"project": {"name": "shop"}, "services": {"db": {**DB, **service}}})


@pytest.mark.parametrize("model", [ONE, TWO], ids=["one kind", "two kinds"])
def test_an_unknown_key_is_told_with_what_the_kind_takes(model: type[BaseModel]) -> None:
    (issue,) = found({"databsaes": ["x"]}, model)
    assert (issue.key, issue.message) == ("services.db.databsaes", "unknown key")
    assert issue.hint.startswith("did you mean 'databases'? postgres takes: kind, version, variant, image, ")


@pytest.mark.parametrize("model", [ONE, TWO], ids=["one kind", "two kinds"])
@pytest.mark.parametrize(
    ("key", "value", "where", "message", "hint"),
    [
        ("version", 15, "version", "must be text, not a number", 'put it in quotes: version = "15"'),
        (
            "version",
            15.1,
            "version",
            "must be text, not a number",
            'put it in quotes, as it is written: version = "15.1"',
        ),
        (
            "version",
            WrittenFloat("15.20"),
            "version",
            "must be text, not a number",
            'put it in quotes, as it is written: version = "15.20"',
        ),
        (
            "version",
            date(2024, 1, 2),
            "version",
            "must be text, not a date or time",
            'put it in quotes: version = "2024-01-02"',
        ),
        (
            "version",
            True,
            "version",
            "must be text, not true or false",
            "PostgreSQL's version in production.",
        ),
        ("from", 5, "from", "must be text, not a number", 'put it in quotes: from = "5"'),
        ("from", [], "from", "must be text, not a list", "The fact of production this service mirrors."),
        ("port", "5432", "port", "must be a whole number, not text", "write it without quotes: port = 5432"),
        ("port", 0, "port", "0 is no port", "ports go from 1 to 65535"),
        (
            "extensions",
            "vector",
            "extensions",
            "must be a list, not text",
            'put it in brackets: extensions = ["vector"]',
        ),
        ("extensions", [5], "extensions[0]", "must be text, not a number", 'put it in quotes: "5"'),
        ("settings", "x", "settings", "must be a table, not text", "begin a table: [services.db.settings]"),
        (
            "settings",
            {"a": {"b": {"c": 1}}},
            "settings.a",
            "must be true or false, text, a number or a list, not a table",
            'a name with dots goes in quotes: "a.b.c" = …',
        ),
        ("databases", [], "databases", "must not be empty", "Databases to have; the first is the application's."),
        (
            "user",
            "a b",
            "user",
            "'a b' cannot stand here",
            "The superuser that the application connects as. It must match ^[A-Za-z_][A-Za-z0-9_-]{0,62}$",
        ),
    ],
)
def test_values(model: type[BaseModel], key: str, value: object, where: str, message: str, hint: str) -> None:
    (issue,) = found({key: value}, model)
    assert (issue.key, issue.message, issue.hint) == (f"services.db.{where}", message, hint)


def test_a_service_may_be_named_like_a_key() -> None:
    data = {"project": {"name": "shop"}, "services": {"port": {**DB, "settings": {"port": []}, "prot": 5}, "from": 5}}
    assert [(issue.key, issue.hint.split(":")[0]) for issue in issues_of(ONE, data)] == [
        ("services.port.prot", "did you mean 'port'? postgres takes"),
        ("services.from", "begin a table"),
    ]
    (issue,) = issues_of(ONE, {"project": {"name": "shop"}, "services": {"user": {**DB, "ports": {"user": []}}}})
    assert issue.hint == "Host ports wanted, by the port's name."


def test_of_a_list_that_is_right_but_for_one_value_only_that_is_told() -> None:
    issues = issues_of(ONE, {"project": {"name": "shop"}, "hooks": {"post_up": ["ok", ["a", 5], 7]}})
    assert [(issue.key, issue.message) for issue in issues] == [
        ("hooks.post_up[1][1]", "must be text, not a number"),
        ("hooks.post_up[2]", "must be text or a list, not a number"),
    ]


@pytest.mark.parametrize(
    ("data", "key", "hint"),
    [
        ({}, "project", 'begin the file with [project] and name = "…"'),
        ({"project": {}}, "project.name", 'a short name such as name = "shop"'),
        (
            {"project": {"name": "shop"}, "services": {"db": {"kind": "postgres"}}},
            "services.db.version",
            'say what production runs: version = "…"',
        ),
    ],
)
def test_what_is_missing(data: dict[str, Any], key: str, hint: str) -> None:
    assert [(issue.key, issue.message, issue.hint) for issue in issues_of(ONE, data)] == [(key, "is missing", hint)]


@pytest.mark.parametrize("name", ["", "Shop", "1shop", "a--b", "a_b", "a-", "a" * 41])
def test_names_that_cannot_be_names_of_hosts(name: str) -> None:
    issues = issues_of(ONE, {"project": {"name": name}, "services": {name: DB}, "environments": {name: {}}})
    assert {issue.message for issue in issues} == {f"{name!r} cannot be a name"}
    assert len(issues) == 3


@pytest.mark.parametrize("name", ["shop", "a", "a1-b2-c3", "a" * 40])
def test_names_that_can(name: str) -> None:
    assert issues_of(ONE, {"project": {"name": name}, "services": {name: DB}}) == []


@pytest.mark.parametrize(
    ("value", "called"),
    [
        (True, "true or false"),
        (1.5, "a number"),
        ({}, "a table"),
        ([], "a list"),
        (time(7), "a date or time"),
        (datetime(2024, 1, 2, 3), "a date or time"),
    ],
)
def test_what_values_are_called(value: object, called: str) -> None:
    (issue,) = issues_of(ONE, {"project": {"name": "shop"}, "env": {"A": value}})
    assert issue.message == f"must be text, not {called}"


def test_a_declaration_of_a_kind_is_told_of_in_the_same_way() -> None:
    data = {"title": "Own", "summary": "Ours.", "options": {"size": {"type": "size", "description": "x"}}, "porst": {}}
    assert [(issue.key, issue.message) for issue in issues_of(KindShape, data)] == [
        (
            "options.size.type",
            "'size' is none of 'string', 'integer', 'boolean', 'strings', 'map', 'ports' or 'question'",
        ),
        ("porst", "unknown key"),
    ]


def test_paths_as_people_read_them() -> None:
    assert Issue(("services", "db", "databases", 0, "x"), "").key == "services.db.databases[0].x"


@pytest.mark.parametrize(("word", "said"), [("vresion", "did you mean 'version'?"), ("xyz", "")])
def test_what_may_have_been_meant(word: str, said: str) -> None:
    assert did_you_mean(word, ["version", "variant"]) == said
