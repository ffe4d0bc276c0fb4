"""Data that is taken over, where nobody remembers for sure which generation of it was live."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from devenv.data.pointing import point
from devenv.effects.store import Store
from devenv.effects.world import World
from devenv.errors import Refused
from devenv.model.observed import Container, Observed
from devenv.project import open_project
from devenv.stages.pointers import guard_undecided
from devenv.standing import claim, narrowed
from devenv.targets.compose import generation_variable
from tests.data.checkout import Checkout
from tests.making import tree

HINT = """\
devenv snapshot list   shows all of them
  devenv snapshot restore NAME cache   makes a copy of one the live data
  devenv up --fresh cache   start empty; all of them are kept"""


class Strange:
    """A checkout beside data that another one made: two generations, the second one live."""

    def __init__(self, root: Path) -> None:
        self.checkout = Checkout(root)
        self.checkout.store.take_over(())
        for end in ("", "-g2"):
            name = f"shop_{self.checkout.service.data}{end}"
            self.checkout.make(name, self.checkout.service, [])
            self.checkout.stamps[name] = replace(self.checkout.stamps[name], owner="another", root=str(root))

    def engine(self, *containers: Container) -> Observed:
        return replace(self.checkout.engine(), containers=containers)


def test_the_container_says_it(tmp_path: Path) -> None:
    strange = Strange(tmp_path)
    data = strange.checkout.service.data
    container = Container("1", "shop-cache-1", "shop", "cache", "running", data=f"{data}-g2", root=str(tmp_path))
    everything = strange.engine(container)
    machine, _ = narrowed(strange.checkout.project, everything, claiming=True)  # as 'up --claim --dry-run' does
    assert machine.generations == {data: "-g2"}
    assert claim(strange.checkout.project, everything) == [f"shop_{data}", f"shop_{data}-g2"]
    machine, observed = narrowed(strange.checkout.project, everything)
    assert machine.generations == {data: "-g2"}
    assert [(item.name, list(item.volumes.values())) for item in observed.snapshots] == [
        ("cache-7.0", [f"shop_{data}"]),
    ]
    guard_undecided([strange.checkout.service], observed, machine)


def test_containers_without_data_are_taken_over_too(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    theirs = Container("1", "shop-cache-1", "shop", "cache", "running", root=str(tmp_path), owner="another")
    everything = replace(checkout.engine(), containers=(theirs,))
    with pytest.raises(Refused, match="container shop-cache-1: made in this folder with another state folder"):
        narrowed(checkout.project, everything)
    assert claim(checkout.project, everything) == ["shop-cache-1"]
    _, observed = narrowed(checkout.project, everything, claiming=True)  # as the rest of 'up --claim' does
    assert observed.containers == (theirs,)
    with pytest.raises(Refused):  # it is still the other one's as long as it was not made again
        narrowed(checkout.project, everything)


def test_containers_from_another_compose_file_are_refused_until_they_are_claimed(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    checkout.store.claim("shop")
    theirs = Container("1", "shop-cache-1", "shop", "cache", "running", compose_files=("/shop/compose.yaml",))
    everything = replace(checkout.engine(), containers=(theirs,))
    with pytest.raises(Refused, match=r"container shop-cache-1: started from /shop/compose\.yaml, not by devenv"):
        narrowed(checkout.project, everything)
    assert claim(checkout.project, everything) == ["shop-cache-1"]
    _, observed = narrowed(checkout.project, everything, claiming=True)
    assert observed.containers == (theirs,)


@pytest.mark.parametrize(
    ("file", "text", "project"),
    [
        ("compose.yaml", "name: shop\n", "shop-"),
        ("docker-compose.yml", "name: shop\n", "shop-"),
        ("compose.yaml", "name: store\n", "shop"),
        ("compose.prod.yaml", "name: shop\n", "shop"),
    ],
)
def test_the_name_of_a_compose_file_of_the_folders_own_is_left_to_it(
    tmp_path: Path, file: str, text: str, project: str
) -> None:
    checkout = Checkout(tree(tmp_path, {file: text}))
    machine, _ = narrowed(checkout.project, checkout.engine())
    assert machine.project.rstrip("0123456789abcdef") == project


def test_a_name_that_was_claimed_before_is_kept_beside_a_compose_file(tmp_path: Path) -> None:
    checkout = Checkout(tree(tmp_path, {"compose.yaml": "name: shop\n"}))
    checkout.store.claim("shop")
    machine, _ = narrowed(checkout.project, checkout.engine())
    assert machine.project == "shop"


def test_nobody_says_it(tmp_path: Path) -> None:
    strange = Strange(tmp_path)
    service = strange.checkout.service
    machine, observed = narrowed(strange.checkout.project, strange.engine(), claiming=True)
    with pytest.raises(Refused, match=r"cache-7\.0, cache-7\.0-g2"):  # in a dry run
        guard_undecided([service], observed, machine)
    with pytest.raises(Refused) as refused:
        claim(strange.checkout.project, strange.engine())
    (problem,) = refused.value.problems
    assert problem.message == "cache: it is not certain which of these is its live data: cache-7.0, cache-7.0-g2"
    assert problem.hint == HINT
    assert refused.value.changed == "the data is taken over"

    machine, observed = narrowed(strange.checkout.project, strange.engine())
    with pytest.raises(Refused):
        guard_undecided([service], observed, machine)
    assert not observed.resumed, "no generation is opened before somebody chooses one"
    point(strange.checkout.store, [], {service.data: "-g3"})  # as 'snapshot restore' does
    machine, observed = narrowed(strange.checkout.project, strange.engine())
    guard_undecided([service], observed, machine)
    assert machine.generations == {service.data: "-g3"}
    assert len(observed.snapshots) == 2


def test_another_state_folder_went_on_meanwhile(tmp_path: Path) -> None:
    strange = Strange(tmp_path)
    project, data = strange.checkout.project, strange.checkout.service.data
    point(strange.checkout.store, [], {data: ""})  # as long as this state folder was in use
    project = replace(project, kept={"DEVENV_ROOT": str(tmp_path), generation_variable(data): "-g2"})
    with pytest.raises(Refused, match=r"cache-7\.0, cache-7\.0-g2"):
        claim(project, strange.engine())
    _, observed = narrowed(project, strange.engine())
    assert [(item.name, item.why) for item in observed.snapshots] == [
        ("cache-7.0", "live according to this state folder"),
        ("cache-7.0-g2", "live according to .devenv/.env"),
    ]
    assert not observed.resumed


def test_a_moved_checkout_keeps_its_place_though_a_clone_is_where_it_was(tmp_path: Path) -> None:
    root, state = tmp_path / "shop", tmp_path / "state"
    Checkout(root)
    store = Store(state, root)
    store.take_over(())
    known = store.read("owner")["id"]
    written = f"COMPOSE_PROJECT_NAME=mine\nDEVENV_ROOT={root}\nDEVENV_OWNER={known}\nDEVENV_DATA_CACHE_REDIS_7_0=-g2\n"
    tree(root, {".devenv/.env": written})
    moved = root.rename(tmp_path / "moved")
    tree(root, {"devenv.toml": (moved / "devenv.toml").read_text()})
    env = {"HOME": str(tmp_path), "DEVENV_STATE": str(state)}
    here, clone = (open_project(World(cwd=place, env=env)) for place in (moved, root))
    assert (here.machine().project, here.owner().id, here.generations()) == ("mine", known, {"cache-redis-7.0": "-g2"})
    assert (clone.machine().project, clone.owner().id, clone.generations()) == ("shop", "", {})
