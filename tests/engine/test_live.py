"""Live servers of every kind and version, asked as production would let devenv ask: by a login that may do nothing."""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from devenv.document import Unreadable
from devenv.effects import live
from devenv.model.fact import Fact, Precision, Reading, Status, Trust
from devenv.sources.known import Known
from devenv.sources.live import parse
from tests.effects.live_servers import ELSEWHERE, Authority, authority, elsewhere
from tests.engine import clients
from tests.engine.conftest import Standin, projects
from tests.engine.dialects import PASSWORD, toml
from tests.engine.project import MIRROR, Project, docker

__all__ = ["authority", "elsewhere"]

#: What pg8000 can send: no new line.
CANARY = f"c4n4ry{PASSWORD}".replace("\n", "")
READER = "c4n4ry-reader"
#: Of Redis and Valkey: what §«INFO and CONFIG GET» takes, and no more. An access list cannot hold all signs.
WORD = "c4n4ry%2Fsecret"
ACL = f"{READER} on >{WORD} ~* -@all +ping +info +config|get"


def read(address: str, **more: Any) -> Reading:
    """What a server tells; nothing of its address is in it."""
    document = live.ask("PROD_URL", address, service="main", day="2026-11-24", **more)
    reading = parse([document], Known())
    assert "c4n4ry" not in f"{document!r} {reading!r}"
    return reading


def only(reading: Reading) -> Fact:
    (fact,) = reading.facts
    assert (fact.status, fact.precision, fact.trust, fact.service) == (
        Status.ACTUAL,
        Precision.PATCH,
        Trust.LIVE,
        "main",
    )
    return fact


def as_reader(url: str) -> str:
    return Project.as_user(url, READER, CANARY)


@dataclass(frozen=True)
class Case:
    """``options`` of the service in TOML; what asking ``address`` of it must tell besides the version."""

    options: str
    address: Callable[[str], str] = as_reader
    settings: dict[str, str] = field(default_factory=dict)
    extensions: tuple[str, ...] = ()


_MYSQL = Case(
    toml(
        password="devenv",
        users={READER: CANARY},
        settings={"max_connections": 57, "sql_mode": "ANSI_QUOTES", "innodb_buffer_pool_size": "64M"},
    ),
    settings={"max_connections": "57", "sql_mode": "ANSI_QUOTES"},
)
_REDIS = Case(
    toml(password="devenv", settings={"maxmemory-policy": "allkeys-lru", "maxmemory": "64mb", "user": [ACL]}),
    address=lambda url: Project.as_user(url, READER, WORD),
    settings={"maxmemory-policy": "allkeys-lru"},
)
CASES = {
    "postgres": Case(
        toml(
            user="app",
            users={READER: CANARY},
            extensions=["pg_trgm"],
            settings={"max_connections": 57, "statement_timeout": "61s", "work_mem": "7MB"},
        ),
        settings={"max_connections": "57", "statement_timeout": "61000"},
        extensions=("pg_trgm",),
    ),
    "mysql": _MYSQL,
    "mariadb": _MYSQL,
    "redis": _REDIS,
    "valkey": _REDIS,
    "rabbitmq": Case(
        toml(
            users={READER: CANARY},
            plugins=["rabbitmq_management", "rabbitmq_shovel"],
            settings={"management_agent.disable_metrics_collector": False},
        )
    ),
    "memcached": Case(
        toml(settings={"max-item-size": "2m"}), address=lambda url: url, settings={"max_item_size": "2097152"}
    ),
    "nats": Case(
        toml(user="app", password="devenv", users={READER: CANARY}, settings={"max_payload": "2MB"}),
        settings={"max_payload": "2097152"},
    ),
}


@dataclass
class Family:
    """All versions of a kind in one project that is up."""

    kind: str
    project: Project
    standins: tuple[Standin, ...]

    def each(self, ask: Callable[[Standin], Any]) -> dict[str, Any]:
        return {item.version: ask(item) for item in self.standins}

    def all(self, value: Any) -> dict[str, Any]:
        return {item.version: value for item in self.standins}

    def url(self, item: Standin, output: str = "url") -> str:
        return self.project.url(item.service, output)


