from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import pytest

from tests.effects.live_servers import (
    ELSEWHERE,
    LOGIN,
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

VERSION = "PostgreSQL 15.18 (Debian 15.18-1) on x86_64-pc-linux-gnu"
TEXT, BOOL = 25, 16
Rows = list[tuple[Any, ...]]


def message(code: bytes, body: bytes) -> bytes:
    return code + struct.pack("!i", len(body) + 4) + body


def error(code: str) -> bytes:
    """With the login in it, as a server's own words have it."""
    said = {"S": "FATAL", "V": "FATAL", "C": code, "M": 'password of user "c4n4ry" is c4n4ry'}
    return message(b"E", b"".join(name.encode() + text.encode() + b"\0" for name, text in said.items()) + b"\0")


READY = message(b"Z", b"I")
WELCOME = message(b"R", struct.pack("!i", 0)) + message(b"S", b"client_encoding\0UTF8\0") + READY


def rows(found: Rows) -> bytes:
    width = len(found[0]) if found else 1
    kinds = [BOOL if found and isinstance(value, bool) else TEXT for value in (found[0] if found else [""])]
    fields = b"".join(b"c\0" + struct.pack("!ihihih", 0, 0, kind, -1, -1, 0) for kind in kinds)
    data = message(b"T", struct.pack("!h", width) + fields)
    for row in found:
        cells = b"".join(_cell(value) for value in row)
        data += message(b"D", struct.pack("!h", width) + cells)
    return data + message(b"C", b"SELECT 1\0") + READY


def _cell(value: Any) -> bytes:
    if value is None:
        return struct.pack("!i", -1)
    data = (("t" if value else "f") if isinstance(value, bool) else str(value)).encode()
    return struct.pack("!i", len(data)) + data


DONE = message(b"C", b"SET\0") + READY
ANSWERS: dict[str, bytes] = {
    "SELECT version()": rows([(VERSION,)]),
    "BEGIN READ ONLY": DONE,
    "FROM pg_settings": rows(
        [("TimeZone", "Etc/UTC", False), ("search_path", "c4n4ry", True), ("wal_level", "logical", False)]
    ),
    "SET LOCAL": DONE,
    "FROM pg_database": rows([("UTF8", "C", "C.UTF-8", "c", None)]),
    "server_version_num": rows([("150018",)]),
    "is_superuser": rows([("off",)]),
    "FROM pg_extension": rows([("plpgsql", "1.0"), ("postgis", "3.4.2")]),
    "ROLLBACK": DONE,
}
WANTED = {
    "live": "postgres",
    "version": VERSION,
    "version_num": "150018",
    "superuser": False,
    "settings": {"TimeZone": "Etc/UTC", "wal_level": "logical"},
    "hidden": ["search_path"],
    "extensions": {"plpgsql": "1.0", "postgis": "3.4.2"},
    "database": {"encoding": "UTF8", "collate": "C", "ctype": "C.UTF-8", "provider": "c", "locale": None},
}


def postgres(
    welcome: bytes = WELCOME,
    said: dict[str, bytes] | None = None,
    tls: Any = None,
    heard: list[str] | None = None,
) -> Callable[[Peer], None]:
    """A server that answers each question with what its words have in ``said``; b"" hangs up."""
    known = {**(said or {}), **{words: answer for words, answer in ANSWERS.items() if words not in (said or {})}}

    def handle(peer: Peer) -> None:
        assert peer.exactly(8) == struct.pack("!ii", 8, 80877103)
        peer.send(b"S" if tls else b"N")
        if tls:
            peer.start_tls(tls)
        startup = peer.exactly(struct.unpack("!i", peer.exactly(4))[0] - 4)
        assert startup[:4] == struct.pack("!i", 196608)
        assert b"options" not in startup  # which poolers do not know
        peer.send(welcome)
        while peer.exactly(1) == b"Q":
            question = peer.exactly(struct.unpack("!i", peer.exactly(4))[0] - 4)[:-1].decode()
            if heard is not None:
                heard.append(question)
            answer = next(answer for words, answer in known.items() if words in question)
            if not answer:
                return
            peer.send(answer)

    return handle


def test_what_is_asked_and_what_is_kept_of_it(serve: Servers) -> None:
    heard: list[str] = []
    document = ask("postgres", serve(postgres(heard=heard)).port)
    assert answers(document) == WANTED
    order = [next(words for words in ANSWERS if words in question) for question in heard]
    assert order == [
        "SELECT version()",
        "BEGIN READ ONLY",
        "FROM pg_settings",
        "SET LOCAL",
        "SET LOCAL",
        "FROM pg_database",
        "server_version_num",
        "is_superuser",
        "FROM pg_extension",
        "ROLLBACK",
    ]


@pytest.mark.parametrize("version", ["CockroachDB CCL v23.1.11", "PostgreSQL 8.0.2 on i686, Redshift 1.0.98174"])
def test_what_only_speaks_as_postgres_does_is_asked_no_more(serve: Servers, version: str) -> None:
    heard: list[str] = []
    port = serve(postgres(said={"SELECT version()": rows([(version,)])}, heard=heard)).port
    assert answers(ask("postgres", port)) == {"live": "postgres", "version": version}
    assert heard == ["SELECT version()"]


def test_tls(serve: Servers, authority: Authority, elsewhere: str) -> None:
    server = serve(postgres(tls=authority.context(ELSEWHERE)))
    assert answers(ask("postgres", server.port, host=elsewhere, tls_ca=authority.file)) == WANTED
    unknown = "its certificate is of an authority that this machine does not trust: name its file with tls_ca"
    assert refusal("postgres", server.port, host=elsewhere) == unknown


def test_tls_on_this_machine_where_it_is_offered(serve: Servers, authority: Authority) -> None:
    assert answers(ask("postgres", serve(postgres(tls=authority.context("x"))).port)) == WANTED


@pytest.mark.parametrize(
    ("context", "sentence"),
    [
        ({"names": ("other.example.test",)}, "its certificate is of another name"),
        ({"names": (ELSEWHERE,), "expired": True}, "its certificate has expired"),
    ],
)
def test_certificates_that_are_not_good(
    serve: Servers, authority: Authority, elsewhere: str, context: Any, sentence: str
) -> None:
    server = serve(postgres(tls=authority.context(*context["names"], expired=context.get("expired", False))))
    assert refusal("postgres", server.port, host=elsewhere, tls_ca=authority.file) == sentence
    assert bytes(server.heard) == struct.pack("!ii", 8, 80877103)


def test_a_server_without_tls(serve: Servers, elsewhere: str) -> None:
    server = serve(postgres())
    sentence = "speaks no TLS: say plaintext = true where the way to the server can be trusted"
    assert refusal("postgres", server.port, host=elsewhere) == sentence
    assert bytes(server.heard) == struct.pack("!ii", 8, 80877103)
    assert answers(ask("postgres", server.port, host=elsewhere, plaintext=True)) == WANTED


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("28P01", "refuses the login"),
        ("28000", "refuses the login"),
        ("3D000", "has no such database"),
        ("53300", "has no connection left for this"),
        ("57P03", "is starting or stopping"),
        ("08P01", "does not understand the login: a pool before it may want its database and user named"),
        ("XX000", "answers with error XX000"),
        ("c4n4ry c4n4ry", "answers with error unknown"),
    ],
)
def test_refusals_of_the_login(serve: Servers, code: str, sentence: str) -> None:
    assert refusal("postgres", serve(postgres(welcome=error(code))).port) == sentence


