"""What was lost of the memory of generations is completed before any part of it changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from devenv.data import anew, remembering
from devenv.data.pointing import point
from devenv.effects import snapshots
from devenv.effects.store import Store
from devenv.effects.world import World
from devenv.errors import Refused
from devenv.model.observed import Engine, ExistingVolume, Observed
from devenv.project import Project, open_project
from devenv.stages.pointers import guard_undecided
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
    return opened(tree(root, {"devenv.toml": MANIFEST, ".devenv/.env": WRITTEN.format(root=root)}))


def opened(root: Path) -> Project:
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


def test_data_that_no_checkout_marked_is_named_when_it_is_first_used(tmp_path: Path) -> None:
    here = opened(tree(tmp_path, {"devenv.toml": MANIFEST}))
    unmarked = ExistingVolume("shop_a-redis-7.0-g3", "shop", "a", "redis", "7.0", "/data")
    marked = replace(unmarked, name="shop_b-redis-7.0", service="b", owner="a1")

    def found(*volumes: ExistingVolume) -> list[str]:
        observed = replace(engine(), volumes=volumes)
        machine, observed = with_generations(here, here.machine(), observed)
        return remembering.found_here(here, machine, observed, ["a", "b"])

    sentence = "a: uses the data in volume shop_a-redis-7.0-g3, which an IDE, plain Compose or an earlier devenv made"
    assert found(unmarked, marked) == [sentence]
    remembering.complete(here, replace(engine(), volumes=(unmarked, marked)))
    assert found(unmarked, marked) == []


def test_of_several_generations_none_is_opened_where_all_memory_was_lost(tmp_path: Path) -> None:
    """Volumes of an earlier devenv bear no mark, so that nothing but this memory says whose they are."""
    here = opened(tree(tmp_path, {"devenv.toml": MANIFEST}))
    machine, observed = with_generations(here, here.machine(), engine())
    assert observed.undecided == {A, B, OLDER_B}
    names = "a-7.0, a-7.0-g3"
    with pytest.raises(Refused, match=f"a: it is not certain which of these is its live data: {names}\n"):
        guard_undecided([here.resolved.services["a"]], observed, machine)


def test_live_data_that_moved_with_the_engine_is_kept_and_gone_on_from(tmp_path: Path) -> None:
    """Killed before its copy is made, the next run makes it: the pointer moves with the copy."""
    checkout = Checkout(tmp_path)
    assert checkout.up()
    name = checkout.open
    checkout.stamps[name] = replace(checkout.stamps[name], folder="/new/a", bound_to="/old/a")
    for _ in range(2):
        machine, observed = checkout.look()
        assert [item.name for item in observed.snapshots] == ["cache-before-the-move"]
        assert observed.resumed == {checkout.service.data: ""}
        assert machine.volume(checkout.service.volumes[0]) == f"{name}-g2"
        anew.keep(checkout.project, observed, machine, ["cache"], copied=["cache"])


def test_data_of_another_version_that_moved_with_the_engine_stays_what_it_is(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    assert checkout.up()
    name = checkout.open
    checkout.stamps[name] = replace(checkout.stamps[name], folder="/new/a", bound_to="/old/a")
    checkout.says(NEW)
    assert checkout.look()[1].snapshots == ()
    assert "the data here is of redis 7.0" in checkout.problem().message
