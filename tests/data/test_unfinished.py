from __future__ import annotations

from pathlib import Path

from devenv.data.unfinished import AROUND, SNAPSHOTS, UPGRADES, sentences
from devenv.effects.store import Store

LEFT = "was interrupted; what it left, containers too, is still there"

UPGRADE = {"words": "15 → 16", "bench": "shop-upgrade-db", "scratch": [], "target": [], "container": ""}
CREATE = {"volumes": [], "start": [], "bench": "shop-snapshot", "words": "devenv snapshot create"}
CREATE |= {"whole": "", "broken": ""}


def test_what_is_told_of_killed_runs(tmp_path: Path) -> None:
    store = Store(tmp_path / "state", tmp_path)
    assert sentences(store) == []
    store.journal({"begin": {"db": UPGRADE}}, of=UPGRADES)
    store.journal({"begin": 0, "do": "copy", "service": "db"}, of=UPGRADES)
    for journal in (SNAPSHOTS, AROUND):
        store.journal({"begin": CREATE}, of=journal)
    assert sentences(store) == [f"the upgrade of db {LEFT}", f"'devenv snapshot create' {LEFT}"]
    with store.locked("sync", waiting=lambda holder: None):
        assert sentences(store) == []  # it is no wreck: somebody is at work
