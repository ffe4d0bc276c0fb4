"""What is remembered of runs that changed something."""

from __future__ import annotations

import json
from pathlib import Path

from devenv.effects import history
from devenv.effects.store import Store


def test_entries_are_kept_in_order_and_undone(tmp_path: Path) -> None:
    store = Store(tmp_path / "state", tmp_path)
    assert history.entries(store) == []
    first = history.add(
        store, "sync", ["a"], before={"devenv.toml": "old", "devenv.lock": None}, after={"devenv.toml": "x"}
    )
    second = history.add(store, "up", ["b"])
    assert history.entries(store) == [first, second]
    assert (first.number, second.number, first.before) == (1, 2, {"devenv.toml": "old", "devenv.lock": None})
    history.undo(store, first)
    assert [entry.undone for entry in history.entries(store)] == [True, False]


def test_a_damaged_entry_is_reported(tmp_path: Path) -> None:
    told: list[str] = []
    store = Store(tmp_path / "state", tmp_path, told.append)
    entry = history.add(store, "sync", [])
    (store.folder / "history" / "000002.json").write_text("{")
    assert history.entries(store) == [entry]
    assert "000002.json is damaged and kept as 000002.damaged-1" in told[0]


def test_an_entry_of_another_shape_is_damaged(tmp_path: Path) -> None:
    store = Store(tmp_path / "state", tmp_path)
    entry = history.add(store, "sync", [])
    for change in ({"before": 7}, {"moved": {"d": 7}}, {"changes": [{}]}, {"number": "1"}, {"undone": None}):
        value = {"number": 2, "at": "", "verb": "sync", "changes": []} | change
        (store.folder / "history" / "000002.json").write_text(json.dumps({"format": 1, "value": value}))
        assert history.entries(store) == [entry]


def test_nobody_else_may_read_what_a_manifest_was(tmp_path: Path) -> None:
    store = Store(tmp_path / "state", tmp_path)
    history.add(store, "sync", [], before={"devenv.toml": "password"})
    (path,) = (store.folder / "history").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
