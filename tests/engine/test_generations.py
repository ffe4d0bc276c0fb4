"""Whose data is opened: a kept generation never is, whatever goes to and fro between versions, and every hint works."""

from __future__ import annotations

import re

import pytest

from tests.engine import clients
from tests.engine.conftest import Make, Standin
from tests.engine.project import Project, own_port
from tests.engine.running import devenv, well
from tests.engine.test_snapshots import names
from tests.engine.test_sync import version

PORT = own_port()


class Cache:
    """A cache between two versions: ``old`` and ``new``."""

    def __init__(self, project: Project, old: str, new: str) -> None:
        self.project, self.old, self.new = project, old, new
        self.is_on(old)

    def is_on(self, number: str) -> None:
        self.project.write(f'[services.cache]\nkind = "redis"\nversion = "{number}"\nport = {PORT}\n')

    def put(self, value: str) -> None:
        with clients.redis_client(self.project.url("cache")) as client:
            client.set("v", value)

    def got(self) -> str | None:
        with clients.redis_client(self.project.url("cache")) as client:
            found: str | None = client.get("v")
            return found

    def devenv(self, words: str) -> str:
        return well(devenv(self.project, *words.split())).err


@pytest.fixture
def cache(project: Make, standins: tuple[Standin, ...]) -> Cache:
    return Cache(project(""), version(standins, "redis", "7.0"), version(standins, "redis", "8.0"))


def test_a_snapshot_stays_what_it_is_when_versions_go_to_and_fro(cache: Cache) -> None:
    cache.devenv("up")
    cache.put("gold")
    cache.devenv("snapshot create -n gold")
    cache.put("later")
    cache.is_on(cache.new)
    cache.devenv("sync --yes")
    assert cache.got() == "later"
    cache.devenv("snapshot restore --yes gold")
    assert cache.got() == "gold"
    cache.put("written to what was restored")
    cache.is_on(cache.old)
    assert "copy cache: its redis 7.0 data is kept as cache-before-" in cache.devenv("up")
    assert cache.got() == "later"
    cache.put("written to the copy")
    assert ("gold", "cache") in names(cache.project)
    cache.devenv("snapshot restore --yes gold")
    assert cache.got() == "gold"


def test_a_service_that_was_reset_begins_empty_beside_data_of_another_version(cache: Cache) -> None:
    cache.devenv("up")
    cache.put("gold")
    cache.devenv("snapshot create -n gold")
    cache.devenv("reset cache")
    cache.is_on(cache.new)
    cache.devenv("up")
    cache.put("new")
    cache.is_on(cache.old)
    assert devenv(cache.project, "up").code == 5
    cache.devenv("snapshot restore --yes gold")
    assert "'devenv up cache' begins anew" in cache.devenv("reset cache")
    cache.devenv("up cache")
    assert cache.got() is None
    cache.devenv("reset cache")
    cache.devenv("up")
    assert {name for name, _ in names(cache.project)} >= {"gold", "cache-before-reset", "cache-before-reset-2"}
    cache.is_on(cache.new)
    assert "opens its redis 8.0 data" in cache.devenv("up")
    assert cache.got() == "new"


def test_older_data_that_is_found_again_is_announced_and_the_newer_one_can_be_had(cache: Cache) -> None:
    cache.devenv("up")
    cache.put("old")
    cache.is_on(cache.new)
    cache.devenv("sync --yes")
    cache.is_on(cache.old)
    cache.devenv("up")
    cache.put("NEW")
    cache.is_on(cache.new)
    refused = devenv(cache.project, "sync")
    assert refused.code == 6
    said = r"cache: opens its redis 8\.0 data of .* ago; what was written on redis 7\.0 since stays in \S+;"
    assert re.search(said, refused.err), refused.err
    cache.devenv("sync --yes")
    assert cache.got() == "old"
    assert ("cache-left-at-7.0", "cache") in names(cache.project)
    cache.is_on(cache.old)
    cache.devenv("up")
    assert cache.got() == "NEW"
    cache.is_on(cache.new)
    assert "'devenv sync --from-current cache' moves that to" in cache.devenv("up")
    assert cache.got() == "old"
    cache.devenv("sync --yes --from-current cache")
    assert cache.got() == "NEW"
