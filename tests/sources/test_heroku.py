from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.document import Document, decode
from devenv.model.fact import Evidence, Fact, Note, Precision, Status, Trust
from devenv.sources.heroku import parse, recognises
from devenv.sources.known import Known

KNOWN = Known()
CREATED = "app.json names the version to create, once: it may have been upgraded since"
UNSTATED = "app.json does not state its version: ask the server itself"
EITHER = "Heroku's Key-Value Store is Valkey where it was made since autumn 2024, Redis before: ask the server itself"
WORDS = ["addons", "environments", "plan", "options", "version", "as", "addon_service", "name", "production"]
ANYTHING = st.recursive(
    st.none()
    | st.integers()
    | st.text(max_size=5)
    | st.sampled_from(["heroku-redis:mini", "heroku-postgresql", "7.2"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner),
    max_leaves=20,
)


def document(value: Any, *, asked: bool = False) -> Document:
    return decode("app.json", json.dumps(value).encode(), asked=asked)


def fact(kind: str, address: str, name: str, note: str, version: str = "", **more: Any) -> Fact:
    attribute = "options.version" if version else "plan"
    return Fact(
        kind=kind,
        evidence=Evidence("heroku", "app.json", address, attribute),
        version=version,
        name=name,
        status=Status.ACTUAL if version else Status.UNKNOWN,
        note=note,
        **more,
    )


def test_add_ons_of_an_app() -> None:
    app = document(
        {
            "addons": [
                "heroku-postgresql:essential-0",
                {"plan": "heroku-postgresql:standard-0", "as": "ANALYTICS", "options": {"version": "16"}},
                {"plan": "cloudamqp"},
                "papertrail",
                {"plan": "memcachier:dev"},
            ]
        }
    )
    assert recognises(app)
    reading = parse([app], KNOWN)
    assert reading.notes == ()
    assert reading.facts == (
        fact("postgres", "addons[0]", "heroku-postgresql", UNSTATED),
        fact("postgres", "addons[1]", "ANALYTICS", CREATED, "16", precision=Precision.SERIES),
        fact("rabbitmq", "addons[2]", "cloudamqp", UNSTATED),
        fact("memcached", "addons[4]", "memcachier", UNSTATED),
    )


@pytest.mark.parametrize(
    ("options", "kind", "version", "precision", "note"),
    [
        ({}, "redis", "", Precision.NONE, EITHER),
        ({"version": "6.2"}, "redis", "6.2", Precision.MINOR, CREATED),
        ({"version": "7.0"}, "redis", "7.0", Precision.MINOR, CREATED),
        ({"version": "7.2"}, "valkey", "7.2", Precision.MINOR, CREATED),
        ({"version": 8}, "valkey", "8", Precision.SERIES, CREATED),
    ],
)
def test_key_value_stores(options: Any, kind: str, version: str, precision: Precision, note: str) -> None:
    app = document({"addons": [{"plan": "heroku-redis:mini", "options": options}]})
    assert parse([app], KNOWN).facts == (fact(kind, "addons[0]", "heroku-redis", note, version, precision=precision),)


def test_environments_for_tests_are_not_production() -> None:
    addons = {"addons": ["heroku-postgresql:in-dyno"]}
    assert not recognises(document({"environments": {"test": addons, "review": addons}}))
    app = document({"environments": {"test": addons, "production": addons}})
    assert recognises(app)
    address = "environments.production.addons[0]"
    assert parse([app], KNOWN).facts == (fact("postgres", address, "heroku-postgresql", UNSTATED),)


@pytest.mark.parametrize(("asked", "trust"), [(True, Trust.ASKED), (False, Trust.RECORDED)])
def test_the_list_of_add_ons(asked: bool, trust: Trust) -> None:
    listed = document(
        [
            {
                "addon_service": {"name": "heroku-postgresql"},
                "plan": {"name": "heroku-postgresql:standard-0"},
                "name": "postgresql-curly-1",
                "config_vars": ["DATABASE_URL"],
            },
            {"addon_service": {"name": "papertrail"}, "name": "papertrail-flat-2"},
        ],
        asked=asked,
    )
    assert recognises(listed)
    note = "the list of add-ons does not state its version: ask the server itself"
    name = "postgresql-curly-1"
    assert parse([listed], KNOWN).facts == (fact("postgres", name, name, note, trust=trust),)


def test_what_is_no_add_on() -> None:
    reading = parse([document({"addons": [7, {}, "heroku-kafka:basic-0"]})], KNOWN)
    assert reading.facts == (fact("kafka", "addons[2]", "heroku-kafka", UNSTATED),)
    said = "is no add-on: it names no plan"
    assert reading.notes == (
        Note(said, "app.json", address="addons[0]", failed=True),
        Note(said, "app.json", address="addons[1]", failed=True),
    )


@pytest.mark.parametrize("value", [{}, {"apiVersion": "v1", "addons": []}, {"addons": {}}, [], [{}], ["x"]])
def test_what_is_none_of_theirs(value: Any) -> None:
    assert not recognises(document(value))


def test_no_secret_leaves() -> None:
    app = {
        "env": {"SECRET": {"value": "c4n4ry"}},
        "addons": [
            {"plan": "heroku-postgresql:x", "options": {"password": "c4n4ry", "version": "c4n4ry"}, "x": "c4n4ry"}
        ],
        "environments": {"production": {"env": {"A": "c4n4ry"}, "addons": ["rediscloud:c4n4ry"]}},
    }
    assert "c4n4ry" not in repr(parse([document(app)], KNOWN))


@given(value=ANYTHING)
def test_whatever_is_written_is_read(value: Any) -> None:
    given_ = Document("app.json", "json", (value,))
    recognises(given_)
    parse([given_], KNOWN)
