"""The list of snapshots: names that tell them apart."""

from __future__ import annotations

from pathlib import Path

from devenv.effects.snapshots import free_name
from devenv.effects.store import Store
from tests.making import tree


def test_two_that_are_about_to_be_kept_get_two_names(tmp_path: Path) -> None:
    """A move from Redis 7.2.4 to Valkey 7.2.4 keeps what was moved and what it takes the place of."""
    store = Store(tmp_path / "state", tree(tmp_path / "shop", {"devenv.toml": ""}))
    first = free_name(store, "cache-before-7.2.4")
    second = free_name(store, "cache-before-7.2.4", taken=[first])
    assert (first, second) == ("cache-before-7.2.4", "cache-before-7.2.4-2")
