"""Which generation was live, where nobody remembers it."""

from __future__ import annotations

import pytest

from devenv.model.observed import Container, Engine, ExistingVolume, Observed
from devenv.stages.pointers import Recovered, recovered

DATA = "cache-redis-7.0"


def seen(*generations: str, mounted: str | None = None) -> Observed:
    volumes = [ExistingVolume(f"shop_{DATA}{end}", "shop", "cache", "redis", "7.0", "/data") for end in generations]
    container = Container("1", "shop-cache-1", "shop", "cache", "exited", data=f"{DATA}{mounted}")
    containers = () if mounted is None else (container,)
    return Observed(Engine("27", "linux/amd64"), containers, tuple(volumes))


@pytest.mark.parametrize(
    ("observed", "known", "live"),
    [
        (seen(), {}, {}),
        (seen(""), {}, {DATA: ""}),
        (seen("-g3"), {}, {DATA: "-g3"}),
        (seen("", "-g2", mounted="-g2"), {}, {DATA: "-g2"}),
        (seen("", "-g2", mounted=""), {}, {DATA: ""}),
        (seen("", "-g2", mounted=""), {DATA: "-g2"}, {}),
    ],
)
def test_what_containers_and_volumes_say(observed: Observed, known: dict[str, str], live: dict[str, str]) -> None:
    assert recovered(observed, known) == Recovered(live, frozenset())


@pytest.mark.parametrize("mounted", [None, "-g9"])
def test_nobody_guesses(mounted: str | None) -> None:
    assert recovered(seen("", "-g2", mounted=mounted), {}) == Recovered({}, frozenset({DATA}))
