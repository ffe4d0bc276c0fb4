"""What can go wrong with an upgrade: each said in words that help, the project on its old version, the data as it was."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from tests.engine.conftest import Standin, projects
from tests.engine.project import Project, docker
from tests.engine.running import Ended, Forwarder, Running, devenv, docker_that, volumes, well
from tests.engine.test_upgrade_faults import KEYS, read
from tests.engine.upgrading import journal, on_its_own_port, version, workbenches

CACHE = '[services.cache]\nkind = "redis"\nversion = "{version}"\n[services.cache.settings]\nappendonly = true\n'
DB = '[services.db]\nkind = "postgres"\nversion = "{version}"\n[services.db.settings]\nmax_wal_size = "1GB"\n{more}'
#: MB of rows that no dump makes small.
ROWS = 24


class Kept:
    """A project that is to be upgraded and never is: whatever is tried, all of it stays as it is."""

    def __init__(self, own: Project, manifest: str, service: str, old: str, new: str) -> None:
        self.own, self.service, self.old, self.new = own, service, old, new
        self.manifest = on_its_own_port(manifest)
        own.write(self.manifest.format(version=old, more=""))
        own.up()
        self.url = own.url(service)

    def filled(self) -> None:
        self.volumes = volumes(self.own)
        self.container = self.own.container(self.service)

    def sync(self, *, more: str = "", **environment: str) -> Ended:
        """The upgrade. The manifest is the new one only while it is tried."""
        self.own.write(self.manifest.format(version=self.new, more=more))
        try:
            return devenv(self.own, "sync", "--yes", **environment)
        finally:
            self.own.write(self.manifest.format(version=self.old, more=""))

    def refused(self, ended: Ended, *words: str, code: int = 1) -> None:
        """It ended so, said these words and where its log is, and nothing is other than before."""
        assert ended.code == code, ended
        for text in words:
            assert text in ended.err, ended.err
        if code == 1:
            assert f"{self.service} is as before, with all data" in ended.err
            log = re.search(r"Full log: (.*/log)$", ended.err, re.MULTILINE)
            assert log, ended.err
            assert Path(log[1]).is_file()
        self.unharmed()

    def unharmed(self) -> None:
        assert self.own.container(self.service) == self.container  # the same one runs again
        assert volumes(self.own) == self.volumes
        assert workbenches(self.own) == ""
        assert journal(self.own) == ""
        assert self.own.plan()[self.service] == "keep: is as devenv.toml says"
        if self.service == "cache":
            assert read(self.url) == KEYS
        else:
            assert rows(self.url, COUNT) == self.counted


def rows(url: str, *statements: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements[:-1]:
            connection.execute(statement.encode())
        done = connection.execute(statements[-1].encode())
        return list(done) if done.description else []


COUNT = "SELECT count(*), sum(hashtext(body)) FROM app"


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory, standins: tuple[Standin, ...]) -> Iterator[Kept]:
    with projects(tmp_path_factory) as make:
        old, new = version(standins, "redis", "7.0"), version(standins, "redis", "8.0")
        kept = Kept(make(""), CACHE, "cache", old, new)
        with redis.Redis.from_url(kept.url) as client:
            client.mset(KEYS)
        kept.filled()
        yield kept


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory, standins: tuple[Standin, ...]) -> Iterator[Kept]:
    with projects(tmp_path_factory) as make:
        old, new = version(standins, "postgres", "15"), version(standins, "postgres", "17")
        kept = Kept(make(""), DB, "db", old, new)
        made = "SELECT i, repeat(md5(i::text), 32) FROM generate_series(1, 1024 * {}) i"
        rows(
            kept.url,
            "CREATE TABLE app (id int, body text)",
            "ALTER TABLE app ALTER body SET STORAGE EXTERNAL",
            f"INSERT INTO app {made.format(ROWS)}",
            "CHECKPOINT",
        )
        kept.counted = rows(kept.url, COUNT)
        kept.filled()
        yield kept


def small(folder: Path, volume: str, size: str) -> str:
    """A PATH on which the volume that a pattern of the shell finds is a file system of this size: of options that are
    given twice, the engine takes the last."""
    options = f'--driver local --opt type=tmpfs --opt device=tmpfs --opt "o=size={size}"'
    return docker_that(
        folder / "bin",
        f'case "$*" in "volume create"*{volume}) exec "$real" "$@" {options};; esac',
    )


def test_the_disk_is_full_in_the_copy(cache: Kept, tmp_path: Path) -> None:
    ended = cache.sync(PATH=small(tmp_path, "_cache-redis-8.0*", "8k"))
    cache.refused(ended, "copying", "the disk is full", "make room there, then run it again")


@pytest.mark.parametrize(
    ("step", "volume", "size"),
    [("dump", "_dump", "16m"), ("wait for .*", "_db-postgres-17*", "50m"), ("restore", "_db-postgres-17*", "85m")],
)
def test_the_disk_is_full(db: Kept, step: str, volume: str, size: str, tmp_path: Path) -> None:
    ended = db.sync(PATH=small(tmp_path, volume, size))
    assert re.search(f"{step}: the disk is full$", ended.err, re.MULTILINE), ended.err
    db.refused(ended, "make room there, then run it again")


def test_an_image_that_vanishes(cache: Kept, tmp_path: Path) -> None:
    """Over TCP every question goes through the CLI, which here does not know the image and cannot fetch it."""
    lies = (
        'case "$*" in "image ls "*) "$real" "$@" | grep -v "library/redis"; exit 0;; '
        '*"image pull "*) echo "Error response from daemon: manifest unknown: manifest unknown" >&2; exit 1;; esac'
    )
    with Forwarder() as forwarder:
        ended = cache.sync(PATH=docker_that(tmp_path / "bin", lies), DOCKER_HOST=forwarder.address)
    cache.refused(ended, "the registry no longer has that image", "devenv lock --update")


def test_a_server_that_never_comes_up(db: Kept) -> None:
    """A value that only the server can refuse."""
    ended = db.sync(more='log_timezone = "Nowhere/Else"\n')
    db.refused(ended, 'invalid value for parameter "log_timezone": "Nowhere/Else"', "exited with code")


def test_a_census_that_differs(cache: Kept, tmp_path: Path) -> None:
    """Somebody writes to the new server before it is counted."""
    writes = (
        'case "$*" in "exec --interactive "*) case "$("$real" inspect --format "{{.Name}}" "$3")" in '
        '*-upgrade-cache-new-1) first && "$real" exec "$3" redis-cli set "key 7" other >/dev/null;; esac;; esac'
    )
    ended = cache.sync(PATH=docker_that(tmp_path / "bin", writes))
    cache.refused(ended, "what is there after the move is not what was there before", "database 0: string: 500 ")


def test_nobody_is_let_in(db: Kept) -> None:
    """A pg_hba.conf that asks for a password on the socket too, and a password that devenv.toml does not know."""
    path = str(rows(db.url, "SHOW hba_file")[0][0])
    inside = ("exec", db.container, "sh", "-c")
    docker(*inside, f"cp -p {path} {path}.kept && sed -i 's/^local.*/local all all scram-sha-256/' {path}")
    try:
        db.refused(db.sync(), "give functions a search_path: ", "pg_hba.conf lets nobody in", "local all all trust")
    finally:
        docker(*inside, f"cp -p {path}.kept {path} && rm {path}.kept")
        rows(db.url, "SELECT pg_reload_conf()")


@pytest.mark.parametrize("step", ["run --rm --interactive", "exec --interactive", "rm --force --volumes"])
def test_interrupted(cache: Kept, step: str, tmp_path: Path) -> None:
    path = docker_that(tmp_path / "bin", f'case "$*" in "{step} "*) first && {{ kill -INT $PPID; sleep 0.3; }};; esac')
    ended = cache.sync(PATH=path)
    cache.refused(ended, "interrupted", code=130)


def test_its_port_is_taken_meanwhile(tmp_path_factory: pytest.TempPathFactory, standins: tuple[Standin, ...]) -> None:
    """A port is nobody's while what listened there is moved."""
    with projects(tmp_path_factory) as make:
        manifest = on_its_own_port(CACHE)
        own = make(manifest.format(version=version(standins, "redis", "7.0")))
        own.up()
        with redis.Redis.from_url(own.url("cache")) as client:
            client.mset(KEYS)
        port = int(own.url("cache", "port"))
        own.write(manifest.format(version=version(standins, "redis", "8.0")))
        sync = Running(own, "sync", "--yes")
        docker("wait", own.container("cache"))
        with socket.create_server(("127.0.0.1", port)):
            well(sync.end())
        assert int(own.url("cache", "port")) != port
        assert read(own.url("cache")) == KEYS
        assert "nothing to do" in well(devenv(own, "sync")).err


def test_two_at_once(tmp_path_factory: pytest.TempPathFactory, standins: tuple[Standin, ...], tmp_path: Path) -> None:
    """The second one says whom it waits for, and then finds nothing to do."""
    with projects(tmp_path_factory) as make:
        manifest = on_its_own_port(CACHE)
        own = make(manifest.format(version=version(standins, "redis", "7.0")))
        own.up()
        with redis.Redis.from_url(own.url("cache")) as client:
            client.mset(KEYS)
        own.write(manifest.format(version=version(standins, "redis", "8.0")))
        waits = f'case "$*" in "exec --interactive "*) until [ -e {tmp_path}/go ]; do sleep 0.1; done;; esac'
        first = Running(own, "sync", "--yes", PATH=docker_that(tmp_path / "bin", waits))
        first.says("upgrade cache")
        second = Running(own, "sync", "--yes")
        second.says(f"devenv sync (process {first.child.pid}) is at work here; waiting for it to end")
        (tmp_path / "go").touch()
        assert "nothing is missing" in well(first.end()).err
        assert "nothing to do" in well(second.end()).err
        assert read(own.url("cache")) == KEYS
        assert workbenches(own) == ""
