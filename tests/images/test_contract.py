"""Proves that the stand-ins keep the contract of the official images, where devenv relies on it.

Run after `tests/machine/engine.sh` and `tests/images/build.py`. Each container has no published port unless the test needs
one, and is removed with its volumes.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

# Read at import: a test's home is not the user's.
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "devenv-tests"
REGISTRY = f"127.0.0.1:{os.environ.get('DEVENV_TEST_REGISTRY_PORT', '5055')}"
IMAGES = CACHE / "images.json"
if not IMAGES.exists():
    pytest.skip(f"{IMAGES} is missing; python tests/images/build.py makes it", allow_module_level=True)
ROWS: list[dict[str, Any]] = json.loads(IMAGES.read_text(encoding="utf-8"))["images"]

pytestmark = pytest.mark.engine

INDEX = "application/vnd.oci.image.index.v1+json"
SLOW_SCRIPT = "#!/bin/sh\nsleep 3\n"


def reference(row: dict[str, Any]) -> str:
    return f"{REGISTRY}/{row['repository']}:{row['tags'][0]}"


def rows(kind: str, *, starts: str = "", variant: str | None = None) -> list[Any]:
    """The images of a kind as test parameters, named by their first tag."""
    found = [row for row in ROWS if row["kind"] == kind and row["version"].startswith(starts)]
    found = [row for row in found if variant is None or row["variant"] == variant]
    return [pytest.param(reference(row), id=f"{kind}-{row['tags'][0]}") for row in found]


def docker(*arguments: str, stdin: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(["docker", *arguments], input=stdin, capture_output=True, text=True, check=False, timeout=120)
    assert not check or done.returncode == 0, f"docker {' '.join(arguments)}\n{done.stdout}{done.stderr}"
    return done


def wait_until(check: Callable[[], bool], *, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.15)


class Container:
    """A container of one test."""

    def __init__(self, image: str, options: tuple[str, ...], command: tuple[str, ...]) -> None:
        self.id = docker("create", *options, image, *command).stdout.split()[-1]

    def copy(self, path: str, text: str, folder: Path) -> None:
        """Put a file into the container before its start: the engine need not be on this machine."""
        source = folder / "file"
        source.write_text(text, encoding="utf-8")
        source.chmod(0o755)
        docker("cp", str(source), f"{self.id}:{path}")

    def start(self) -> None:
        docker("start", self.id)

    def stop(self) -> None:
        docker("stop", "--time", "30", self.id)

    def answers(self, *command: str) -> bool:
        return docker("exec", self.id, *command, check=False).returncode == 0

    def says(self, *command: str) -> str:
        return docker("exec", self.id, *command).stdout.strip()

    def logs(self) -> str:
        done = docker("logs", self.id)
        return done.stdout + done.stderr

    def exit_code(self) -> int:
        return int(docker("wait", self.id).stdout)

    def uid(self) -> int:
        """Of the first process, which has to be the server."""
        status = self.says("cat", "/proc/1/status")
        return int(next(line for line in status.splitlines() if line.startswith("Uid:")).split()[1])

    def published(self, port: int) -> str:
        return docker("port", self.id, str(port)).stdout.split()[0]


Run = Callable[..., Container]


@pytest.fixture
def create() -> Iterator[Run]:
    """Containers that are removed, with their anonymous volumes, when the test ends."""
    made: list[Container] = []

    def make(image: str, *options: str, command: tuple[str, ...] = ()) -> Container:
        made.append(Container(image, options, command))
        return made[-1]

    yield make
    for container in made:
        docker("rm", "--force", "--volumes", container.id, check=False)


@pytest.fixture
def run(create: Run) -> Run:
    def start(image: str, *options: str, command: tuple[str, ...] = ()) -> Container:
        container = create(image, *options, command=command)
        container.start()
        return container

    return start


@pytest.fixture
def volume() -> Iterator[str]:
    name = docker("volume", "create").stdout.strip()
    yield name
    docker("volume", "rm", "--force", name, check=False)


@pytest.mark.parametrize("row", [pytest.param(row, id=f"{row['repository']}:{row['tags'][0]}") for row in ROWS])
def test_tags_name_an_index(row: dict[str, Any]) -> None:
    for tag in row["tags"]:
        url = f"http://{REGISTRY}/v2/{row['repository']}/manifests/{tag}"
        with urllib.request.urlopen(urllib.request.Request(url, headers={"Accept": INDEX}), timeout=10) as answer:
            body = answer.read()
            assert answer.headers["Content-Type"] == INDEX
        assert "sha256:" + hashlib.sha256(body).hexdigest() == row["digest"]
        assert [entry["platform"]["os"] for entry in json.loads(body)["manifests"]] == ["linux"]
        assert (row["version"] + "-").startswith(tag.partition("-")[0] + "-") or row["version"].startswith(
            tag.partition("-")[0] + "."
        )


def psql(host: str, *, user: str = "app", database: str = "shop", sql: str = "select 1") -> tuple[str, ...]:
    where = ("-h", host) if host else ()
    return ("psql", *where, "-U", user, "-d", database, "-Atqc", sql)


POSTGRES_ENV = ("-e", "POSTGRES_PASSWORD=secret", "-e", "POSTGRES_USER=app", "-e", "POSTGRES_DB=shop")


@pytest.mark.parametrize("image", rows("postgres"))
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


@pytest.mark.parametrize("image", rows("postgres", starts="15"))
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


@pytest.mark.parametrize("image", rows("postgres", starts="18"))
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


@pytest.mark.parametrize("image", rows("postgres", starts="17"))
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


@pytest.mark.parametrize("image", rows("redis") + rows("valkey"))
def test_redis_keeps_data_over_a_stop_and_takes_strangers(run: Run, image: str) -> None:
    cache = run(image)
    wait_until(lambda: cache.answers("redis-cli", "ping"))
    # Protected mode would refuse an address that is not the loopback's.
    assert cache.says("redis-cli", "-h", cache.says("hostname", "-i"), "set", "k", "v") == "OK"
    assert cache.says("redis-cli", "config", "get", "save").split("\n")[1] == "3600 1 300 100 60 10000"
    assert cache.uid() == 999
    cache.stop()
    assert cache.exit_code() == 0
    cache.start()
    wait_until(lambda: cache.answers("redis-cli", "get", "k"))
    assert cache.says("redis-cli", "get", "k") == "v"


@pytest.mark.parametrize("image", rows("redis", starts="7"))
def test_redis_takes_options_alone(run: Run, image: str) -> None:
    cache = run(image, command=("--maxmemory", "8mb", "--requirepass", "x"))
    wait_until(lambda: cache.answers("redis-cli", "-a", "x", "ping"))
    assert cache.says("redis-cli", "-a", "x", "config", "get", "maxmemory").split()[1] == str(8 << 20)


@pytest.mark.parametrize("image", rows("rabbitmq", variant="management"))
def test_rabbitmq_makes_its_first_user_from_the_environment(run: Run, image: str) -> None:
    options = ("--hostname", "queue", "-e", "RABBITMQ_DEFAULT_USER=app", "-e", "RABBITMQ_DEFAULT_PASS=secret")
    queue = run(image, *options, "-e", "RABBITMQ_DEFAULT_VHOST=shop")
    wait_until(lambda: "Server startup complete" in queue.logs())
    assert queue.answers("rabbitmqctl", "authenticate_user", "app", "secret")
    assert queue.says("rabbitmqctl", "-q", "--no-table-headers", "list_vhosts") == "shop"
    assert "rabbitmq_management," in queue.says("cat", "/etc/rabbitmq/enabled_plugins")
    assert queue.answers("test", "-d", "/var/lib/rabbitmq/mnesia/rabbit@queue")
    assert queue.says("stat", "-c", "%U %a", "/var/lib/rabbitmq/.erlang.cookie") in ("rabbitmq 400", "rabbitmq 600")
    assert queue.uid() == 999
    queue.stop()
    assert queue.exit_code() == 0


@pytest.mark.parametrize("image", rows("rabbitmq", starts="4.0", variant=""))
def test_rabbitmq_loses_its_data_with_its_name(run: Run, image: str, volume: str) -> None:
    mount = ("-v", f"{volume}:/var/lib/rabbitmq")
    first = run(image, "--hostname", "one", "-e", "RABBITMQ_DEFAULT_USER=app", *mount)
    wait_until(lambda: "Server startup complete" in first.logs())
    first.stop()
    second = run(image, "--hostname", "two", *mount)
    wait_until(lambda: "Server startup complete" in second.logs())
    assert second.says("rabbitmqctl", "-q", "--no-table-headers", "list_users").split()[0] == "guest"


@pytest.mark.parametrize("image", rows("rabbitmq", starts="4", variant=""))
def test_rabbitmq_refuses_deprecated_variables(run: Run, image: str) -> None:
    queue = run(image, "-e", "RABBITMQ_VM_MEMORY_HIGH_WATERMARK=0.5")
    assert queue.exit_code() == 1
    assert "error: RABBITMQ_VM_MEMORY_HIGH_WATERMARK is set but deprecated" in queue.logs()


@pytest.mark.parametrize("image", rows("mariadb"))
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


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(*pair, id="10.11 to 11.8")
        for pair in zip(
            [p.values[0] for p in rows("mariadb", starts="10.11")],
            [p.values[0] for p in rows("mariadb", starts="11.8")],
            strict=False,
        )
    ],
)
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


@pytest.mark.parametrize("image", rows("mysql"))
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


@pytest.mark.parametrize("image", rows("memcached"))
def test_memcached_takes_options_alone(run: Run, image: str) -> None:
    cache = run(image, command=("--memory-limit=8",))
    ask = r"exec 3<>/dev/tcp/127.0.0.1/11211; printf 'stats settings\r\nquit\r\n' >&3; grep -c 'maxbytes 8388608' <&3"
    wait_until(lambda: cache.answers("bash", "-c", ask))
    assert cache.uid() == 11211
    assert not cache.answers("sh", "-c", "command -v nc")


@pytest.mark.parametrize("image", rows("nats"))
def test_nats_has_no_shell_and_loses_its_monitor_with_arguments(run: Run, image: str) -> None:
    bare = run(image, "-p", "127.0.0.1::8222")
    wait_until(lambda: "Server is ready" in bare.logs())
    with urllib.request.urlopen(f"http://{bare.published(8222)}/healthz", timeout=10) as answer:
        assert json.load(answer) == {"status": "ok"}
    assert not bare.answers("sh", "-c", "true")
    with_arguments = run(image, command=("-js",))
    wait_until(lambda: "Server is ready" in with_arguments.logs())
    assert "Starting http monitor" not in with_arguments.logs()


@pytest.mark.parametrize("image", rows("mosquitto"))
def test_mosquitto_listens_on_the_loopback_until_configured(run: Run, image: str) -> None:
    def hears(broker: Container, host: str) -> bool:
        return broker.answers("mosquitto_sub", "-h", host, "-t", "$SYS/broker/version", "-C", "1", "-W", "2")

    default = run(image)
    wait_until(lambda: hears(default, "127.0.0.1"))
    assert not hears(default, default.says("hostname", "-i"))
    assert default.uid() == 1883
    opened = run(image, command=("mosquitto", "-c", "/mosquitto-no-auth.conf"))
    wait_until(lambda: hears(opened, opened.says("hostname", "-i")))
