"""What the catalogue says was tried is what these tests start, no more and no less."""

from __future__ import annotations

from collections import defaultdict

from devenv.kinds import runtimes
from tests.engine.conftest import Standin
from tests.making import kinds


def test_every_series_that_is_marked_as_tried_has_a_standin_and_every_standin_is_marked(
    standins: list[Standin],
) -> None:
    started = defaultdict(set)
    for item in standins:
        if item.kind in runtimes():
            continue
        kind = kinds(item.kind)[item.kind]
        parts = max(kind.version_parts, *(series.count(".") + 1 for series in kind.versions))
        started[item.kind].add(".".join(item.version.split(".")[:parts]))
    assert started == {name: set(kind.tried) for name, kind in kinds().items() if kind.tried}
