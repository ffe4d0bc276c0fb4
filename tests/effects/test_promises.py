"""What servers lack of what a manifest promises, as an application would find out."""

from __future__ import annotations

import base64
import struct
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from devenv.effects.promises import tried, tried_all
from devenv.model.promise import Promise, Protocol, Trial
from tests.effects import test_live_mysql as my
from tests.effects import test_live_postgres as pg
from tests.effects.live_servers import Peer, Servers, serve
from tests.effects.test_live_http import web

__all__ = ["serve"]


def promise(protocol: Protocol, port: int, **more: Mapping[str, Any] | tuple[str, ...]) -> Promise:
    values = {"logins": {"app": "c4n4ry"}, "names": ("shop",), **more}
    return Promise(protocol, "127.0.0.1", port, **values)  # type: ignore[arg-type]


def test_postgres_that_has_all(serve: Servers) -> None:
    server = serve(pg.postgres(said={"datname": pg.rows([("postgres",), ("shop",)])}))
    assert tried(promise("postgres", server.port)) == Trial()
    assert server.connections == 1


def test_postgres_is_asked_in_every_database_where_extensions_are_promised(serve: Servers) -> None:
    said = {"datname": pg.rows([("shop",)]), "pg_available_extensions": pg.rows([("vector",), ("cube",)])}
    server = serve(pg.postgres(said=said))
    found = tried(promise("postgres", server.port, names=("shop", "gone"), extensions=("vector",)))
    lacking = ("database gone", "extension vector in database shop", "extension vector in database gone")
    assert found == Trial(lacking=lacking)
    assert server.connections == 2


@pytest.mark.parametrize(
    ("code", "trial"),
    [
        ("3D000", Trial(lacking=("database shop",))),
        ("28P01", Trial(lacking=("login of user app",))),
        ("57P03", Trial(untried="is starting or stopping")),
        ("53300", Trial(untried="has no connection left for this")),
    ],
)
def test_postgres_that_lets_nobody_in(serve: Servers, code: str, trial: Trial) -> None:
    assert tried(promise("postgres", serve(pg.postgres(welcome=pg.error(code))).port)) == trial


def test_mysql_s_names_may_be_in_small_letters(serve: Servers) -> None:
    said = {"SHOW DATABASES": my.rows([("shop",), ("mysql",)])}
    names = ("Shop", "more")
    assert tried(promise("mysql", serve(my.mysql(said)).port, names=names)) == Trial(lacking=("database more",))


@pytest.mark.parametrize(
    ("code", "trial"),
    [
        (1049, Trial(lacking=("database shop",))),
        (1045, Trial(lacking=("login of user app", "login of user root"))),
        (1040, Trial(untried="has no connection left for this")),
    ],
)
def test_mysql_that_lets_nobody_in(serve: Servers, code: int, trial: Trial) -> None:
    server = serve(my.mysql(login=my.error(code)))
    assert tried(promise("mysql", server.port, logins={"app": "c4n4ry", "root": "c4n4ry"})) == trial


_DATABASES = "/?query=SELECT%20name%20FROM%20system.databases%20FORMAT%20JSON"


@pytest.mark.parametrize(
    ("page", "trial"),
    [
        ({"data": [{"name": "default"}, {"name": "shop"}]}, Trial()),
        ({"data": [{"name": "default"}]}, Trial(lacking=("database shop",))),
        ((403, b"Code: 516. DB::Exception: app: Authentication failed"), Trial(lacking=("login of user app",))),
        ((503, b""), Trial(untried="answers with HTTP status 503")),
        ({"data": "c4n4ry"}, Trial(untried="does not answer as ClickHouse does")),
    ],
)
def test_clickhouse(serve: Servers, page: Any, trial: Trial) -> None:
    """As its documentation says that it answers: there is no server of this kind here."""
    heard: list[tuple[str, str]] = []
    server = serve(web({_DATABASES: page}, heard))
    assert tried(promise("clickhouse", server.port)) == trial
    assert heard == [(_DATABASES, "Basic " + base64.b64encode(b"app:c4n4ry").decode())]


def test_two_trials_are_one() -> None:
    assert Trial(("a",)).and_also(Trial(("b",), "c")) == Trial(("a", "b"), "c")


def frame(method: int, arguments: bytes = b"") -> bytes:
    payload = struct.pack("!HH", 10, method) + arguments
    return struct.pack("!BHI", 1, 0, len(payload)) + payload + b"\xce"


def hear(peer: Peer) -> bytes:
    size = struct.unpack("!BHI", peer.exactly(7))[2]
    return peer.exactly(size + 1)[:-1]


def broker(*, lets_in: bytes = b"\0app\0c4n4ry", vhosts: tuple[bytes, ...] = (b"shop",)) -> Callable[[Peer], None]:
    def handle(peer: Peer) -> None:
        assert peer.exactly(8) == b"AMQP\x00\x00\x09\x01"
        peer.send(frame(10))
        login = hear(peer)
        assert b"authentication_failure_close" in login
        if lets_in not in login:
            peer.send(frame(50, struct.pack("!H", 403) + b"\x0eACCESS_REFUSED"))
            return
        limits = struct.pack("!HIH", 2047, 131072, 60)
        peer.send(frame(30, limits))
        tuned = frame(31, limits)
        answer = peer.some()  # both frames at once: apart, the second one would come 40 ms later
        assert answer.startswith(tuned)
        opened = answer[len(tuned) + 7 : -1]
        if opened[5 : 5 + opened[4]] not in vhosts:
            peer.send(frame(50, struct.pack("!H", 530) + b"\x0bNOT_ALLOWED"))
            return
        peer.send(frame(41, b"\0"))
        hear(peer)
        peer.send(frame(51))

    return handle


def test_rabbitmq(serve: Servers) -> None:
    assert tried(promise("amqp", serve(broker()).port)) == Trial()
    more = promise("amqp", serve(broker()).port, logins={"app": "c4n4ry", "eve": "c4n4ry"}, names=("shop", "gone"))
    lacking = ("login of user app to virtual host gone", "login of user eve to virtual host shop")
    assert tried(more) == Trial(lacking=lacking)


def test_a_page_of_rabbitmq_that_is_gone(serve: Servers) -> None:
    def page(peer: Peer) -> None:
        peer.some()
        peer.send(b"HTTP/1.1 401 Unauthorized\r\n\r\n")

    pages = {"management": serve(page).port, "prometheus": serve(lambda peer: None).port}
    found = tried(promise("amqp", serve(broker()).port, pages=pages))
    assert found == Trial(lacking=("plugin of port prometheus",))


def test_what_does_not_speak_the_protocol(serve: Servers) -> None:
    def shout(peer: Peer) -> None:
        peer.exactly(8)
        peer.send(frame(99))

    assert tried(promise("amqp", serve(shout).port)).untried == "does not answer as RabbitMQ does"


def test_nobody_there(serve: Servers) -> None:
    server = serve(broker())
    server.close()
    promises = {name: promise(name, server.port) for name in ("postgres", "mysql", "amqp")}  # type: ignore[arg-type]
    assert tried_all(promises) == dict.fromkeys(promises, Trial(untried="Connection refused"))
