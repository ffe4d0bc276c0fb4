from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import bson
import pytest

from devenv.effects import live_mongodb
from devenv.effects.live_address import parse
from devenv.effects.live_line import Endpoint, Limits
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

OP_REPLY, OP_QUERY, OP_MSG = 1, 2004, 2013
HELLO = {
    "ok": 1.0,
    "helloOk": True,
    "isWritablePrimary": True,
    "ismaster": True,
    "maxBsonObjectSize": 16777216,
    "maxMessageSizeBytes": 48000000,
    "maxWriteBatchSize": 100000,
    "minWireVersion": 0,
    "maxWireVersion": 21,
}
BUILD = {"ok": 1.0, "version": "7.0.8", "openssl": {"running": "c4n4ry"}, "sysInfo": "c4n4ry"}
FEATURES = {"ok": 1.0, "featureCompatibilityVersion": {"version": "6.0"}}
WANTED = {"live": "mongodb", "version": "7.0.8", "like": "", "features": "6.0"}
Said = dict[str, dict[str, Any]]


def failed(code: int) -> dict[str, Any]:
    return {"ok": 0.0, "code": code, "errmsg": "user c4n4ry c4n4ry"}


def mongodb(said: Said | None = None, heard: list[dict[str, Any]] | None = None) -> Callable[[Peer], None]:
    """A server that answers commands by their names; ``{}`` hangs up."""
    known: Said = {"buildInfo": BUILD, "getParameter": FEATURES, **(said or {})}

    def handle(peer: Peer) -> None:
        while True:
            size, number, _, operation = struct.unpack("<iiii", peer.exactly(16))
            if size > 1024 * 1024:
                return
            body = peer.exactly(size - 16)
            if operation == OP_QUERY:
                command = bson.decode(body[4 + body[4:].index(b"\0") + 1 + 8 :])
            else:
                command = bson.decode(body[5:])
            name = next(iter(command))
            if name in ("endSessions",):
                return
            if heard is not None and name not in ("hello", "ismaster", "isMaster"):
                heard.append({name: command[name]})
            answer = HELLO if name in ("hello", "ismaster", "isMaster") else known[name]
            if not answer:
                return
            document = bson.encode(answer)
            if operation == OP_QUERY:
                reply = struct.pack("<iqii", 0, 0, 0, 1) + document
            else:
                reply = struct.pack("<i", 0) + b"\0" + document
            kind = OP_REPLY if operation == OP_QUERY else OP_MSG
            peer.send(struct.pack("<iiii", 16 + len(reply), 1, number, kind) + reply)

    return handle


def test_what_is_asked_and_what_is_kept_of_it(serve: Servers) -> None:
    heard: list[dict[str, Any]] = []
    assert answers(ask("mongodb", serve(mongodb(heard=heard)).port, login="")) == WANTED
    assert heard == [{"buildInfo": 1}, {"getParameter": 1}]


def test_a_login_that_may_read_no_parameters(serve: Servers) -> None:
    port = serve(mongodb({"getParameter": failed(13)})).port
    assert answers(ask("mongodb", port, login="")) == WANTED | {"features": None}


def test_what_only_speaks_as_mongodb_does(serve: Servers) -> None:
    port = serve(mongodb({"buildInfo": BUILD | {"ferretdb": {"version": "c4n4ry"}}})).port
    assert answers(ask("mongodb", port, login="")) == WANTED | {"like": "ferretdb"}


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (failed(13), "does not let this login ask buildInfo: name a user in the address"),
        (failed(999), "answers with error 999"),
        ({}, "cannot be reached: is the address right, and does every member of the set answer?"),
    ],
)
def test_refusals(serve: Servers, said: dict[str, Any], sentence: str) -> None:
    assert refusal("mongodb", serve(mongodb({"buildInfo": said})).port, login="") == sentence


@pytest.mark.parametrize("code", [18, 11, 8000])
def test_refusals_of_the_login(serve: Servers, code: int) -> None:
    port = serve(mongodb({"saslStart": failed(code)})).port
    assert refusal("mongodb", port) == "refuses the login"


def test_tls(serve: Servers, authority: Authority, elsewhere: str) -> None:
    server = serve(mongodb(), authority.context(ELSEWHERE))
    assert answers(ask("mongodb", server.port, host=elsewhere, tls_ca=authority.file, login="")) == WANTED
    unknown = "its certificate is of an authority that this machine does not trust: name its file with tls_ca"
    assert refusal("mongodb", server.port, host=elsewhere) == unknown
    other = serve(mongodb(), authority.context("other.example.test"))
    said = refusal("mongodb", other.port, host=elsewhere, tls_ca=authority.file)
    assert said == "its certificate is of another name"


def test_a_server_without_tls(serve: Servers, elsewhere: str) -> None:
    port = serve(mongodb()).port
    assert refusal("mongodb", port, host=elsewhere) in (
        "ends the connection while TLS is agreed on",
        "closes the connection before it has answered",
    )
    assert answers(ask("mongodb", port, host=elsewhere, plaintext=True, login="")) == WANTED


def options(address: str, **way: Any) -> dict[str, Any]:
    made = live_mongodb._options(Endpoint(parse(address), limits=Limits(1, 2, 3), **way), tls=True)
    return {
        name: value for name, value in made.items() if "MS" not in name and name not in ("appname", "readPreference")
    }


def test_what_the_address_says_of_safety_does_not_count() -> None:
    address = "mongodb://u:p@a:1,b.example.com:2/shop?tlsInsecure=true&tlsAllowInvalidCertificates=true&replicaSet=rs0"
    assert options(address) == {
        "host": ["a:1", "b.example.com:2"],
        "retryReads": False,
        "tls": True,
        "username": "u",
        "password": "p",
        "authSource": "shop",
        "replicaSet": "rs0",
    }


@pytest.mark.parametrize(
    ("address", "way", "more"),
    [
        ("mongodb://[::1]:1/?tls=true", {}, {"host": ["[::1]:1"], "directConnection": True, "tlsAllowInvalidCertificates": True, "tlsAllowInvalidHostnames": True}),
        ("mongodb://localhost,db.example.com", {}, {"host": ["localhost:27017", "db.example.com:27017"]}),
        ("mongodb+srv://x.example.com", {"tls_ca": "ca.pem"}, {"host": "mongodb+srv://x.example.com", "tlsCAFile": "ca.pem"}),
        ("mongodb+srv://x.example.com", {"plaintext": True}, {"host": "mongodb+srv://x.example.com", "tlsAllowInvalidCertificates": True}),
    ],
)  # fmt: skip
def test_how_safe_it_is(address: str, way: Any, more: Any) -> None:
    assert options(address, **way) == {"retryReads": False, "tls": True, **more}


def test_an_address_that_asks_for_plain_text(serve: Servers) -> None:
    way = Endpoint(parse("mongodb://db.example.com/?tls=false"))
    with pytest.raises(live_mongodb.NoAnswer, match="mongodb:// is plain text: use mongodb with tls=true"):
        live_mongodb.ask(way)
