"""Killed at any moment, an upgrade is finished or taken back by the next devenv, and nothing is lost."""

from __future__ import annotations

import itertools
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from tests.engine.conftest import Make, Standin
from tests.engine.project import Project, docker, own_port
from tests.engine.running import devenv, running, volumes, well
from tests.engine.upgrading import census, journal, killed, on_its_own_port, version, workbenches

MANIFEST = '[services.cache]\nkind = "redis"\nversion = "{version}"\n[services.cache.settings]\nappendonly = true\n'
KEYS = {f"key {n}": f"value {n}" for n in range(500)}
#: So many upgrades are killed side by side: most of the time they wait for containers.
AT_ONCE = 3


def read(url: str) -> dict[str, str]:
    """All keys, as soon as the server listens: whoever only takes back does not wait for it."""
    listens = Retry(ConstantBackoff(0.1), 100)
    with redis.Redis.from_url(url, decode_responses=True, retry=listens) as client:
        return {str(key): str(client.get(key)) for key in client.scan_iter()}


class Victim:
    """A project with data of Redis 7.0 that wants 8.0, and goes back to that state."""

    def __init__(self, own: Project, old: str, new: str) -> None:
        self.own, self.old, self.new = own, old, new
        manifest = on_its_own_port(MANIFEST)
        own.write(manifest.format(version=old))
        own.up()
        self.url = own.url("cache")
        with redis.Redis.from_url(self.url) as client:
            client.mset(KEYS)
        self.volumes = volumes(own)
        own.write(manifest.format(version=new))
        self._saved = own.root.with_name(f"{own.root.name}-saved")
        shutil.copytree(own.root, self._saved)

    def survives(self, moment: int, *, wholly: bool) -> str:
        """Die at a moment, run devenv once, and look; "" if there is no such moment, else how it was mended."""
        was_killed, _ = killed(self.own, moment, "sync", "--yes")
        if not was_killed:
            return ""
        left = journal(self.own)
        switched = not left or '"switch"' in left
        if switched or wholly:
            ended = well(devenv(self.own, "sync", "--yes"))
        else:  # nobody says yes, so what is taken back is all that it does
            ended = devenv(self.own, "sync")
            assert (ended.code, "confirmation needed, but there is no terminal" in ended.err) == (6, True), (
                moment,
                ended,
            )
        told = next((line for line in ended.err.splitlines() if "interrupted" in line), "")
        assert read(self.url) == KEYS, (moment, ended)
        with redis.Redis.from_url(self.url) as client:
            runs = client.info("server")["redis_version"]
        assert (runs == self.new) == (switched or wholly), (moment, runs, ended)
        assert workbenches(self.own) == "", (moment, ended)
        assert journal(self.own) == ""
        if switched or wholly:
            before, after = census(self.own, "cache")
            assert before == after
            assert before.count("\n") > 1
            assert "nothing to do" in well(devenv(self.own, "sync")).err, moment
            assert self.volumes < volumes(self.own)  # the old data is kept
            self._back()
        else:
            assert volumes(self.own) == self.volumes, (moment, ended)
        return told.partition("; ")[2] if "taken back" in told else told.rpartition("; ")[2] or "nothing"

    def _back(self) -> None:
        """As before the upgrade, on the old data, which nobody touched."""
        docker("rm", "--force", self.own.container("cache"))
        docker("volume", "rm", *(volumes(self.own) - self.volumes))
        shutil.rmtree(self.own.root)
        shutil.copytree(self._saved, self.own.root)
        manifest = self.own.root / "devenv.toml"
        text = manifest.read_text()
        manifest.write_text(text.replace(self.new, self.old))
        self.own.up()
        assert read(self.url) == KEYS
        manifest.write_text(text)


@pytest.fixture
def victims(project: Make, standins: tuple[Standin, ...]) -> Iterator[list[Victim]]:
    old, new = version(standins, "redis", "7.0"), version(standins, "redis", "8.0")
    yield [Victim(project(""), old, new) for _ in range(AT_ONCE)]


