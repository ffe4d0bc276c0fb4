"""The contract of the official postgres image."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.images.containers import SLOW_SCRIPT, Run, docker, images, wait_until

pytestmark = pytest.mark.engine


def psql(host: str, *, user: str = "app", database: str = "shop", sql: str = "select 1") -> tuple[str, ...]:
    where = ("-h", host) if host else ()
    return ("psql", *where, "-U", user, "-d", database, "-Atqc", sql)


POSTGRES_ENV = ("-e", "POSTGRES_PASSWORD=secret", "-e", "POSTGRES_USER=app", "-e", "POSTGRES_DB=shop")


@pytest.mark.parametrize("image", images("postgres"))
def test_postgres_is_not_reachable_over_tcp_before_its_scripts_ran(create: Run, image: str, tmp_path: Path) -> None:
    db = create(image, *POSTGRES_ENV, command=("-c", "max_connections=42"))
    db.copy("/docker-entrypoint-initdb.d/1.sh", SLOW_SCRIPT, tmp_path)
    db.copy("/docker-entrypoint-initdb.d/2.sql", "create table t (id int);", tmp_path)
    db.start()
    wait_until(lambda: db.answers(*psql("")))
    assert not db.answers(*psql("127.0.0.1"))
    wait_until(lambda: db.answers(*psql("127.0.0.1")))
    assert db.says(*psql("127.0.0.1", sql="select count(*) from t")) == "0"
    assert db.says(*psql("", sql="show max_connections")) == "42"
    assert db.says(*psql("", sql="select collname from pg_collation where collname = 'en_US.utf8'")) == "en_US.utf8"
    assert db.uid() == 999
    # Only the loopback addresses need no password.
    address = db.says("hostname", "-i")
    assert not db.answers("env", "PGPASSWORD=wrong", *psql(address))
    assert db.answers("env", "PGPASSWORD=secret", *psql(address))
    db.stop()
    assert db.exit_code() == 0
    assert "received fast shutdown request" in db.logs()
    assert db.logs().rstrip().endswith("database system is shut down")


@pytest.mark.parametrize("image", images("postgres", starts="15"))
def test_postgres_needs_a_password_and_ignores_it_later(run: Run, image: str, volume: str) -> None:
    without = run(image)
    assert without.exit_code() == 1
    assert "superuser password is not specified" in without.logs()
    mount = ("-v", f"{volume}:/var/lib/postgresql/data")
    first = run(image, *POSTGRES_ENV, *mount)
    wait_until(lambda: first.answers(*psql("127.0.0.1")))
    first.stop()
    second = run(image, "-e", "POSTGRES_PASSWORD=other", "-e", "POSTGRES_USER=other", *mount)
    wait_until(lambda: second.answers(*psql("127.0.0.1")))
    assert "Skipping initialization" in second.logs()
    assert not second.answers(*psql("", user="other", database="other"))
    assert second.answers("env", "PGPASSWORD=secret", *psql(second.says("hostname", "-i")))


@pytest.mark.parametrize("image", images("postgres", starts="18"))
def test_postgres_18_refuses_the_old_layout(run: Run, image: str, volume: str) -> None:
    unused = run(image, *POSTGRES_ENV, "-v", f"{volume}:/var/lib/postgresql/data")
    assert unused.exit_code() == 1
    assert "/var/lib/postgresql/data (unused mount/volume)" in unused.logs()
    older = ("-e", "PGDATA=/var/lib/postgresql/data", "-v", f"{volume}:/var/lib/postgresql")
    db = run(image, *POSTGRES_ENV, *older)
    wait_until(lambda: db.answers(*psql("127.0.0.1")))
    db.stop()
    refused = run(image, *POSTGRES_ENV, "-v", f"{volume}:/var/lib/postgresql")
    assert refused.exit_code() == 1
    assert "in 18+, these Docker images are configured" in refused.logs()


@pytest.mark.parametrize("image", images("postgres", starts="17"))
def test_postgres_takes_extensions_from_apt(run: Run, image: str) -> None:
    recipe = (
        f"FROM {image}\nRUN apt-get update && apt-get install -y --no-install-recommends postgresql-$PG_MAJOR-pgvector"
    )
    derived = docker("build", "--quiet", "-", stdin=recipe).stdout.split()[-1]
    try:
        db = run(derived, *POSTGRES_ENV)
        wait_until(lambda: db.answers(*psql("127.0.0.1")))
        assert db.says(*psql("", sql="create extension vector; select '[1,2]'::vector")) == "[1,2]"
    finally:
        docker("rm", "--force", "--volumes", db.id)
        docker("image", "rm", derived)
