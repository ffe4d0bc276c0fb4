from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

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

#: Capabilities of the protocol: 4.1, secure connection, plugin auth, connect with a database; and TLS.
CAPABILITIES, TLS = 0x00088208, 0x0800
OK = b"\x00\x00\x00\x02\x00\x00\x00"
Rows = list[tuple[Any, ...]]


def packet(number: int, body: bytes) -> bytes:
    return struct.pack("<I", len(body))[:3] + bytes([number]) + body


def greeting(capabilities: int) -> bytes:
    head = b"\x0a5.5.5-10.11.19-MariaDB-c4n4ry\0" + struct.pack("<I", 7) + b"saltsalt\0"
    low, high = struct.pack("<H", capabilities & 0xFFFF), struct.pack("<H", capabilities >> 16)
    return head + low + b"\x2d\x02\x00" + high + b"\x15" + bytes(10) + b"saltsaltsalt\0mysql_native_password\0"


def error(code: int) -> bytes:
    return b"\xff" + struct.pack("<H", code) + b"#28000Access denied for user 'c4n4ry'@'c4n4ry'"


def text(value: Any) -> bytes:
    if value is None:
        return b"\xfb"
    data = str(value).encode()
    return bytes([len(data)]) + data


def rows(found: Rows) -> list[bytes]:
    width = len(found[0]) if found else 1
    column = b"\x03def\0\0\0\x01c\0\x0c\x2d\0\xff\0\0\0\xfd\0\0\0\0\0"
    end = b"\xfe\0\0\x02\0"
    return [bytes([width]), *[column] * width, end, *(b"".join(text(value) for value in row) for row in found), end]


ANSWERS: dict[str, list[bytes]] = {
    "SET ": [OK],
    "START TRANSACTION READ ONLY": [OK],
    "SELECT VERSION()": rows([("10.11.19-MariaDB-0+deb12u1", "Debian 12")]),
    "SHOW GLOBAL VARIABLES": rows([("sql_mode", "ANSI"), ("max_connections", "99")]),
    "information_schema.system_variables": rows([("SQL_MODE", "CONFIG"), ("MAX_CONNECTIONS", None)]),
    "performance_schema.variables_info": [error(1146)],
    "user_privileges": rows([(0,)]),
    "ROLLBACK": [OK],
}
WANTED = {
    "live": "mysql",
    "version": "10.11.19-MariaDB-0+deb12u1",
    "comment": "Debian 12",
    "variables": {"sql_mode": "ANSI", "max_connections": "99"},
    "origins": {"sql_mode": "CONFIG", "max_connections": "None"},
    "admin": False,
}


def mysql(
    said: dict[str, list[bytes]] | None = None,
    login: bytes = OK,
    tls: Any = None,
    heard: list[str] | None = None,
) -> Callable[[Peer], None]:
    """A server that answers each question with what its words have in ``said``; no packets: it hangs up."""
    known = {**ANSWERS, **(said or {})}

    def handle(peer: Peer) -> None:
        peer.send(packet(0, greeting(CAPABILITIES | (TLS if tls else 0))))
        number = _hear(peer)[0]
        if tls:
            peer.start_tls(tls)
            number = _hear(peer)[0]
        peer.send(packet(number + 1, login))
        while True:
            _, body = _hear(peer)
            if body[:1] != b"\x03":
                return
            question = body[1:].decode()
            if heard is not None:
                heard.append(question)
            packets = next(packets for words, packets in known.items() if words in question)
            if not packets:
                return
            peer.send(b"".join(packet(index + 1, data) for index, data in enumerate(packets)))

    return handle


def _hear(peer: Peer) -> tuple[int, bytes]:
    head = peer.exactly(4)
    return head[3], peer.exactly(int.from_bytes(head[:3], "little"))


def test_what_is_asked_and_what_is_kept_of_it(serve: Servers) -> None:
    heard: list[str] = []
    assert answers(ask("mysql", serve(mysql(heard=heard)).port)) == WANTED
    order = [
        next(words for words in ANSWERS if words in question) for question in heard if not question.startswith("SET ")
    ]
    assert order == [words for words in ANSWERS if words != "SET "]
    assert not any("GRANTS" in question for question in heard)


def test_mysql_s_own_table_of_origins(serve: Servers) -> None:
    said = {
        "information_schema.system_variables": [error(1109)],
        "performance_schema.variables_info": rows([("sql_mode", "COMPILED")]),
        "user_privileges": rows([(3,)]),
    }
    found = answers(ask("mysql", serve(mysql(said)).port))
    assert found == WANTED | {"origins": {"sql_mode": "COMPILED"}, "admin": True}


def test_a_server_that_does_not_tell_origins(serve: Servers) -> None:
    said = {"information_schema.system_variables": [error(1109)]}
    assert answers(ask("mysql", serve(mysql(said)).port)) == WANTED | {"origins": None}


def test_tls(serve: Servers, authority: Authority, elsewhere: str) -> None:
    server = serve(mysql(tls=authority.context(ELSEWHERE)))
    assert answers(ask("mysql", server.port, host=elsewhere, tls_ca=authority.file)) == WANTED
    assert answers(ask("mysql", server.port)) == WANTED
    unknown = "its certificate is of an authority that this machine does not trust: name its file with tls_ca"
    assert refusal("mysql", server.port, host=elsewhere) == unknown


@pytest.mark.parametrize(
    ("names", "expired", "sentence"),
    [
        (("other.example.test",), False, "its certificate is of another name"),
        ((ELSEWHERE,), True, "its certificate has expired"),
    ],
)
def test_certificates_that_are_not_good(
    serve: Servers, authority: Authority, elsewhere: str, names: tuple[str, ...], expired: bool, sentence: str
) -> None:
    server = serve(mysql(tls=authority.context(*names, expired=expired)))
    assert refusal("mysql", server.port, host=elsewhere, tls_ca=authority.file) == sentence
    assert b"c4n4ry" not in server.heard


def test_a_server_without_tls(serve: Servers, elsewhere: str) -> None:
    server = serve(mysql())
    sentence = "speaks no TLS: say plaintext = true where the way to the server can be trusted"
    assert refusal("mysql", server.port, host=elsewhere) == sentence
    assert server.heard == b""
    assert answers(ask("mysql", server.port, host=elsewhere, plaintext=True)) == WANTED


@pytest.mark.parametrize(
    ("login", "sentence"),
    [
        (error(1045), "refuses the login"),
        (error(1049), "has no such database"),
        (error(1044), "does not let this login into the database"),
        (error(1130), "does not let this machine connect"),
        (error(3159), "wants TLS"),
        (error(1234), "answers with error 1234"),
        (b"\xfeauth_gssapi_client\0c4n4ry", "wants a way to log in that PyMySQL does not know"),
    ],
)
def test_refusals_of_the_login(serve: Servers, login: bytes, sentence: str) -> None:
    assert refusal("mysql", serve(mysql(login=login)).port) == sentence


@pytest.mark.parametrize("question", ["SELECT VERSION()", "information_schema.system_variables", "user_privileges"])
def test_a_server_that_hangs_up_in_between(serve: Servers, question: str) -> None:
    said = refusal("mysql", serve(mysql({question: []})).port)
    assert said == "closes the connection before it has answered"


def test_a_server_that_hangs_in_between(serve: Servers) -> None:
    half = {"SHOW GLOBAL VARIABLES": rows([("sql_mode", "ANSI")])[:-1]}
    assert refusal("mysql", serve(mysql(half)).port) == "no answer within 0.5 s"