def test_killed_at_any_moment(victims: list[Victim], record_property: Callable[[str, object], None]) -> None:
    moments = itertools.count()
    outcomes: dict[int, str] = {}

    def kill(victim: Victim) -> None:
        for moment in moments:
            try:
                outcomes[moment] = victim.survives(moment, wholly=moment % 4 == 2)
            except redis.ConnectionError as error:
                raise AssertionError(f"nobody serves after moment {moment}") from error
            if not outcomes[moment]:
                return

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(kill, victims))
    points = sorted(moment for moment, outcome in outcomes.items() if outcome)
    found = set(outcomes.values()) - {""}
    record_property("told", f"{len(points)} kill points, all survived: {', '.join(sorted(found))}")
    assert points == list(range(len(points)))
    assert len(points) > 20
    assert len(found) >= 2, found  # some were taken back, some were finished


def test_what_was_stopped_meanwhile_stays_so(project: Make, standins: tuple[Standin, ...]) -> None:
    """What ran before a killed upgrade runs again after it, unless somebody says otherwise."""
    victim = Victim(project(""), version(standins, "redis", "7.0"), version(standins, "redis", "8.0"))
    assert killed(victim.own, 'after journal {"switch"', "sync", "--yes")[0]
    assert "it is now complete" in well(devenv(victim.own, "stop")).err
    well(devenv(victim.own, "sync", "--yes"))
    assert running(victim.own) == set()
    victim.own.up()
    assert read(victim.url) == KEYS


PAIR = """\
[services.db]
kind = "postgres"
version = "{postgres}"
port = {db_port}
[services.cache]
kind = "redis"
version = "{redis}"
port = {cache_port}
[services.cache.settings]
appendonly = true
"""
#: Of a run that moves both at once, in words of ``mortal.py``; from the last one on it is to be finished.
PAIR_MOMENTS = (
    'before journal {"begin": 0, .*"db"',
    'after journal {"do": "copy", "done": 1, .*"db"',
    'after journal {"begin": 7, "do": "run", .*"db"@0.3',
    'after journal {"do": "census", "done": 11, .*"db"',
    'before journal {"switch"',
    'after journal {"switch"',
)


def counted(url: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return list(connection.execute(b"SELECT count(*), sum(hashtext(body)) FROM app"))


def test_two_services_killed_at_once(
    project: Make, standins: tuple[Standin, ...], record_property: Callable[[str, object], None]
) -> None:
    ports = {"db_port": own_port(), "cache_port": own_port()}

    def manifest(postgres: str, redis: str) -> str:
        return PAIR.format(
            **ports, postgres=version(standins, "postgres", postgres), redis=version(standins, "redis", redis)
        )

    own = project(manifest("15", "7.0"))
    own.up()
    url, made = own.url("cache"), own.url("db")
    with psycopg.connect(made) as connection:  # what devenv.toml knows is wrong from here on
        connection.execute(b"ALTER USER CURRENT_USER PASSWORD 'somebody''s own'")
    database = Project.as_user(made, "postgres", "somebody's own")
    with redis.Redis.from_url(url) as client:
        client.mset(KEYS)
    with psycopg.connect(database) as connection:
        connection.execute(b"CREATE TABLE app (id int, body text)")
        connection.execute(b"INSERT INTO app SELECT i, repeat(md5(i::text), 20) FROM generate_series(1, 20000) i")
    rows, there = counted(database), volumes(own)
    own.write(manifest("17", "8.0"))
    for moment in PAIR_MOMENTS:
        was_killed, said = killed(own, moment, "sync", "--yes")
        assert was_killed, (moment, said)
        switched = '"switch"' in journal(own)
        assert switched == (moment is PAIR_MOMENTS[-1])
        ended = devenv(own, "sync", *(["--yes"] if switched else []))
        assert ended.code == (0 if switched else 6), (moment, ended)
        assert ("it is now complete" if switched else "it is taken back, nothing is lost") in ended.err
        assert workbenches(own) == "", moment
        assert switched or volumes(own) == there
        assert read(url) == KEYS, moment
        # On the new version what devenv.toml says of the password comes true again.
        assert patiently(made if switched else database) == rows, moment
    for service in ("db", "cache"):
        before, after = census(own, service)
        assert before == after
        assert before.count("\n") > 1
    assert there < volumes(own)
    assert "nothing to do" in well(devenv(own, "sync")).err
    record_property("told", f"{len(PAIR_MOMENTS)} kill points of two services at once, all survived")


def patiently(database: str) -> list[tuple[object, ...]]:
    """What is counted as soon as the server lets people in."""
    for _ in range(200):
        try:
            return counted(database)
        except psycopg.OperationalError:
            time.sleep(0.1)
    return counted(database)
