"""devenv lock, against a real registry on loopback that answers what a test says."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from devenv import pinning
from devenv.cli import main
from devenv.effects.world import World
from devenv.errors import Refused
from devenv.project import Project, open_project
from devenv.stages.locking import parse_lock
from tests.effects.registry_server import Registry, index
from tests.making import image, tree

PG, REDIS = "postgres:15.4", "redis:7.0.15"
MANIFEST = (
    '[project]\nname = "shop"\n[services.db]\nkind = "postgres"\nversion = "15.4"\n'
    '[services.cache]\nkind = "redis"\nversion = "7.0.15"\n'
)


@pytest.fixture
def registry() -> Iterator[Registry]:
    with closing(Registry()) as server:
        yield server


class Shop:
    """A project, and the registry that its images come from."""

    def __init__(self, root: Path, registry: Registry) -> None:
        self.root = tree(root / "shop", {"devenv.toml": MANIFEST})
        self.registry = registry
        self.env = {
            "HOME": str(root),
            "DEVENV_STATE": str(root / "state"),
            "DEVENV_CONFIG": str(root / "config.toml"),
            "DEVENV_REGISTRY_MIRROR": registry.host,
        }
        for number, (repository, tag) in enumerate((("library/postgres", "15.4"), ("library/redis", "7.0.15"))):
            self.has(repository, tag, number)

    def has(self, repository: str, tag: str, number: int) -> str:
        """The registry has an image; another number is another digest."""
        return self.registry.image(repository, tag, index({"os": "linux", "architecture": f"n{number}"}))

    def devenv(self, *words: str) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        code = main(words, World(cwd=self.root, env=self.env, stdin=io.StringIO(), stdout=out, stderr=err))
        return code, out.getvalue(), err.getvalue()

    def digests(self, name: str = "devenv.lock") -> dict[str, str]:
        lock = parse_lock((self.root / name).read_text())
        return {ref.familiar: entry.digest for ref, entry in lock.images.items()}


@pytest.fixture
def shop(tmp_path: Path, registry: Registry) -> Shop:
    return Shop(tmp_path, registry)


def test_every_image_gets_its_digest_under_its_canonical_name(shop: Shop) -> None:
    code, _, err = shop.devenv("lock")
    lock = parse_lock((shop.root / "devenv.lock").read_text())
    assert code == 0
    assert set(lock.images) == {image(PG), image(REDIS)}
    assert {entry.source for entry in lock.images.values()} == {"mirror"}
    assert err.splitlines()[-1] == "devenv.lock is written; commit it"
    assert shop.registry.host not in (shop.root / "devenv.lock").read_text()


def test_a_second_time_asks_nobody_and_changes_nothing(shop: Shop) -> None:
    shop.devenv("lock")
    before, asked = (shop.root / "devenv.lock").read_text(), len(shop.registry.seen)
    assert shop.devenv("lock")[2].splitlines()[-1] == "devenv.lock is up to date"
    assert ((shop.root / "devenv.lock").read_text(), len(shop.registry.seen)) == (before, asked)


def test_update_asks_again_and_for_one_service_only_if_named(shop: Shop) -> None:
    shop.devenv("lock")
    before = shop.digests()
    new_pg, new_redis = shop.has("library/postgres", "15.4", 7), shop.has("library/redis", "7.0.15", 8)
    code, out, _ = shop.devenv("lock", "--update", "db", "--format", "json")
    assert code == 0
    assert shop.digests() == {PG: new_pg, REDIS: before[REDIS]}
    assert {entry["image"]: entry["before"] for entry in json.loads(out)["images"]} == {
        "docker.io/library/postgres:15.4": before[PG],
        "docker.io/library/redis:7.0.15": before[REDIS],
    }
    shop.devenv("lock", "--update")
    assert shop.digests() == {PG: new_pg, REDIS: new_redis}


def test_check_tells_what_is_missing_and_what_nothing_needs(shop: Shop) -> None:
    shop.devenv("lock")
    assert shop.devenv("lock", "--check")[0] == 0
    (shop.root / "devenv.toml").write_text(MANIFEST.replace("7.0.15", "7.2.4"))
    code, _, err = shop.devenv("lock", "--check")
    assert code == 3
    assert "devenv.lock lacks redis:7.2.4 (cache)" in err
    assert "devenv.lock holds redis:7.0.15, which nothing needs" in err


def test_what_nothing_needs_is_dropped(shop: Shop) -> None:
    shop.devenv("lock")
    (shop.root / "devenv.toml").write_text(MANIFEST.partition("[services.cache]")[0])
    assert "- redis:7.0.15: nothing needs it any more" in shop.devenv("lock")[2]
    assert set(shop.digests()) == {PG}


def test_a_developers_own_layer_does_not_reach_the_committed_lock(shop: Shop) -> None:
    own = shop.has("library/redis", "7.2.4", 9)
    tree(shop.root, {"devenv.local.toml": '[services.cache]\nversion = "7.2.4"\n'})
    assert shop.devenv("lock")[0] == 0
    assert set(shop.digests()) == {PG, REDIS}
    assert shop.digests(".devenv/local.lock") == {"redis:7.2.4": own}
    assert shop.devenv("lock", "--check")[0] == 0

    (shop.root / "devenv.local.toml").unlink()
    assert shop.devenv("lock")[2].splitlines()[-1] == "devenv.lock is up to date"
    assert set(shop.digests()) == {PG, REDIS}


def in_another_order(text: str) -> str:
    """The same lock as a merge or an earlier devenv may have left it."""
    _, *blocks = text.split("\n\n")
    return "\n\n".join(["version = 1", *(block.strip() for block in reversed(blocks))]) + "\n"


def test_lock_puts_in_order_what_says_the_same(shop: Shop) -> None:
    shop.devenv("lock")
    written = (shop.root / "devenv.lock").read_text()
    (shop.root / "devenv.lock").write_text(in_another_order(written))
    assert shop.devenv("lock", "--check")[0] == 0
    assert shop.devenv("lock")[2].splitlines()[-1] == "devenv.lock is written; commit it"
    assert (shop.root / "devenv.lock").read_text() == written


def opened(shop: Shop) -> tuple[Project, World]:
    world = World(cwd=shop.root, env=shop.env, stdin=io.StringIO(), stdout=io.StringIO(), stderr=io.StringIO())
    return open_project(world), world


def test_up_leaves_a_lock_alone_that_says_the_same_in_other_words(shop: Shop) -> None:
    shop.devenv("lock")
    lock = shop.root / "devenv.lock"
    lock.write_text(in_another_order(lock.read_text()))
    before = lock.read_text()
    project, world = opened(shop)
    assert pinning.save(pinning.pinned(project, world, frozen=False, offline=False)) is False
    assert lock.read_text() == before


@pytest.mark.parametrize("local", ["", '[services.cache]\nversion = "7.2.4"\n'])
def test_a_frozen_lock_is_never_written(shop: Shop, local: str) -> None:
    """Not when it holds what nothing needs, nor when a developer's own layer needs what it lacks."""
    shop.devenv("lock")
    own = shop.has("library/redis", "7.2.4", 9)
    lock = shop.root / "devenv.lock"
    more = lock.read_text().replace("version = 1\n", "").replace("15.4", "14.1").replace("7.0.15", "6.2.1")
    lock.write_text(lock.read_text() + more)
    before = lock.read_text()
    tree(shop.root, {"devenv.local.toml": local} if local else {})
    project, world = opened(shop)
    project = pinning.pinned(project, world, frozen=True, offline=False)
    assert pinning.save(project, frozen=True) is False
    assert lock.read_text() == before
    if local:
        assert shop.digests(".devenv/local.lock") == {"redis:7.2.4": own}


