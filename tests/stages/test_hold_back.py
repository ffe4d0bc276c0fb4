"""What stays as it is while a source cannot be read."""

from __future__ import annotations

import pytest

from devenv.model.change import Change, Said
from devenv.model.fact import Evidence, Fact, Note
from devenv.model.manifest import Service
from devenv.model.production import Missing, Truth
from devenv.model.version import parse_version
from devenv.stages.hold_back import held_back, with_doubts

COMPOSE = Evidence("compose", "compose.yaml", "services.db", "image", "2026-11-30")
STATE = Note("there is no such file", "infra/p.tfstate", failed=True)
CACHE = Note("the variable CACHE_URL is not set", "$CACHE_URL", failed=True, service="cache")


def change(service: str, old: Said, new: Said) -> Change:
    return Change(service, ("version",), old, new, f"{old} → {new}", COMPOSE)


def test_a_written_value_stays_and_the_sentence_says_why() -> None:
    (held,) = held_back([change("db", "17.12", "15.20")], [STATE])
    assert str(held) == ("services.db.version stays 17.12 (compose.yaml says 15.20): infra/p.tfstate could not be read")


@pytest.mark.parametrize("old", [None, ()])
def test_where_nothing_is_written_nothing_can_be_lost(old: Said) -> None:
    assert held_back([change("db", old, "15.20")], [STATE]) == ()


def test_a_source_of_one_service_holds_back_no_other() -> None:
    changes = [change("db", "15.4", "15.20"), change("cache", "7.0.12", "7.0.15")]
    assert [held.change.service for held in held_back(changes, [CACHE])] == ["cache"]
    assert held_back(changes, []) == ()


def test_what_may_be_a_service_of_the_manifest_is_not_added() -> None:
    missing = Missing("db-2", Truth(Fact("postgres", COMPOSE, version="15.20"), ()))
    (doubtful,) = with_doubts([missing], [Service("db", "postgres", parse_version("17.12"))], [STATE])
    assert doubtful.obstacle == "it may be services.db; infra/p.tfstate could not be read"
    (other,) = with_doubts([missing], [Service("cache", "redis", parse_version("7.0.15"))], [STATE])
    assert other.obstacle == ""
