from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace

from devenv.commands.up import tell_unfinished
from devenv.data import switching
from devenv.data.unfinished import AROUND, SNAPSHOTS, UPGRADES, sentences
from devenv.effects.store import Store
from devenv.effects.world import World

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


def test_how_far_the_steps_of_an_upgrade_came_makes_no_difference(tmp_path: Path) -> None:
    """So ``tests/engine/mortal.py`` kills an upgrade once for each state of the engine and of the files."""
    store = Store(tmp_path / "state", tmp_path)
    begun = {"db": UPGRADE, "cache": UPGRADE | {"bench": "shop-upgrade-cache"}}
    store.journal({"begin": begun}, of=UPGRADES)
    for service in begun:
        for number, does in enumerate(("copy", "serve", "census", "run", "stop")):
            store.journal({"begin": number, "do": does, "service": service}, of=UPGRADES)
            assert switching.unfinished(store) == (begun, {})
            store.journal({"do": does, "done": number, "service": service}, of=UPGRADES)
            assert switching.unfinished(store) == (begun, {})
    switch = {"generations": {}, "files": {}, "before": {}, "kept": [], "changes": []}
    store.journal({"switch": switch}, of=UPGRADES)
    assert switching.unfinished(store) == (begun, switch)


def test_how_far_an_up_came_makes_no_difference(tmp_path: Path) -> None:
    """The next one looks at what is here."""
    store = Store(tmp_path / "state", tmp_path)
    store.journal({"verb": "sync", "process": 1, "at": 0, "steps": ["create cache"]})
    told = set()
    for entry in ({"begin": ["create"], "subjects": ["cache"]}, {"done": ["create"], "subjects": ["cache"]}):
        world = World(stderr=io.StringIO())
        tell_unfinished(world.console, SimpleNamespace(store=store))  # type: ignore[arg-type]
        told.add(world.stderr.getvalue())  # type: ignore[attr-defined]
        store.journal(entry)
    assert told == {"the last 'devenv sync' did not come to its end; going on from what it left\n"}