def test_frozen_refuses_what_would_change_the_lock(shop: Shop) -> None:
    project, world = opened(shop)
    with pytest.raises(Refused, match=r"postgres:15\.4, redis:7\.0\.15"):
        pinning.pinned(project, world, frozen=True, offline=False)
    assert not (shop.root / "devenv.lock").exists()


def test_the_lock_that_is_not_committed_says_so(shop: Shop) -> None:
    shop.has("library/redis", "7.2.4", 9)
    tree(shop.root, {"devenv.local.toml": '[services.cache]\nversion = "7.2.4"\n'})
    shop.devenv("lock")
    head = (shop.root / ".devenv/local.lock").read_text().splitlines()[0]
    assert head.startswith("# Written by devenv, not committed")
    tree(shop.root, {".devenv/local.lock": "<<<<<<<\n"})
    assert ".devenv/local.lock:1: not valid TOML" in shop.devenv("lock")[2]


def test_an_unknown_tag_leaves_the_lock_as_it_was(shop: Shop) -> None:
    shop.devenv("lock")
    before = (shop.root / "devenv.lock").read_text()
    (shop.root / "devenv.toml").write_text(MANIFEST.replace("7.0.15", "7.99.9"))
    code, _, err = shop.devenv("lock")
    assert code == 1
    assert "no image redis:7.99.9" in err
    assert err.splitlines()[-1] == "nothing was changed"
    assert (shop.root / "devenv.lock").read_text() == before


def test_no_registry_is_another_ending(shop: Shop) -> None:
    shop.env["DEVENV_REGISTRY_MIRROR"] = "127.0.0.1:1"  # nobody listens there
    code, _, err = shop.devenv("lock")
    assert code == 7
    assert err.count("error:") == 1  # what ails the registry is said once, not for each image


def test_naming_services_without_update_is_a_mistake(shop: Shop) -> None:
    code, _, err = shop.devenv("lock", "db")
    assert code == 2
    assert "devenv lock --update db" in err