@pytest.fixture(scope="module")
def family(kind: str, standins: tuple[Standin, ...], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Family]:
    chosen = tuple(item for item in standins if item.kind == kind)
    assert chosen, f"no image of {kind}"
    tables = [
        f'[services.{item.service}]\nkind = "{item.kind}"\nversion = "{item.version}"\n'
        + (f'variant = "{item.variant}"\n' if item.variant else "")
        + CASES[kind].options
        for item in chosen
    ]
    with projects(tmp_path_factory) as make:
        project = make("\n\n".join(tables))
        project.up()
        yield Family(kind, project, chosen)


@pytest.mark.parametrize("kind", sorted(CASES), scope="module")
class TestEveryVersion:
    def test_it_tells_what_it_is(self, family: Family, kind: str) -> None:
        case = CASES[kind]
        facts = family.each(lambda item: only(read(case.address(family.url(item)))))
        assert {version: (fact.kind, fact.version) for version, fact in facts.items()} == {
            version: (kind, version) for version in facts
        }
        assert {version: dict(fact.settings) for version, fact in facts.items()} == family.all(case.settings)
        assert {version: tuple(fact.extensions) for version, fact in facts.items()} == family.all(case.extensions)

    def test_nothing_is_to_be_said_of_such_a_login(self, family: Family, kind: str) -> None:
        notes = family.each(lambda item: [str(note) for note in read(CASES[kind].address(family.url(item))).notes])
        assert notes == family.all([])

    def test_a_wrong_password_is_not_repeated(self, family: Family, kind: str) -> None:
        if kind in ("memcached", "nats", "rabbitmq"):
            return  # where nobody logs in

        def refused(item: Standin) -> str:
            with pytest.raises(Unreadable) as caught:
                read(Project.as_user(family.url(item), READER, "c4n4ry-wrong"))
            assert "c4n4ry" not in repr(caught.value.note)
            return caught.value.note.message

        assert family.each(refused) == family.all("refuses the login")


@pytest.mark.parametrize("kind", ["rabbitmq"], scope="module")
class TestManagement:
    def test_it_tells_plugins_to_whoever_monitors(self, family: Family) -> None:
        def ask(item: Standin) -> tuple[str, tuple[str, ...] | None]:
            container = family.project.container(item.service)
            docker("exec", container, "rabbitmqctl", "set_user_tags", READER, "monitoring")
            address = f"rabbitmq+{as_reader(family.url(item, 'management_url'))}"
            until = time.monotonic() + 30
            while (fact := only(read(address))).plugins is None and time.monotonic() < until:
                time.sleep(0.5)  # its plugins are not known to it for some seconds after its start
            return fact.version, fact.plugins

        wanted = {item.version: (item.version, ("rabbitmq_management", "rabbitmq_shovel")) for item in family.standins}
        assert family.each(ask) == wanted

    def test_less_to_whoever_may_only_look(self, family: Family) -> None:
        item = family.standins[0]
        container = family.project.container(item.service)
        docker("exec", container, "rabbitmqctl", "set_user_tags", READER, "management")
        reading = read(f"rabbitmq+{as_reader(family.url(item, 'management_url'))}")
        assert (only(reading).version, only(reading).plugins) == (item.version, None)
        said = "the login may not read which plugins are enabled: give it the tag monitoring"
        assert [note.message for note in reading.notes] == [said]


@pytest.mark.parametrize("kind", ["postgres"], scope="module")
class TestPostgres:
    def test_a_superuser_is_warned_of(self, family: Family) -> None:
        said = "the login may do everything: one that may connect, with the role pg_read_all_settings, is enough"
        notes = family.each(lambda item: [note.message for note in read(family.url(item)).notes])
        assert notes == family.all([said])

    def test_settings_of_the_login_hide_the_server_s(self, family: Family) -> None:
        def ask(item: Standin) -> list[str]:
            clients.postgres(family.url(item), f'ALTER ROLE "{READER}" SET statement_timeout = 1000')
            reading = read(as_reader(family.url(item)))
            assert only(reading).settings == {"max_connections": "57"}
            return [note.message for note in reading.notes]

        said = (
            "the login has a setting of its own for statement_timeout, which hides the server's: "
            "ask as one that has none"
        )
        assert family.each(ask) == family.all([said])

    def test_a_database_that_sorts_in_its_own_way(self, family: Family) -> None:
        def ask(item: Standin) -> list[str]:
            url = family.url(item)
            clients.postgres(url, "CREATE DATABASE other TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'")
            reading = read(as_reader(urlsplit(url)._replace(path="/other").geturl()))
            return [note.message for note in reading.notes if "sorts" in note.message]

        said = (
            'its database sorts and compares in its own way: initdb_args = "--encoding=UTF8 --locale=C" makes the same'
        )
        assert family.each(ask) == family.all([said])


