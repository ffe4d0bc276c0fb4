"""How far data was filled goes along with its copies."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from devenv.data import seeding
from devenv.effects.store import Store
from devenv.errors import DevenvError
from devenv.model.manifest import Seed
from tests.data.checkout import NEW, Checkout


def test_a_copy_is_filled_as_far_as_its_original(tmp_path: Path) -> None:
    store = Store(tmp_path / "state", tmp_path)
    seeding.note(store, "half", seeding.BEGUN)
    seeding.inherit(store, {"half": "half-g2", "never": "never-g2"})
    assert store.read("seeded") == {"half": seeding.BEGUN, "half-g2": seeding.BEGUN}
    seeding.inherit(store, {"never": "half-g2"})  # the name of a copy that was taken back
    assert store.read("seeded") == {"half": seeding.BEGUN}


@pytest.mark.parametrize("how", [seeding.OWED, seeding.BEGUN, seeding.DONE])
def test_moved_data_is_filled_as_far_as_it_was(tmp_path: Path, how: str) -> None:
    checkout = Checkout(tmp_path)
    checkout.up()
    seeding.note(checkout.store, checkout.open, how)
    checkout.sync(NEW)
    assert seeding.state_of(checkout.store, checkout.open) == how


def test_data_that_is_not_filled_is_no_data_to_work_with(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    checkout.up()
    machine, _ = checkout.look()
    manifest = replace(checkout.project.manifest, seed={"cache": (Seed("s.redis"),)})
    project = replace(checkout.project, manifest=manifest)
    seeding.guard_filled(project, machine, ["cache"])
    for how, hint in ((seeding.BEGUN, "devenv seed cache"), (seeding.OWED, "'devenv up' fills it")):
        seeding.note(checkout.store, checkout.open, how)
        with pytest.raises(DevenvError) as error:
            seeding.guard_filled(project, machine, ["cache"])
        assert error.value.problems[0].hint == hint
