"""Whatever happens to a service's data in whatever order: a kept generation is neither changed nor lost nor opened."""

from __future__ import annotations

import io
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from devenv.commands.snapshot_rows import older_entries, other_version_entry
from devenv.commands.status import show
from devenv.commands.status_rows import StatusRow
from devenv.commands.up import show_plan
from devenv.console import Console
from devenv.effects import history
from devenv.errors import Refused
from devenv.journeys import rollback
from devenv.journeys.up import Prepared
from devenv.model.observed import Container
from devenv.model.plan import Action, Plan, Step
from devenv.parity import remedy
from devenv.stages.keep import older_data, other_versions
from devenv.standing import Standing
from tests.data.checkout import ACTS, IN_MEMORY, NEW, OLD, Checkout, act

STEPS = some.lists(some.one_of(some.sampled_from(ACTS), some.integers(0, 9)), min_size=4, max_size=14)


@settings(max_examples=60)
@given(STEPS)
def test_kept_generations_stay_what_they_are(steps: list[str | int]) -> None:
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        checkout = Checkout(Path(folder))
        for step in steps:
            act(checkout, step)
            checkout.check()


def test_snapshots_are_found_again_where_their_list_was_damaged() -> None:
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        checkout = Checkout(Path(folder))
        assert checkout.up()
        checkout.snapshot()
        checkout.up()
        (before,) = checkout.look()[1].snapshots
        (checkout.store.folder / "snapshots.json").write_text("{")
        (found,) = checkout.look()[1].snapshots
        assert (found.name, found.volumes) == ("cache-7.0-g2", before.volumes)
        checkout.restore(0)
        checkout.check()
        checkout.reset()
        checkout.check()
        assert len(checkout.look()[1].snapshots) == 3


@pytest.mark.parametrize("way", ["up", "sync"])
def test_what_was_in_use_since_is_moved_also_after_older_data_was_opened(way: str) -> None:
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        checkout = Checkout(Path(folder))
        checkout.up()
        checkout.sync(NEW)
        checkout.says(OLD)
        checkout.up()
        newest = checkout.written[checkout.open]
        checkout.says(NEW)
        assert "'devenv sync --from-current cache' moves that" in checkout.announced()
        assert checkout.up() if way == "up" else checkout.sync(NEW)
        assert checkout.written[checkout.open][:-1] != newest
        assert checkout.sync(NEW, from_current=True)
        assert checkout.written[checkout.open][:-1] == newest
        served = checkout.open
        assert checkout.sync(NEW, from_current=True)
        assert checkout.open == served, "there is nothing newer any more"
        checkout.check()


def test_going_back_says_what_stays_behind_and_where() -> None:
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        checkout = Checkout(Path(folder))
        checkout.up()
        checkout.sync(NEW)
        newer = checkout.open
        checkout.says(OLD)
        assert checkout.announced().endswith(f"what was written on redis 8.0 since stays in {newer}")
        checkout.up()
        machine, observed = checkout.look()
        services = checkout.project.resolved.services
        (volume,) = other_versions(services, observed, machine)
        assert other_version_entry(volume) == {
            "service": "cache",
            "kind": "redis",
            "format": "8.0",
            "volume": newer,
            "message": f"cache: its redis 8.0 data stays in {newer}, and redis 8.0 finds it again",
        }
        checkout.says(NEW)
        machine, observed = checkout.look()
        (volume,) = other_versions(checkout.project.resolved.services, observed, machine)
        assert volume.format == "7.0"
        data = volume.name.removeprefix("shop_")
        running = Container("1", "shop-cache-1", "shop", "cache", "running", data=data)
        serving = replace(observed, containers=(running,))
        assert other_versions(checkout.project.resolved.services, serving, machine) == ()


def test_data_that_sync_is_about_to_move_is_not_told_of_as_staying() -> None:
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        checkout = Checkout(Path(folder))
        checkout.up()
        checkout.says(NEW)
        machine, observed = checkout.look()
        assert other_versions(checkout.project.resolved.services, observed, machine) == ()
        checkout.up(fresh=True)
        machine, observed = checkout.look()
        (volume,) = other_versions(checkout.project.resolved.services, observed, machine)
        assert volume.format == "7.0"


def test_a_rollback_undoes_the_last_sync_and_no_restore() -> None:
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        checkout = Checkout(Path(folder))
        assert checkout.up()
        checkout.snapshot()
        assert checkout.sync(NEW)
        checkout.restore(0)
        assert [entry.verb for entry in history.entries(checkout.store)] == ["sync", "snapshot restore"]
        checkout.rollback()
        assert checkout.version == OLD
        assert [entry.undone for entry in history.entries(checkout.store)] == [True, False]
        with pytest.raises(Refused, match="there is no sync to undo"):
            rollback.last_sync(checkout.store, checkout.project)


