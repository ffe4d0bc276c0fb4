"""Whose data is opened: a kept generation never is, whatever goes to and fro between versions, and every hint works."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from devenv.model.machine import Machine
from devenv.model.observed import ExistingVolume
from devenv.targets.compose import generation_variable
from tests.data.checkout import ACTS, NEW, OLD, Checkout, act
from tests.engine import clients
from tests.engine.conftest import Make, Standin
from tests.engine.project import Project, own_port
from tests.engine.running import Ended, devenv, well
from tests.engine.test_snapshots import listed, names
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


class Real(Checkout):
    """A checkout with a real server beside it. Each act is devenv's first; what devenv answered and what the server then
    holds must be what the values of ``Checkout`` say."""

    def __init__(self, root: Path, project: Project, numbers: dict[str, str]) -> None:
        self.real, self.numbers = project, numbers
        self.manifests = {version: MANIFEST.format(number=number) for version, number in numbers.items()}
        super().__init__(root)
        project.write(self.manifests[OLD])

    def devenv(self, *words: str) -> Ended:
        return devenv(self.real, *words)

    def says(self, version: str) -> None:
        """Goes back and forth as with git: a sync's own text of a version is found again."""
        if hasattr(self, "version") and version != self.version:
            current = (self.real.root / "devenv.toml").read_text()
            self.manifests[self.version] = current.partition("\n\n")[2]
            self.real.write(self.manifests[version])
        super().says(version)

    def up(self, *, fresh: bool = False) -> bool:
        ended = self.devenv("up", *(["--fresh", "cache"] if fresh else []))
        served = super().up(fresh=fresh)
        assert ended.code == (0 if served else 5), ended
        return served

    def serve(self, machine: Machine) -> None:
        super().serve(machine)
        *before, now = self.written[self.open]
        with clients.redis_client(self.real.url("cache")) as client:
            assert [int(number) for number in client.lrange("written", 0, -1)] == before
            client.rpush("written", now)

    def sync(
        self, version: str, *, from_current: bool = False, source: ExistingVolume | None = None, verb: str = "sync"
    ) -> bool:
        if source is not None:  # what has brought it here has been done
            return super().sync(version, source=source, verb=verb)
        self.real.file("production.compose.yaml", PRODUCTION.format(number=self.numbers[version]))
        ended = self.devenv("sync", "--yes", *(["--from-current"] if from_current else []))
        done = super().sync(version, from_current=from_current)
        assert ended.code == (0 if done else 5), ended
        return done

    def try_(self, version: str, *, adopt: bool) -> bool:
        ended = self.devenv("try", f"cache@{self.numbers[version]}", "--adopt" if adopt else "--discard")
        done = super().try_(version, adopt=adopt)
        assert ended.code == (0 if done else 6), ended
        return done

    def rollback(self) -> bool:
        ended = self.devenv("sync", "--rollback", "--yes")
        undone = super().rollback()
        assert ended.code == (0 if undone else 6), ended
        return undone

    def reset(self) -> None:
        well(self.devenv("reset", "cache"))
        super().reset()

    def snapshot(self) -> bool:
        ended = self.devenv("snapshot", "create")
        made = super().snapshot()
        assert ended.code == (0 if made else 1), ended
        return made

    def restore(self, number: int) -> bool:
        found = names(self.real)
        name = found[number % len(found)][0] if found else "none"
        ended = self.devenv("snapshot", "restore", "--yes", name)
        done = super().restore(number)
        assert (ended.code == 0) is done, ended
        return done

    def check(self) -> None:
        super().check()
        written = (self.real.root / ".devenv" / ".env").read_text()
        data, _, generation = self.open.removeprefix("shop_").partition("-g")
        line = f"{generation_variable(data)}=-g{generation}\n"
        assert not generation or line in written, "plain docker compose would open other data"
        found = [item["version"].partition(".")[0] for item in listed(self.real)]
        assert found == [item.version.partition(".")[0] for item in self.look()[1].snapshots]


MANIFEST = f"""\
[environments.production]
sources = [{{{{ path = "production.compose.yaml" }}}}]

[services.cache]
kind = "redis"
version = "{{number}}"
port = {PORT}
"""
PRODUCTION = "services: {{cache: {{image: 'redis:{number}'}}}}\n"


#: Chosen so that most of what can be done is done, and a few refusals are met.
SEED = 324


def test_a_history_on_a_real_server(project: Make, standins: tuple[Standin, ...], tmp_path: Path) -> None:
    numbers = {OLD: version(standins, "redis", "7.0"), NEW: version(standins, "redis", "8.0")}
    checkout = Real(tmp_path, project(""), numbers)
    for step in history(SEED):
        act(checkout, step)
        checkout.check()


def history(seed: int) -> list[str | int]:
    choices: list[str | int] = [*ACTS, 0, 1, 2]
    return ["up", *random.Random(seed).choices(choices, k=9)]


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
    up = well(devenv(cache.project, "up", "-j"))
    assert "'devenv sync --from-current cache' moves that to" in up.err
    (older,) = up.document["older_data"]
    assert (older["left"]["format"], older["command"]) == ("7.0", "devenv sync --from-current cache")
    assert cache.got() == "old"
    cache.devenv("sync --yes --from-current cache")
    assert cache.got() == "NEW"
