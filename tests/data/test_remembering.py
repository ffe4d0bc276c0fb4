"""What was lost of the memory of generations is completed before any part of it changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from devenv.data import remembering
from devenv.data.pointing import point
from devenv.effects import snapshots
from devenv.effects.store import Store
from devenv.effects.world import World
from devenv.model.observed import Engine, ExistingVolume, Observed
from devenv.project import Project, open_project
from devenv.standing import with_generations
from tests.data.checkout import NEW, OLD, Checkout
from tests.making import tree

A, B, OLDER_B = "a-redis-7.0", "b-redis-7.0", "b-redis-6.2"
MANIFEST = """\
[project]
name = "shop"
[services.a]
kind = "redis"
version = "7.0.15"
[services.b]
kind = "redis"
version = "7.0.15"
"""
WRITTEN = """\
COMPOSE_PROJECT_NAME=shop
DEVENV_ROOT={root}
DEVENV_DATA_A_REDIS_7_0=-g3
DEVENV_DATA_B_REDIS_7_0=-g3
DEVENV_DATA_B_REDIS_6_2=-g2
"""


def project(root: Path) -> Project:
    tree(root, {"devenv.toml": MANIFEST, ".devenv/.env": WRITTEN.format(root=root)})
    return open_project(World(cwd=root, env={"HOME": str(root), "DEVENV_STATE": str(root / "state")}))


def engine() -> Observed:
    names = [(A, ""), (A, "-g3"), (B, ""), (B, "-g3"), (OLDER_B, ""), (OLDER_B, "-g2")]
    volumes = []
    for data, end in names:
        service, kind, version = data.split("-")
        volumes.append(ExistingVolume(f"shop_{data}{end}", "shop", service, kind, version, "/data"))
    return Observed(Engine("27", "linux/amd64"), volumes=tuple(volumes))


def test_a_lost_record_of_live_data_is_completed_before_a_part_is_written(tmp_path: Path) -> None:
    opened = project(tmp_path)
    snapshots.add(opened.store, [])
    remembering.complete(opened, engine())
    point(opened.store, [], {A: "-g4"})  # as 'reset a' does
    opened = replace(opened, kept={})  # .devenv/.env is not asked any more
    machine, _ = with_generations(opened, opened.machine(), engine())
    assert machine.generations == {A: "-g4", B: "-g3", OLDER_B: "-g2"}
    assert opened.store.read("generations") == {A: "-g4", B: "-g3", OLDER_B: "-g2"}


def test_a_part_is_never_taken_for_the_whole(tmp_path: Path) -> None:
    opened = project(tmp_path)
    point(opened.store, [], {A: "-g4"})
    assert opened.generations() == {A: "-g4", B: "-g3"}
    machine, _ = with_generations(opened, opened.machine(), engine())
    assert machine.generations[B] == "-g3"


def test_a_volume_that_is_being_made_is_not_taken_for_the_live_one(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    assert checkout.up()
    checkout.wants(NEW)
    target = f"shop_{checkout.service.data}-g1"
    checkout.make(target, checkout.service, [])  # as an upgrade does before its data is moved
    machine, observed = checkout.look()
    assert machine.volume(checkout.service.volumes[0]) != target
    assert observed.snapshots == ()


def test_a_lost_list_of_snapshots_is_made_again(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    told: list[str] = []
    checkout.store = Store(tmp_path / "state", tmp_path, told.append)
    checkout.says(OLD)
    assert checkout.up()
    assert checkout.sync(NEW)
    (before,) = checkout.look()[1].snapshots
    (checkout.store.folder / "snapshots.json").unlink()
    checkout.says(OLD)
    (found,) = checkout.look()[1].snapshots
    assert found.volumes == before.volumes
    assert told == ["snapshots that were in no list: cache-7.0; 'devenv snapshot list' shows them"]
    checkout.kept = {name: list(checkout.written[name]) for name in found.volumes.values()}
    assert checkout.up()
    checkout.check()
    assert len(told) == 1
