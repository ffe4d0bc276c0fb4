"""Killed at any moment, an upgrade is finished or taken back by the next devenv, and nothing is lost."""

from __future__ import annotations

import pytest
import redis

from tests.engine.conftest import Make, Standin
from tests.engine.project import Project, docker
from tests.engine.running import devenv, volumes, well
from tests.engine.upgrading import census, killed, version

MANIFEST = '[services.cache]\nkind = "redis"\nversion = "{version}"\n[services.cache.settings]\nsave = ""\n'
KEYS = {f"key {n}": f"value {n}" for n in range(500)}


def read(own: Project) -> dict[str, str]:
    with redis.Redis.from_url(own.url("cache"), decode_responses=True) as client:
        return {str(key): str(client.get(key)) for key in client.scan_iter()}


@pytest.fixture
def own(project: Make, standins: tuple[Standin, ...]) -> Project:
    """Data of Redis 7.0 that only a save keeps, and a manifest that wants 8.0."""
    made = project(MANIFEST.format(version=version(standins, "redis", "7.0")).replace('save = ""', "appendonly = true"))
    made.up()
    with redis.Redis.from_url(made.url("cache")) as client:
        client.mset(KEYS)
    return made


def test_killed_at_any_moment(own: Project, standins: tuple[Standin, ...], capsys: pytest.CaptureFixture[str]) -> None:
    old, new = version(standins, "redis", "7.0"), version(standins, "redis", "8.0")
    manifest = (own.root / "devenv.toml").read_text()
    points = 0
    outcomes = set()
    for moment in range(1000):
        (own.root / "devenv.toml").write_text(manifest.replace(old, new))
        was_killed, said = killed(own, moment, "sync", "--yes")
        if not was_killed:
            break
        points += 1
        ended = well(devenv(own, "sync", "--yes"))
        outcomes.add(
            next((line.split(";")[-1].strip() for line in ended.err.splitlines() if "interrupted" in line), "")
        )
        own.up()
        assert read(own) == KEYS, (moment, said, ended.err)
        assert own.plan()["cache"].startswith("keep"), (moment, ended.err)
        before, after = census(own, "cache")
        assert before == after
        left = docker("ps", "--all", "--format", "{{.Names}}", "--filter", f"name={own.name}-upgrade")
        assert left == "", (moment, left)
        assert not [name for name in volumes(own) if "upgrade" in name]
        back(own, manifest)
    assert points > 20
    assert len(outcomes) >= 2, outcomes  # some were taken back, some were finished
    with capsys.disabled():
        print(f"\n{points} kill points, all survived")


def back(own: Project, manifest: str) -> None:
    """As before the upgrade, on the old data."""
    (own.root / "devenv.toml").write_text(manifest)
    own.up()
    assert read(own) == KEYS
    (generations,) = (own.root / "state" / "projects").glob("*/generations.json")
    generations.unlink(missing_ok=True)
    gone = [name for name in volumes(own) if "8.0" in name]
    docker("volume", "rm", *gone)
    (own.root / ".devenv" / ".env").unlink()
