"""What an engine of one's own can go through: it is killed in the middle of an upgrade, and all that it has is pruned.

devenv says what happened, and nothing is lost.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests.engine.conftest import Standin
from tests.engine.own_engine import OwnEngine, own_engine
from tests.engine.project import MIRROR, Project
from tests.engine.running import Ended, devenv, docker_that, well
from tests.engine.test_upgrade_faults import KEYS, MANIFEST, read
from tests.engine.upgrading import census, journal, on_its_own_port, version

#: The docker command before which the engine dies, and whether devenv is told to go on when it is back.
MOMENTS = {
    "before-the-copy": ('"run --rm --interactive "*', False),
    "before-a-census": ('"exec --interactive "*', False),
    "while-the-new-server-starts": ("*' up '*upgrade*|*upgrade*' up '*' new'*", True),
}

#: What a volume of the data of a Redis 7.0 is known by.
STAMP = {"service": "cache", "kind": "redis", "format": "7.0", "path": "/data"}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnEngine]:
    with own_engine(tmp_path_factory.mktemp("engine") / "own") as engine:
        yield engine


@pytest.fixture(scope="module")
def own(engine: OwnEngine, tmp_path_factory: pytest.TempPathFactory, standins: tuple[Standin, ...]) -> Project:
    """Data of Redis 7.0 on it, and a manifest that wants 8.0."""
    old, new = version(standins, "redis", "7.0"), version(standins, "redis", "8.0")
    made = Project(tmp_path_factory.mktemp("project"), "engine-killed")
    manifest = on_its_own_port(MANIFEST)
    made.write(manifest.format(version=old))
    for wanted in (old, new):
        engine.docker("pull", "--quiet", f"{MIRROR}/library/redis:{wanted}")
    well(devenv(made, "up", DOCKER_HOST=engine.host))
    with redis.Redis.from_url(url(made, engine)) as client:
        client.mset(KEYS)
    made.write(manifest.format(version=new))
    return made


def url(own: Project, engine: OwnEngine) -> str:
    return well(devenv(own, "url", "cache", DOCKER_HOST=engine.host)).out.strip()


@pytest.mark.parametrize("moment", MOMENTS)
def test_the_engine_is_killed(own: Project, engine: OwnEngine, moment: str, tmp_path: Path) -> None:
    pattern, goes_on = MOMENTS[moment]
    kills = f'kill -KILL "$(cat {engine.process_file})"; sleep 0.2'
    path = docker_that(tmp_path / "bin", f'case "$*" in {pattern}) first && {{ {kills}; }};; esac')
    ended = devenv(own, "sync", "--yes", PATH=path, DOCKER_HOST=engine.host)
    engine.is_dead()
    assert ended.code == 7, ended
    assert "the container engine" in ended.err
    assert "the upgrade of cache is taken back by the next devenv; nothing is lost" in ended.err
    assert "nothing was changed" not in ended.err
    still = devenv(own, "sync", "--yes", DOCKER_HOST=engine.host)
    assert (still.code, "does not answer" in still.err) == (7, True), still
    assert journal(own)

    engine.start()
    status = devenv(own, "status", DOCKER_HOST=engine.host)
    assert "the upgrade of cache was interrupted; what it left, containers too, is still there" in status.out
    again = devenv(own, "sync", *(["--yes"] if goes_on else []), DOCKER_HOST=engine.host)
    assert again.code == (0 if goes_on else 6), again
    assert "was interrupted; it is taken back, nothing is lost" in again.err
    assert read(url(own, engine)) == KEYS
    assert engine.docker("ps", "--all", "--quiet", "--filter", "label=devenv.workbench") == ""
    assert engine.docker("volume", "ls", "--quiet", "--filter", "label=devenv.workbench") == ""
    assert "upgrade" not in engine.docker("network", "ls")
    assert journal(own) == ""
    if goes_on:
        before, after = census(own, "cache")
        assert before == after
        assert before.count("\n") > 1


def test_no_prune_takes_data(engine: OwnEngine, own: Project, standins: tuple[Standin, ...], tmp_path: Path) -> None:
    """Engines before 23 prune all volumes that no container uses; only the data that devenv made is left."""
    made = Project(tmp_path, "engine-pruned")
    made.write(on_its_own_port(MANIFEST).format(version=version(standins, "redis", "7.0")))

    def run(words: str) -> Ended:
        return well(devenv(made, *words.split(), DOCKER_HOST=engine.host))

    run("up")
    with redis.Redis.from_url(url(made, engine)) as client:
        client.mset(KEYS)
        run("snapshot create -n gold")
        client.flushall()
        client.set("key", "live")
    run("down")
    plain = "engine-pruned_cache-redis-7.0-g9"
    stamp = [f"--label=devenv.{key}={value}" for key, value in STAMP.items()]
    engine.docker("volume", "create", "--label=com.docker.compose.project=engine-pruned", *stamp, plain)
    assert f"'docker volume prune' would remove data of this project: {plain}\n" in run("doctor").out

    pruned = engine.docker("volume", "prune", "--force")
    assert plain in pruned
    assert pruned.count("engine-pruned") == 1
    run("up")
    assert read(url(made, engine)) == {"key": "live"}
    run("snapshot restore gold --yes")
    assert read(url(made, engine)) == KEYS

    run("down")
    engine.moves_to(engine.folder / "another-root")  # what volumes are bound to is missing now
    status = devenv(made, "status", "--exit-code", DOCKER_HOST=engine.host)
    assert (status.code, "cache: the engine's data folder was moved: volume " in status.out) == (3, True), status
    run("up")
    assert read(url(made, engine)) == KEYS
    run("snapshot restore before-gold --yes")
    assert read(url(made, engine)) == {"key": "live"}
    run("down")
    gold = next(item for item in json.loads(run("snapshot list -j").out)["snapshots"] if item["name"] == "gold")
    former = engine.folder / "root" / "volumes" / next(iter(gold["volumes"].values())) / "_data"
    former.mkdir(parents=True)  # as if the data folder had been copied
    refused = devenv(made, "snapshot", "restore", "gold", "--yes", DOCKER_HOST=engine.host)
    assert (refused.code, "is in two folders: the engine keeps it in" in refused.err) == (6, True), refused