def test_a_sync_that_only_moved_data_is_undone_by_hand() -> None:
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        checkout = Checkout(Path(folder))
        assert checkout.up()
        checkout.says(NEW)
        assert checkout.sync(NEW)
        with pytest.raises(Refused) as raised:
            rollback.last_sync(checkout.store, checkout.project)
        (problem,) = raised.value.problems
        assert problem.message.endswith("did not change devenv.toml")
        assert (
            problem.hint == "put the former devenv.toml back, then run 'devenv up': it finds the data of its versions"
        )
        checkout.says(OLD)
        assert "--from-current" not in checkout.announced(), "there is no way back to an older version"
        assert checkout.up()
        checkout.says(NEW)
        assert "'devenv sync --from-current cache' moves that to 8.0.2 instead" in checkout.announced()


def test_a_sync_that_replaced_data_of_the_same_version_is_undone_by_a_restore() -> None:
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        checkout = Checkout(Path(folder))
        assert checkout.up()
        assert checkout.sync(NEW)
        newer = list(checkout.written[checkout.open])
        checkout.says(OLD)
        assert checkout.up()
        checkout.says(NEW)
        assert checkout.sync(NEW, from_current=True)
        with pytest.raises(Refused) as raised:
            rollback.last_sync(checkout.store, checkout.project)
        (problem,) = raised.value.problems
        (replaced,) = (item for item in checkout.look()[1].snapshots if item.why.startswith("was the 8.0.2 data"))
        assert problem.hint == (
            f"devenv snapshot restore {replaced.name} cache   makes what cache had before the live data"
        )
        assert checkout.rollback() is False
        assert checkout.written[checkout.open][: len(newer)] == newer


def test_older_data_is_announced_before_it_is_opened() -> None:
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        checkout = Checkout(Path(folder))
        assert checkout.up()
        assert checkout.sync(NEW)
        checkout.says(OLD)
        assert checkout.up()
        checkout.says(NEW)
        announced = checkout.announced()
        assert announced.startswith("cache: opens its redis 8.0 data of ")
        machine, observed = checkout.look()
        left = observed.current["cache"]
        (entry,) = older_entries(older_data([checkout.service], observed, machine).values())
        assert entry == {
            "service": "cache",
            "kind": "redis",
            "format": "8.0",
            "since": left.since,
            "left": {"kind": "redis", "format": "7.0", "volume": left.volume},
            "command": "devenv sync --from-current cache",
            "message": announced,
        }
        plan = Plan((Step(Action.RECREATE, "cache", "version 7.0.15 → 8.0.2"),))
        console = Console(io.StringIO(), io.StringIO(), {"NO_COLOR": "1"})
        show_plan(console, Prepared(checkout.project, machine, observed, plan, ("cache",), ()))
        show(console, Standing(checkout.project, machine, observed), [row()], [])
        assert f"  ! {announced}\n" in console.stdout.getvalue()
        told = console.stderr.getvalue()
        assert f"{announced}\n" in told
        assert "finds it again" not in told, "the same data is not named twice"


def row() -> StatusRow:
    return StatusRow("cache", "redis", NEW, OLD, "ready", "", "version 7.0.15 → 8.0.2")


def test_status_advises_what_works() -> None:
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        checkout = Checkout(Path(folder))

        def advice() -> str:
            return remedy(Standing(checkout.project, *checkout.look()), ["cache"])

        assert checkout.up()
        checkout.says(NEW)
        assert advice() == "'devenv sync' brings it in step, and its data comes along"
        assert checkout.up(fresh=True)
        (old,) = (name for name in checkout.stamps if "-7.0" in name)
        del checkout.stamps[old]
        checkout.says(OLD)
        assert advice() == "'devenv up' refuses that, and says what helps"


def test_fresh_begins_empty_beside_data_of_the_same_version_and_keeps_it() -> None:
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        checkout = Checkout(Path(folder))
        assert checkout.up()
        former = checkout.open
        assert checkout.up(fresh=True)
        assert checkout.written == {former: [1], f"{former}-g2": [2]}
        _, observed = checkout.look()
        assert [(item.name, item.volumes) for item in observed.snapshots] == [("cache-set-aside", {"/data": former})]
        assert checkout.up()
        assert checkout.open == f"{former}-g2"
