"""[seed]: fresh data filled from files of every sort, once."""

from __future__ import annotations

import gzip
import json
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.engine import clients
from tests.engine.conftest import Make
from tests.engine.project import Project, docker, own_port
from tests.engine.running import devenv, docker_that, well

#: Nobody else's ports: tests in other processes want the standard ones.
POSTGRES = f'[services.db]\nkind = "postgres"\nversion = "15.20"\ndatabases = ["app"]\nport = {own_port()}\n'
REDIS = f'[services.cache]\nkind = "redis"\nversion = "7.0.15"\nport = {own_port()}\n'
RABBITMQ = f'[services.queue]\nkind = "rabbitmq"\nversion = "3.10.8"\nplugins = []\nport = {own_port()}\n'
ENV = '[env]\nDATABASE_URL = "{{ services.db.url }}"\n'


def count(project: Project) -> Any:
    return clients.postgres(project.url("db"), "SELECT count(*) FROM t")


def test_up_and_sync_fill_what_was_made_once(project: Make) -> None:
    command = '{ command = ["sh", "-c", "echo $DATABASE_URL > said"] }'
    made = project(
        f'{POSTGRES}{REDIS}{ENV}[seed]\ndb = ["seed/*.sql", "more.sql.gz", {command}]\ncache = ["c.redis"]\n'
    )
    made.file("seed/1.sql", "CREATE TABLE t (a int);\n")
    made.file("seed/2.sql", "INSERT INTO t SELECT generate_series(1, 10);\n")
    (made.root / "more.sql.gz").write_bytes(gzip.compress(b"INSERT INTO t VALUES (11);\n"))
    made.file("c.redis", "SET a 1\n")
    assert devenv(made, "up", "--wait-timeout", "0").code == 4
    sync = well(devenv(made, "sync", "--no-read", "--yes", "db"))
    assert "+ fill db: seed/*.sql, more.sql.gz" in sync.err
    assert "filling db: seed/*.sql" in sync.err
    assert "nothing to do" in well(devenv(made, "sync", "--no-read", "--yes", "db")).err
    assert "filling cache: c.redis" in well(devenv(made, "up")).err
    assert (count(made), (made.root / "said").read_text()) == (11, made.url("db") + "\n")
    well(devenv(made, "down"))
    assert "filling" not in well(devenv(made, "up")).err
    assert count(made) == 11
    clients.postgres(made.url("db"), "INSERT INTO t VALUES (12)")
    refused = devenv(made, "seed", "db")
    assert (refused.code, "devenv seed --yes db" in refused.err, count(made)) == (6, True, 12)
    seeded = well(devenv(made, "seed", "-y", "db"))
    assert "what db had is kept: devenv snapshot restore db-before-seed" in seeded.err
    assert count(made) == 11
    well(devenv(made, "snapshot", "restore", "-y", "db-before-seed"))
    assert count(made) == 12


