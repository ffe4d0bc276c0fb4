"""The contract of the mariadb and mysql images."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.images.containers import SLOW_SCRIPT, Run, images, wait_until

pytestmark = pytest.mark.engine


@pytest.mark.parametrize("image", images("mariadb"))
def test_mariadb_is_not_reachable_over_tcp_before_its_scripts_ran(create: Run, image: str, tmp_path: Path) -> None:
    names = ("DATABASE=shop", "USER=app", "PASSWORD=secret", "ROOT_PASSWORD=it's root")
    options = tuple(word for name in names for word in ("-e", f"MARIADB_{name}"))
    db = create(image, *options, command=("--max-connections=42",))
    db.copy("/docker-entrypoint-initdb.d/1.sh", SLOW_SCRIPT, tmp_path)
    db.copy("/docker-entrypoint-initdb.d/2.sql", "create table t (id int);", tmp_path)
    db.start()
    app = ("mariadb", "-uapp", "-psecret", "shop", "-N", "-e")
    healthy = ("healthcheck.sh", "--connect", "--innodb_initialized")
    wait_until(lambda: db.answers(*app, "select 1"))
    assert not db.answers(*app[:1], "-h127.0.0.1", *app[1:], "select 1")
    assert not db.answers(*healthy)
    wait_until(lambda: db.answers(*healthy))
    assert (
        db.says(*app[:1], "-h127.0.0.1", *app[1:], "select @@max_connections from t right join (select 1) o on 1")
        == "42"
    )
    assert (
        db.says("env", "MYSQL_PWD=it's root", "mariadb", "-N", "-e", "select count(*) > 100 from mysql.time_zone")
        == "1"
    )
    assert db.answers(
        "env", "MYSQL_PWD=it's root", "mariadb", "-uroot", "-h", db.says("hostname", "-i"), "-e", "select 1"
    )
    assert db.answers("sh", "-c", "command -v mysql") == (":10." in image)
    assert db.uid() == 999
    db.stop()
    assert db.exit_code() == 0
    assert "Shutdown complete" in db.logs()


@pytest.mark.parametrize("old", images("mariadb", starts="10.11"))
@pytest.mark.parametrize("new", images("mariadb", starts="11.8"))
def test_mariadb_upgrades_when_asked_to(run: Run, old: str, new: str, volume: str) -> None:
    options = ("-e", "MARIADB_ROOT_PASSWORD=secret", "-e", "MARIADB_AUTO_UPGRADE=1", "-v", f"{volume}:/var/lib/mysql")
    healthy = ("healthcheck.sh", "--connect", "--innodb_initialized")
    first = run(old, *options)
    wait_until(lambda: first.answers(*healthy))
    first.stop()
    second = run(new, *options)
    wait_until(lambda: second.answers(*healthy))
    assert "Finished mariadb-upgrade" in second.logs()
    assert second.answers("sh", "-c", "ls /var/lib/mysql/system_mysql_backup_10.11*.sql.zst")
    second.stop()
    second.start()
    wait_until(lambda: second.answers(*healthy))
    assert second.logs().count("Starting mariadb-upgrade") == 1


@pytest.mark.parametrize("image", images("mysql"))
def test_mysql_is_not_reachable_over_tcp_before_its_scripts_ran(create: Run, image: str, tmp_path: Path) -> None:
    names = ("DATABASE=shop", "USER=app", "PASSWORD=secret", "ROOT_PASSWORD=root", "INITDB_SKIP_TZINFO=1")
    options = tuple(word for name in names for word in ("-e", f"MYSQL_{name}"))
    db = create(image, *options, command=("--max-connections=42",))
    db.copy("/docker-entrypoint-initdb.d/1.sh", SLOW_SCRIPT, tmp_path)
    db.start()
    app = ("env", "MYSQL_PWD=secret", "mysql", "-uapp", "-N")
    wait_until(lambda: db.answers(*app, "-e", "select 1"))
    assert not db.answers(*app, "-h127.0.0.1", "-e", "select 1")
    wait_until(lambda: db.answers(*app, "-h127.0.0.1", "-e", "select 1"))
    assert db.says(*app, "-h127.0.0.1", "shop", "-e", "select @@max_connections") == "42"
    assert db.uid() == 999
    db.stop()
    assert db.exit_code() == 0
