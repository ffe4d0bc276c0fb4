"""Which generation is live, and which are kept, where nobody remembers it for sure."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devenv.model.observed import Container, Engine, ExistingVolume, Observed, Use
from devenv.stages.pointers import Recovered, recovered, unlisted

DATA, OLDER = "cache-redis-7.0", "cache-redis-6.2"


def volume(end: str, format: str = "7.0") -> ExistingVolume:
    return ExistingVolume(f"shop_cache-redis-{format}{end}", "shop", "cache", "redis", format, "/data")


def seen(*generations: str, mounted: str | None = None) -> Observed:
    container = Container("1", "shop-cache-1", "shop", "cache", "exited", data=f"{DATA}{mounted}")
    containers = () if mounted is None else (container,)
    return Observed(Engine("27", "linux/amd64"), containers, tuple(volume(end) for end in generations))


@pytest.mark.parametrize(
    ("observed", "written", "live"),
    [
        (seen(), {}, {}),
        (seen(""), {}, {DATA: ""}),
        (seen("-g3"), {}, {DATA: "-g3"}),
        (seen("", "-g2", mounted="-g2"), {}, {DATA: "-g2"}),
        (seen("", "-g2", mounted=""), {}, {DATA: ""}),
        (seen("", "-g2"), {DATA: "-g2"}, {DATA: "-g2"}),
        (seen("", "-g2", mounted="-g9"), {DATA: ""}, {DATA: ""}),
    ],
)
def test_what_is_named(observed: Observed, written: dict[str, str], live: dict[str, str]) -> None:
    assert recovered(observed, {}, written, ()) == Recovered(live, frozenset())


@pytest.mark.parametrize("mounted", [None, "-g9"])
def test_nobody_guesses(mounted: str | None) -> None:
    assert recovered(seen("", "-g2", mounted=mounted), {}, {}, ()) == Recovered({}, frozenset({DATA}))


def test_sources_that_name_different_generations() -> None:
    reasons = {f"shop_{DATA}": "live according to .devenv/.env", f"shop_{DATA}-g2": "live according to the container"}
    observed = seen("", "-g2", "-g3", mounted="-g2")
    assert recovered(observed, {}, {DATA: ""}, ()) == Recovered({}, frozenset({DATA}), reasons)


def test_snapshots_are_never_live() -> None:
    assert recovered(seen("", "-g2"), {}, {DATA: "-g2"}, {f"shop_{DATA}-g2"}).pointers == {DATA: ""}
    assert recovered(seen("-g2"), {}, {}, {f"shop_{DATA}-g2"}) == Recovered({}, frozenset())


def test_data_that_is_taken_over_may_have_moved_on() -> None:
    observed = seen("", "-g2")
    assert recovered(observed, {DATA: ""}, {DATA: ""}, ()).pointers == {DATA: ""}
    assert recovered(observed, {DATA: ""}, {DATA: "-g2"}, ()).undecided == {DATA}


def found(observed: Observed, pointers: dict[str, str], *listed: str) -> list[str]:
    items = unlisted(observed, pointers, listed, {}, Recovered({}, frozenset()))
    return [name for item in items for name in item.volumes.values()]


def test_generations_that_are_neither_live_nor_listed_are_kept_ones() -> None:
    assert found(seen("", "-g1", "-g2"), {DATA: "-g2"}, f"shop_{DATA}-g1") == [f"shop_{DATA}"]


def test_of_several_versions_the_one_that_was_served_is_live() -> None:
    both = replace(seen(""), volumes=(volume(""), volume("", "6.2")))
    assert found(both, {}) == []
    used = replace(both, current={"cache": Use(f"shop_{DATA}", "redis", "7.0", "2026-11-30T10:00:00+00:00")})
    assert found(used, {}) == [f"shop_{OLDER}"]
    assert found(replace(both, containers=seen(mounted="").containers), {}) == [f"shop_{OLDER}"]