@pytest.mark.parametrize(
    ("question", "said", "sentence"),
    [
        ("FROM pg_settings", error("42501") + READY, "does not let this login read what is asked"),
        ("FROM pg_database", error("57014") + READY, "took too long for an answer"),
        ("FROM pg_extension", b"", "closes the connection before it has answered"),
        ("FROM pg_extension", b"D\0\0", "no answer within 0.5 s"),
    ],
)
def test_refusals_in_between(serve: Servers, question: str, said: bytes, sentence: str) -> None:
    assert refusal("postgres", serve(postgres(said={question: said})).port) == sentence


@pytest.mark.parametrize(
    ("welcome", "sentence"),
    [
        (message(b"R", struct.pack("!i", 7)), "wants a way to log in that pg8000 does not know"),
        (message(b"!", b"c4n4ry"), "does not answer as its scheme says"),
        (WELCOME[:11], "closes the connection before it has answered"),
    ],
)
def test_welcomes_that_are_none(serve: Servers, welcome: bytes, sentence: str) -> None:
    def handle(peer: Peer) -> None:
        peer.exactly(8)
        peer.send(b"N")
        peer.exactly(4)
        peer.send(welcome)
        peer.some()

    assert refusal("postgres", serve(handle).port) == sentence


def test_a_password_that_cannot_be_sent(serve: Servers) -> None:
    server = serve(postgres())
    sentence = "the password holds control characters, which pg8000 cannot send"
    assert refusal("postgres", server.port, login="c4n4ry:c4n4ry%0A") == sentence
    assert server.connections == 0


def test_an_address_without_a_user(serve: Servers) -> None:
    server = serve(postgres())
    assert refusal("postgres", server.port, login="") == "the address names no user"
    assert server.connections == 0
    assert LOGIN