# TLS -----------------------------------------------------------------------------------------------------------------

_CERTIFIED = "install -m 600 -o {user} /tls/server.pem /tmp/server.pem && exec docker-entrypoint.sh {command}"
SERVERS = {
    "postgres": (
        "postgres",
        "postgres -c ssl=on -c ssl_cert_file=/tmp/server.pem -c ssl_key_file=/tmp/server.pem",
        5432,
        "postgres://postgres:{word}@{host}:{port}/postgres",
    ),
    "redis": (
        "redis",
        "redis-server --port 0 --tls-port 6379 --tls-cert-file /tmp/server.pem --tls-key-file /tmp/server.pem "
        "--tls-ca-cert-file /tls/ca.pem --tls-auth-clients no --requirepass {word}",
        6379,
        "rediss://:{word}@{host}:{port}/0",
    ),
}


@pytest.fixture
def secured(
    kind: str, standins: tuple[Standin, ...], authority: Authority, tmp_path: Path
) -> Iterator[tuple[Standin, str, int]]:
    """(image, word, port) of the newest server of a kind, which speaks TLS with a certificate for ELSEWHERE."""
    item = [item for item in standins if item.kind == kind][-1]
    user, command, inside, _ = SERVERS[kind]
    authority.context(ELSEWHERE)
    shutil.copy(authority.folder / f"{ELSEWHERE}False.pem", tmp_path / "server.pem")
    shutil.copy(authority.file, tmp_path / "ca.pem")
    tmp_path.chmod(0o755)  # the server is no root
    word, name = f"c4n4ry{secrets.token_hex(8)}", f"engine-live-{secrets.token_hex(4)}"
    image = f"{MIRROR}/library/{kind}:{item.version}"
    script = _CERTIFIED.format(user=user, command=command.format(word=word))
    docker(
        *("run", "--detach", "--name", name, "--publish", f"127.0.0.1::{inside}", "--volume", f"{tmp_path}:/tls:ro"),
        *("--env", f"POSTGRES_PASSWORD={word}", "--entrypoint", "sh", image, "-c", script),
    )
    try:
        port = int(docker("port", name, str(inside)).splitlines()[0].rpartition(":")[2])
        yield item, word, port
    finally:
        docker("rm", "--force", "--volumes", name)


def in_time(ask: Callable[[], Reading]) -> Reading:
    """As soon as the server lets clients in."""
    until = time.monotonic() + 60
    while True:
        try:
            return ask()
        except Unreadable as error:
            if time.monotonic() > until or error.note.message not in _NOT_YET:
                raise
        time.sleep(0.2)


_NOT_YET = (
    "refuses the connection: is it the right port, and may this machine connect?",
    "closes the connection before it has answered",
    "ends the connection while TLS is agreed on",
    "is starting or stopping",
)


@pytest.mark.parametrize("kind", sorted(SERVERS))
def test_tls_of_a_real_server(
    kind: str, secured: tuple[Standin, str, int], authority: Authority, elsewhere: str
) -> None:
    item, word, port = secured
    address = SERVERS[kind][3].format(word=word, host=elsewhere, port=port)
    reading = in_time(lambda: read(address, tls_ca=authority.file))
    assert (only(reading).kind, only(reading).version) == (kind, item.version)
    with pytest.raises(Unreadable) as caught:
        read(address)
    unknown = "its certificate is of an authority that this machine does not trust: name its file with tls_ca"
    assert caught.value.note.message == unknown


def test_no_password_of_production_is_in_the_environment() -> None:
    """The tests above prove what they say only if it is not there anyway."""
    assert not any("c4n4ry" in value for value in os.environ.values())