def test_dumps_definitions_and_other_servers_files(project: Make) -> None:
    source = project(POSTGRES + REDIS)
    well(devenv(source, "up"))
    clients.postgres(source.url("db"), "CREATE TABLE t (a int)", "INSERT INTO t SELECT generate_series(1, 7)")
    clients.redis_write(source.url("cache"))
    made = project(
        f'{POSTGRES}{REDIS}{RABBITMQ}[seed]\ndb = ["t.dump"]\ncache = ["d.rdb"]\nqueue = ["definitions.json"]\n'
    )
    db, cache = source.container("db"), source.container("cache")
    docker("exec", db, "pg_dump", "-U", "postgres", "-d", "app", "-Fc", "-f", "/tmp/t.dump")
    docker("cp", f"{db}:/tmp/t.dump", str(made.root / "t.dump"))
    docker("exec", cache, "redis-cli", "save")
    docker("cp", f"{cache}:/data/dump.rdb", str(made.root / "d.rdb"))
    queue = {"name": clients.KEY, "vhost": "/", "durable": True, "auto_delete": False, "arguments": {}}
    stranger = {"name": "devenv", "password": "another", "tags": "administrator"}  # the application's own user
    made.file("definitions.json", json.dumps({"queues": [queue], "users": [stranger]}))
    seeded = well(devenv(made, "up"))
    assert "queue: was missing, and is made again: login of user devenv to virtual host /" in seeded.err
    assert (count(made), clients.redis_read(made.url("cache"))) == (7, clients.VALUE)
    with clients.rabbitmq(made.url("queue")) as connection:
        connection.channel().queue_declare(clients.KEY, passive=True)
    docker("exec", db, "pg_dump", "-U", "postgres", "-d", "app", "-Fd", "-f", "/tmp/folder")
    docker("cp", f"{db}:/tmp/folder", str(made.root / "folder"))
    made.write(f'{POSTGRES}{REDIS}{RABBITMQ}[seed]\ndb = ["folder/"]\n')
    well(devenv(made, "seed", "-y"))
    assert count(made) == 7


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("bad.sql", "CREATE TABLE t (a int);\nNONSENSE;\n", "syntax error"),
        ("bad.redis", "SET a 1\nNONSENSE 1\n", "unknown command"),
        ("bad.sql.gz", "no gzip", "not in gzip format"),
    ],
)
def test_what_fails_is_told_and_done_anew(project: Make, file: str, text: str, said: str) -> None:
    name, service = ("cache", REDIS) if "redis" in file else ("db", POSTGRES)
    hooks = '[hooks]\npost_up = ["touch hooked"]\n'
    made = project(f'{service}[seed]\n{name} = ["{file}"]\n{hooks}')
    missing = devenv(made, "up")
    assert (missing.code, f"file {file} not found" in missing.err) == (2, True)
    made.file(file, text)
    failed = devenv(made, "up")
    assert (failed.code, said in failed.err) == (1, True), failed
    assert f"the services are up; 'devenv seed {name}' fills it anew" in failed.err
    half = f"{name}: its data is half filled: [seed] did not come to its end"
    for words in (("up",), ("status", "--exit-code"), ("behind", "--exit-code")):
        ended = devenv(made, *words)
        assert (ended.code, half in ended.out + ended.err) == (1 if words == ("up",) else 3, True), ended
        assert f"devenv seed {name}" in ended.err
    if name == "cache":  # a copy of it is no better
        well(devenv(made, "snapshot", "create", "-n", "half"))
        well(devenv(made, "snapshot", "restore", "-y", "half"))
        assert (devenv(made, "status", "--exit-code").code, devenv(made, "up").code) == (3, 1)
    assert not (made.root / "hooked").exists()
    good = "CREATE TABLE t (a int);\n" if name == "db" else "SET a 1\n"
    (made.root / file).write_bytes(gzip.compress(good.encode()) if file.endswith(".gz") else good.encode())
    well(devenv(made, "seed", "-y", name))
    assert "did not come to its end" not in well(devenv(made, "up")).err
    assert (made.root / "hooked").exists()


def test_killed_while_it_is_filled(project: Make, tmp_path: Path) -> None:
    """Half of it is never taken for all."""
    made = project(f'{POSTGRES}[seed]\ndb = ["a.sql"]\n')
    made.file("a.sql", "CREATE TABLE t (a int);\nINSERT INTO t SELECT generate_series(1, 10);\n")
    path = docker_that(tmp_path / "bin", "case \"$*\" in *'--output /dev/null'*) kill -KILL $PPID;; esac")
    assert devenv(made, "up", PATH=path).code == -signal.SIGKILL
    later = devenv(made, "up")
    assert (later.code, "db: its data is half filled" in later.err, "devenv seed db" in later.err) == (1, True, True)
    well(devenv(made, "seed", "-y", "db"))
    assert count(made) == 10


def test_without_any(project: Make) -> None:
    made = project(REDIS)
    none = devenv(made, "seed")
    assert (none.code, "there is no [seed] in devenv.toml" in none.err) == (2, True)


def test_what_somebody_exported_is_what_a_colleague_begins_with(project: Make) -> None:
    source = project(POSTGRES + REDIS)
    well(devenv(source, "up"))
    clients.postgres(source.url("db"), "CREATE TABLE t (a int)", "INSERT INTO t SELECT generate_series(1, 7)")
    clients.redis_write(source.url("cache"))
    seeds = '[seed]\ndb = ["team.devenv.tar", "more.sql"]\ncache = ["team.devenv.tar"]\n'
    made = project(f"{POSTGRES.replace('15.20', '17.12')}{REDIS}{seeds}")
    made.file("more.sql", "INSERT INTO t VALUES (8);\n")
    well(devenv(source, "snapshot", "export", str(made.root / "team.devenv.tar")))
    well(devenv(made, "up"))
    assert (count(made), clients.redis_read(made.url("cache"))) == (8, clients.VALUE)
    assert clients.postgres_version(made.url("db")) == "17.12"
    assert devenv(made, "snapshot", "list", "-j").document["snapshots"] == []
    assert "nothing to do" in well(devenv(made, "up")).err
    well(devenv(made, "seed", "-y", "db"))
    assert count(made) == 8
