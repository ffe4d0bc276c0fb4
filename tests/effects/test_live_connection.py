"""Every way in which a server cannot be asked, whatever it is: a sentence, in time, and without a secret."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from devenv.effects.live_line import Limits
from tests.effects.live_servers import (
    ELSEWHERE,
    Authority,
    Peer,
    Servers,
    answers,
    ask,
    authority,
    elsewhere,
    refusal,
    refused_port,
    serve,
)

__all__ = ["authority", "elsewhere", "serve"]

PLAIN = [
    "postgres",
    "mysql",
    "redis",
    "amqp",
    "rabbitmq+http",
    "nats",
    "memcached",
    "mongodb",
    "http",
    "clickhouse+http",
]
SECURE = ["rediss", "valkeys", "amqps", "rabbitmq+https", "https", "clickhouse+https"]
UNKNOWN = "its certificate is of an authority that this machine does not trust: name its file with tls_ca"
BROKEN = "closes the connection before it has answered"


def hang(peer: Peer) -> None:
    peer.hang()


def close(peer: Peer) -> None:
    """Without having said anything."""


def babble(peer: Peer) -> None:
    peer.send(b"-\x00\xffc4n4ry c4n4ry\r\n\r\n" * 20)
    peer.hang()


# Servers that do not answer ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", PLAIN)
def test_a_server_that_says_nothing(serve: Servers, scheme: str) -> None:
    said = refusal(scheme, serve(hang).port)
    expected = "cannot be reached: is the address right, and does every member of the set answer?"
    assert said == (expected if scheme == "mongodb" else "no answer within 0.5 s")


@pytest.mark.parametrize("scheme", PLAIN)
def test_a_server_that_hangs_up(serve: Servers, scheme: str) -> None:
    expected = "cannot be reached: is the address right, and does every member of the set answer?"
    assert refusal(scheme, serve(close).port) == (expected if scheme == "mongodb" else BROKEN)


@pytest.mark.parametrize("scheme", PLAIN)
def test_a_server_that_is_something_else(serve: Servers, scheme: str) -> None:
    assert refusal(scheme, serve(babble).port, path="/c4n4ry")


@pytest.mark.parametrize("scheme", [*PLAIN, *SECURE])
def test_nobody_is_there(scheme: str) -> None:
    sentence = "refuses the connection: is it the right port, and may this machine connect?"
    assert refusal(scheme, refused_port()) == sentence


@pytest.mark.parametrize("scheme", ["rediss", "postgres", "https"])
def test_a_name_that_nobody_knows(scheme: str) -> None:
    assert refusal(scheme, 1, host="no-such-host.invalid", plaintext=True) == "the name of its host is not known here"


def test_a_server_that_never_comes_to_an_end(serve: Servers) -> None:
    def drip(peer: Peer) -> None:
        while True:
            peer.send(b"x")
            peer.stopped.wait(0.1)

    limits = Limits(connect=0.5, answer=0.5, total=0.8)
    assert refusal("nats", serve(drip).port, limits=limits) == "did not answer all that was asked within 0.8 s"


def test_a_server_that_says_more_than_anybody_can_hear(serve: Servers) -> None:
    def shout(peer: Peer) -> None:
        while True:
            peer.send(b"x" * 65536)

    assert refusal("memcached", serve(shout).port) == "answers more than is to be believed"


def test_a_library_that_is_not_there(serve: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name == "pymongo" or name.startswith("pymongo.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pymongo", None)
    server = serve(hang)
    assert refusal("mongodb", server.port) == "asking MongoDB needs pymongo: pip install pymongo"
    assert server.connections == 0


def test_an_address_that_is_none() -> None:
    assert refusal("redis", 0) == (
        "its port is no number of a port; signs like / ? # in a password are written %2F %3F %23"
    )


# Plain text and TLS --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scheme", "sentence"),
    [
        (
            "redis",
            "redis:// is plain text: use rediss://, or say plaintext = true where the way to the server can be trusted",
        ),
        (
            "amqp",
            "amqp:// is plain text: use amqps://, or say plaintext = true where the way to the server can be trusted",
        ),
        (
            "http",
            "http:// is plain text: use https://, or say plaintext = true where the way to the server can be trusted",
        ),
        (
            "rabbitmq+http",
            "rabbitmq+http:// is plain text: use rabbitmq+https://, or say plaintext = true where the way to the server can "
            "be trusted",
        ),
        ("memcached", "memcached:// is plain text: say plaintext = true where the way to the server can be trusted"),
    ],
)
def test_plain_text_is_for_this_machine(serve: Servers, elsewhere: str, scheme: str, sentence: str) -> None:
    server = serve(hang)
    assert refusal(scheme, server.port, host=elsewhere) == sentence
    assert server.connections == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_plain_text_on_this_machine(serve: Servers, host: str) -> None:
    assert answers(ask("memcached", serve(memcached).port, host=host)) == MEMCACHED


def test_plain_text_where_it_is_said_to_be_right(serve: Servers, elsewhere: str) -> None:
    assert answers(ask("memcached", serve(memcached).port, host=elsewhere, plaintext=True)) == MEMCACHED


MEMCACHED = {"live": "memcached", "version": "1.6.18", "settings": {}}


def memcached(peer: Peer) -> None:
    peer.line()
    peer.send(b"VERSION 1.6.18\r\n")
    peer.line()
    peer.send(b"END\r\n")


def amqp(peer: Peer) -> None:
    peer.exactly(8)
    properties = b"\x07productS\x00\x00\x00\x08RabbitMQ\x07versionS\x00\x00\x00\x063.13.7"
    payload = b"\x00\x0a\x00\x0a\x00\x09" + len(properties).to_bytes(4, "big") + properties
    peer.send(b"\x01\x00\x00" + len(payload).to_bytes(4, "big") + payload + b"\xce")


AMQP = {"live": "amqp", "product": "RabbitMQ", "version": "3.13.7"}


def test_tls_with_a_certificate_that_is_good(serve: Servers, authority: Authority, elsewhere: str) -> None:
    server = serve(amqp, authority.context(ELSEWHERE))
    assert answers(ask("amqps", server.port, host=elsewhere, tls_ca=authority.file)) == AMQP


def test_tls_with_a_certificate_of_an_unknown_authority(serve: Servers, authority: Authority, elsewhere: str) -> None:
    server = serve(amqp, authority.context(ELSEWHERE))
    assert refusal("amqps", server.port, host=elsewhere) == UNKNOWN
    assert server.heard == b""


def test_tls_with_a_certificate_that_has_expired(serve: Servers, authority: Authority, elsewhere: str) -> None:
    server = serve(amqp, authority.context(ELSEWHERE, expired=True))
    assert refusal("amqps", server.port, host=elsewhere, tls_ca=authority.file) == "its certificate has expired"
    assert server.heard == b""


@pytest.mark.parametrize("scheme", SECURE)
def test_tls_with_a_certificate_of_another_name(
    serve: Servers, authority: Authority, elsewhere: str, scheme: str
) -> None:
    server = serve(hang, authority.context("other.example.test", "10.0.0.1"))
    said = refusal(scheme, server.port, host=elsewhere, tls_ca=authority.file)
    assert said == "its certificate is of another name"
    assert server.heard == b""


def test_a_tunnel_ends_at_another_name(serve: Servers, authority: Authority) -> None:
    server = serve(amqp, authority.context(ELSEWHERE))
    assert answers(ask("amqps", server.port, tls_ca=authority.file)) == AMQP
    expired = serve(amqp, authority.context(ELSEWHERE, expired=True))
    assert refusal("amqps", expired.port, tls_ca=authority.file) == "its certificate has expired"


def test_on_this_machine_a_certificate_proves_nothing(serve: Servers, authority: Authority) -> None:
    server = serve(amqp, authority.context(ELSEWHERE, expired=True))
    assert answers(ask("amqps", server.port)) == AMQP


@pytest.mark.parametrize("scheme", SECURE)
def test_no_tls_where_it_is_wanted(serve: Servers, elsewhere: str, scheme: str) -> None:
    assert refusal(scheme, serve(babble).port, host=elsewhere) == "speaks no TLS there"


@pytest.mark.parametrize("scheme", SECURE)
def test_a_server_that_hangs_up_instead_of_tls(serve: Servers, elsewhere: str, scheme: str) -> None:
    said = refusal(scheme, serve(close).port, host=elsewhere)
    assert said in (BROKEN, "ends the connection while TLS is agreed on")


def test_a_file_of_authorities_that_is_none(tmp_path: Path, serve: Servers, elsewhere: str) -> None:
    (tmp_path / "c4n4ry.pem").write_text("c4n4ry")
    port = serve(hang).port
    said = refusal("rediss", port, host=elsewhere, tls_ca=str(tmp_path / "c4n4ry.pem"))
    assert said == "tls_ca names a file that holds no certificates (PEM)"
    said = refusal("rediss", port, host=elsewhere, tls_ca=str(tmp_path / "none.pem"))
    assert said == "the file that tls_ca names cannot be read: No such file or directory"
