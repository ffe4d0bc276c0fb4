"""What the next estimate is corrected by."""

from __future__ import annotations

from pathlib import Path

import pytest

from devenv.effects import durations


def test_the_last_move_of_the_same_sort_counts(tmp_path: Path) -> None:
    state = tmp_path / "state"
    assert durations.pace(state, "postgres postgres dump") == 1
    durations.remember(state, "postgres postgres dump", 12.3456)
    durations.remember(state, "redis redis in_place", 0.5)
    assert durations.pace(state, "postgres postgres dump") == 12.35
    durations.remember(state, "postgres postgres dump", 2)
    assert durations.pace(state, "postgres postgres dump") == 2
    assert durations.pace(state, "redis redis in_place") == 0.5


@pytest.mark.parametrize("text", ["", "[1]", '{"any": "fast"}', '{"any": -1}', '{"any": 0}', "\xff"])
def test_a_damaged_memory_costs_no_more_than_a_better_estimate(tmp_path: Path, text: str) -> None:
    (tmp_path / "durations.json").write_text(text, encoding="latin-1")
    assert durations.pace(tmp_path, "any") == 1
    durations.remember(tmp_path, "any", 3)
    assert durations.pace(tmp_path, "any") == 3
