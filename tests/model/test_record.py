"""Records behave as frozen dataclasses do, but that mypy alone holds that nobody changes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, field, replace

import pytest

from devenv.model.record import record


@record
class Place:
    """With a default, a default that is made anew each time, and a secret."""

    name: str
    port: int = 80
    labels: Mapping[str, str] = field(default_factory=dict)
    password: str = field(default="", repr=False)


@record
class Named:
    name: str


def test_they_are_equal_where_all_fields_are() -> None:
    assert Place("a", 1, {"x": "y"}) == Place("a", 1, {"x": "y"})
    assert Place("a", 1) != Place("a", 2)
    assert Place("a", 1, password="b") != Place("a", 1, password="c")
    assert Place("a") != Named("a")
    assert Named("a") != "a"


def test_they_can_be_keys() -> None:
    assert {Named("a"): 1}[Named("a")] == 1
    assert hash(Named("a")) != hash(Named("b"))
    with pytest.raises(TypeError, match="unhashable"):
        hash(Place("a"))


def test_they_are_shown_without_secrets() -> None:
    assert repr(Place("a", password="b")) == "Place(name='a', port=80, labels={})"


def test_others_can_be_made_of_them() -> None:
    first = Place("a")
    assert replace(first, port=1) == Place("a", 1)
    assert asdict(first) == {"name": "a", "port": 80, "labels": {}, "password": ""}
    assert first.labels is not Place("a").labels


def test_they_have_no_room_for_more() -> None:
    with pytest.raises(AttributeError):
        Named("a").other = 1  # type: ignore[attr-defined]
