from __future__ import annotations

import json
import struct
from collections.abc import Callable

import pytest

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
    serve,
)

__all__ = ["authority", "elsewhere", "serve"]

BROKEN = "closes the connection before it has answered"


def says(*pieces: bytes) -> Callable[[Peer], None]:
    """A server that hears something, says this, and hangs up."""

    def handle(peer: Peer) -> None:
        peer.some()
        for piece in pieces:
            peer.send(piece)

    return handle


# AMQP ----------------------------------------------------------------------------------------------------------------


def long(text: str) -> bytes:
    return b"S" + struct.pack("!I", len(text)) + text.encode()


def start(*fields: tuple[str, bytes], method: bytes = b"\x00\x0a\x00\x0a") -> bytes:
    table = b"".join(bytes([len(name)]) + name.encode() + value for name, value in fields)
    payload = method + b"\x00\x09" + struct.pack("!I", len(table)) + table + struct.pack("!I", 5) + b"PLAIN"
    return b"\x01\x00\x00" + struct.pack("!I", len(payload)) + payload + b"\xce"


GREETING = start(
    ("capabilities", b"F" + struct.pack("!I", 13) + b"\x0apublisher1t\x01"),
    ("cluster_name", long("rabbit@c4n4ry")),
    ("flag", b"t\x01"),
    ("many", b"l" + bytes(8)),
    ("product", long("RabbitMQ")),
    ("version", long("3.13.7")),
)


def test_a_greeting(serve: Servers) -> None:
    server = serve(says(GREETING))
    assert answers(ask("amqp", server.port)) == {"live": "amqp", "product": "RabbitMQ", "version": "3.13.7"}
    assert server.heard == b"AMQP\x00\x00\x09\x01"


def test_a_greeting_in_pieces(serve: Servers) -> None:
    assert answers(ask("amqp", serve(says(*(bytes([octet]) for octet in GREETING))).port))["version"] == "3.13.7"


def test_a_greeting_that_does_not_say_all(serve: Servers) -> None:
    odd = start(("product", long("RabbitMQ")), ("odd", b"?"), ("version", long("3")))
    assert answers(ask("amqp", serve(says(odd)).port)) == {"live": "amqp", "product": "RabbitMQ", "version": ""}


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (b"AMQP\x03\x01\x00\x00", "does not speak AMQP 0-9-1"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "answers more than is to be believed"),
        (start(method=b"\x00\x0a\x00\x1e"), "does not answer as RabbitMQ does"),
        (b"\x01\x00\x00\x00\x00\x00\x06\x00\x0a\x00\x0a\x00\x09", "does not answer as RabbitMQ does"),
        (
            b"\x01\x00\x00\x00\x00\x00\x0b\x00\x0a\x00\x0a\x00\x09\x00\x00\x00\x09\x08",
            "does not answer as RabbitMQ does",
        ),
        (GREETING[:40], BROKEN),
        (b"", BROKEN),
    ],
)
def test_what_is_no_greeting(serve: Servers, said: bytes, sentence: str) -> None:
    assert refusal("amqp", serve(says(said)).port) == sentence


# NATS ----------------------------------------------------------------------------------------------------------------


def introduces(**told: object) -> Callable[[Peer], None]:
    info = {"server_id": "c4n4ry", "version": "2.10.24", "max_payload": 1048576, "connect_urls": ["c4n4ry:1"], **told}

    def handle(peer: Peer) -> None:
        peer.send(b"INFO " + json.dumps(info).encode() + b" \r\n")
        peer.hang()

    return handle


NATS = {"live": "nats", "version": "2.10.24", "max_payload": 1048576}


def test_an_introduction(serve: Servers) -> None:
    server = serve(introduces(jetstream=True, auth_required=True))
    assert answers(ask("nats", server.port)) == NATS | {"jetstream": True}
    assert server.heard == b""


@pytest.mark.parametrize("word", ["tls_required", "tls_available"])
def test_an_introduction_is_proved_by_tls(serve: Servers, authority: Authority, elsewhere: str, word: str) -> None:
    good, bad = authority.context(ELSEWHERE), authority.context("other.example.test")

    def with_tls(context: object) -> Callable[[Peer], None]:
        def handle(peer: Peer) -> None:
            introduction = json.dumps({"version": "2.10.24", "max_payload": 1048576, word: True})
            peer.send(f"INFO {introduction}\r\n".encode())
            peer.start_tls(context)  # type: ignore[arg-type]
            peer.hang()

        return handle

    port = serve(with_tls(good)).port
    assert answers(ask("nats", port, host=elsewhere, tls_ca=authority.file)) == NATS | {word: True}
    port = serve(with_tls(bad)).port
    assert refusal("tls", port, host=elsewhere, tls_ca=authority.file) == "its certificate is of another name"


def test_an_introduction_that_nothing_proves(serve: Servers, elsewhere: str) -> None:
    sentence = "speaks no TLS: say plaintext = true where the way to the server can be trusted"
    assert refusal("nats", serve(introduces()).port, host=elsewhere) == sentence
    assert answers(ask("nats", serve(introduces()).port, host=elsewhere, plaintext=True)) == NATS


@pytest.mark.parametrize(
    "said", [b"INFO c4n4ry\r\n", b"-ERR 'c4n4ry'\r\n", b"INFO [1]\r\n", b"INFO " + b"[" * 9999 + b"\r\n"]
)
def test_what_is_no_introduction(serve: Servers, said: bytes) -> None:
    assert refusal("nats", serve(lambda peer: peer.send(said)).port) == "does not answer as NATS does"


def test_half_an_introduction(serve: Servers) -> None:
    assert refusal("nats", serve(lambda peer: peer.send(b'INFO {"version":"2')).port) == BROKEN
