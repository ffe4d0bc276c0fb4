"""Which kept copies are meant."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from devenv.errors import DevenvError, ManifestError
from devenv.model.observed import Container, Engine, ExistingVolume, Observed
from devenv.model.snapshot import Snapshot
from devenv.stages.keep import (
    age,
    check_name,
    check_removed,
    counted,
    kept,
    kept_besides,
    named,
    prunable,
    prune_hint,
    sized,
    surplus,
    to_restore,
)


def of(name: str, service: str, day: int) -> Snapshot:
    at = f"2026-11-{day:02}T00:00:00+00:00"
    return Snapshot(name, service, "redis", "7.0", "7.0.15", at, "made by hand", {"/data": f"{name}_{service}"})


ONE, TWO, THREE = of("one", "cache", 1), of("two", "cache", 2), of("one", "queue", 3)
ALL = (ONE, TWO, THREE)


def test_what_is_gone_is_no_copy() -> None:
    there = tuple(ExistingVolume(name, "shop", "cache", "redis", "7.0", "/data") for name in ("one_cache", "two_cache"))
    assert kept(Observed(Engine("27", "linux/amd64"), volumes=there, snapshots=ALL)) == (ONE, TWO)
    assert counted(()) == ""
    assert (counted((ONE,)), counted(ALL)) == ("1 snapshot", "3 snapshots")


def test_what_was_removed_outside_devenv_is_named() -> None:
    there = (ExistingVolume("two_cache", "shop", "cache", "redis", "7.0", "/data"),)
    observed = Observed(Engine("27", "linux/amd64"), volumes=there, snapshots=(ONE, TWO))
    check_removed(observed, "two")
    check_removed(observed, "none")
    check_removed(observed, None)
    with pytest.raises(DevenvError) as raised:
        check_removed(observed, "one")
    (problem,) = raised.value.problems
    assert problem.message == "snapshot one of cache is gone: one_cache was removed outside devenv"
    assert problem.hint == "devenv snapshot rm one   removes it from the list"


def test_by_name() -> None:
    assert named(ALL, ["one", "one"]) == (ONE, THREE)
    with pytest.raises(ManifestError) as raised:
        named(ALL, ["tow", "one", "none"])
    assert [(p.message, p.hint) for p in raised.value.problems] == [
        ("there is no snapshot 'tow'", "did you mean 'two'?"),
        ("there is no snapshot 'none'", "did you mean 'one'?"),
    ]


@pytest.mark.parametrize("name", ["", "-n", "a/b", "a b", "x" * 64, ".hidden"])
def test_names_that_none_can_have(name: str) -> None:
    with pytest.raises(ManifestError, match="cannot be the name of a snapshot"):
        check_name(name, ())


def test_a_name_is_used_once() -> None:
    check_name("three", ALL)
    with pytest.raises(ManifestError, match="there is a snapshot 'one' already"):
        check_name("one", ALL)


def test_what_is_restored() -> None:
    assert to_restore(ALL, "one", ()) == (ONE, THREE)
    assert to_restore(ALL, "one", ["queue"]) == (THREE,)
    assert to_restore(ALL, None, ()) == (TWO, THREE)
    assert to_restore(ALL, None, ["cache"]) == (TWO,)
    with pytest.raises(DevenvError, match="snapshot 'two' holds nothing of queue"):
        to_restore(ALL, "two", ["queue"])
    with pytest.raises(DevenvError, match="there is no snapshot of db"):
        to_restore(ALL, None, ["db"])
    with pytest.raises(DevenvError, match="there is no snapshot"):
        to_restore((), None, ())


def test_the_oldest_of_each_service_go_first() -> None:
    assert surplus((TWO, THREE, ONE), 1) == (ONE,)
    assert surplus(ALL, 0) == ALL
    assert surplus(ALL, 2) == ()


def test_words() -> None:
    now = dt.datetime(2026, 11, 3, tzinfo=dt.UTC)
    ages = [age(f"2026-11-0{text}+00:00", now) for text in ("1T00:00:00", "2T22:00:00", "2T23:50:00", "2T23:59:57")]
    assert ages == ["2 d", "2 h", "10 min", "3 s"]
    assert (age("yesterday", now), age("2026-11-04T00:00:00+00:00", now)) == ("?", "0 s")
    assert [sized(size) for size in (None, 7, 48_000_000, 1_500_000_000)] == ["-", "7 B", "48 MB", "1.5 GB"]


def test_what_stays_besides_deleted_data_is_named_as_one_speaks_of_it() -> None:
    names = ("shop_cache-redis-7.0", "shop_cache-redis-7.0-g2", "shop_cache-redis-8.0", "shop_db-postgres-15")
    volumes = tuple(
        ExistingVolume(name, "shop", "db" if "_db-" in name else "cache", "", "", "/data") for name in names
    )
    gold = replace(of("gold", "cache", 1), volumes={"/data": names[1]})
    observed = Observed(Engine("27", "linux/amd64"), volumes=volumes, snapshots=(gold,))
    assert kept_besides(observed, "cache", {names[0]}) == ["snapshot gold", names[2]]


def test_many_or_large_copies_are_worth_a_word() -> None:
    small = tuple(replace(of(f"n{day}", "cache", day), size=1_000) for day in range(1, 5))
    assert prune_hint(small[:3]) == ""
    more = "'devenv snapshot prune --keep 1' removes all but the newest of each service"
    assert prune_hint(small) == f"4 snapshots take 4 kB; {more}"
    assert prune_hint((replace(ONE, size=2_000_000_000), TWO)) == f"2 snapshots take 2.0 GB; {more}"
    assert prune_hint(tuple(replace(item, size=None) for item in small)) == f"4 snapshots; {more}"


@pytest.mark.parametrize(
    ("version", "found"),
    [("20.10.24+dfsg1", ("shop_cache-redis-7.0", "shop_cache-redis-7.0-g2")), ("23.0.1", ()), ("27.3.1", ())],
)
def test_what_docker_volume_prune_would_remove(version: str, found: tuple[str, ...]) -> None:
    names = ("cache-redis-7.0", "cache-redis-7.0-g2", "cache-redis-7.0-g3")
    volumes = tuple(ExistingVolume(f"shop_{name}", "shop", "cache", "redis", "7.0", "/data") for name in names)
    container = Container("1", "shop-cache-1", "shop", "cache", "exited", data=names[2])
    assert prunable(Observed(Engine(version, "linux/amd64"), containers=(container,), volumes=volumes)) == found
