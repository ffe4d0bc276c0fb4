from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from devenv.effects.live_redis import SETTINGS
from tests.effects.live_servers import PASSWORD, USER, Peer, Servers, answers, ask, refusal, serve

__all__ = ["serve"]

INFO = {
    "server": "# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\nexecutable:/home/c4n4ry/redis-server\r\n"
    "config_file:/home/c4n4ry/redis.conf\r\n",
    "memory": "# Memory\r\nmaxmemory:0\r\nmaxmemory_policy:noeviction\r\n",
    "persistence": "# Persistence\r\naof_enabled:0\r\n",
    "cluster": "# Cluster\r\ncluster_enabled:0\r\n",
    "modules": "# Modules\r\nmodule:name=search,ver=21005,api=1,path=/c4n4ry\r\n",
}
Say = Callable[[list[str]], bytes | None]


def words(peer: Peer) -> list[str]:
    count = int(peer.line()[1:])
    return [peer.exactly(int(peer.line()[1:]) + 2)[:-2].decode() for _ in range(count)]


def bulk(text: str) -> bytes:
    data = text.encode()
    return b"$%d\r\n%s\r\n" % (len(data), data)


def as_usual(command: list[str]) -> bytes:
    match command:
        case ["AUTH", *_]:
            return b"+OK\r\n"
        case ["INFO", section]:
            return bulk(INFO[section])
        case ["CONFIG", "GET", name]:
            return b"*2\r\n" + bulk(name) + bulk(f"value of {name}")
    raise AssertionError(command)


def redis(say: Say = lambda command: None, heard: list[list[str]] | None = None) -> Callable[[Peer], None]:
    """A server that answers as ``say`` says, else as usual; b"" hangs up."""

    def handle(peer: Peer) -> None:
        while True:
            command = words(peer)
            if heard is not None:
                heard.append(command)
            answer = say(command)
            answer = as_usual(command) if answer is None else answer
            if not answer:
                return
            peer.send(answer)

    return handle


USUAL = {
    "live": "redis",
    "info": {
        "redis_version": "7.0.15",
        "redis_mode": "standalone",
        "executable": "redis-server",
        "maxmemory_policy": "noeviction",
        "aof_enabled": "0",
        "cluster_enabled": "0",
    },
    "modules": [["search", "21005"]],
    "config": {name: f"value of {name}" for name in SETTINGS},
}


def test_what_is_asked_and_what_is_kept_of_it(serve: Servers) -> None:
    heard: list[list[str]] = []
    assert answers(ask("redis", serve(redis(heard=heard)).port)) == USUAL
    assert heard == [
        ["AUTH", USER, PASSWORD],
        *(["INFO", section] for section in ("server", "memory", "persistence", "cluster", "modules")),
        *(["CONFIG", "GET", name] for name in SETTINGS),
    ]


@pytest.mark.parametrize(("login", "expected"), [("", []), (":c4n4ry", [["AUTH", "c4n4ry"]])])
def test_logins(serve: Servers, login: str, expected: list[list[str]]) -> None:
    heard: list[list[str]] = []
    assert answers(ask("redis", serve(redis(heard=heard)).port, login=login)) == USUAL
    assert [command for command in heard if command[0] == "AUTH"] == expected


def test_a_server_that_knows_no_users(serve: Servers) -> None:
    def say(command: list[str]) -> bytes | None:
        return (
            b"-ERR wrong number of arguments for 'auth' command\r\n"
            if len(command) == 3 and command[0] == "AUTH"
            else None
        )

    assert answers(ask("redis", serve(redis(say)).port)) == USUAL


@pytest.mark.parametrize(
    "said",
    [
        b"-ERR Client sent AUTH, but no password is set\r\n",
        b"-ERR AUTH <password> called without any password configured for the default user.\r\n",
    ],
)
def test_a_server_without_a_password(serve: Servers, said: bytes) -> None:
    assert answers(ask("redis", serve(redis(lambda command: said if command[0] == "AUTH" else None)).port)) == USUAL


@pytest.mark.parametrize(
    "said", [b"-NOPERM c4n4ry has no permissions\r\n", b"-ERR unknown command 'CONFIG'\r\n", b"-ERR c4n4ry\r\n"]
)
def test_a_server_that_keeps_its_settings_to_itself(serve: Servers, said: bytes) -> None:
    found = answers(ask("redis", serve(redis(lambda command: said if command[0] == "CONFIG" else None)).port))
    assert found == USUAL | {"config": None}


def test_settings_that_a_server_has_not(serve: Servers) -> None:
    found = answers(ask("redis", serve(redis(lambda command: b"*0\r\n" if command[0] == "CONFIG" else None)).port))
    assert found == USUAL | {"config": {}}


@pytest.mark.parametrize(
    ("command", "said", "sentence"),
    [
        ("AUTH", b"-WRONGPASS invalid username-password pair c4n4ry\r\n", "refuses the login"),
        ("AUTH", b"-ERR invalid password\r\n", "refuses the login"),
        ("INFO", b"-NOAUTH Authentication required.\r\n", "wants a login"),
        ("INFO", b"-NOPERM User c4n4ry has no permissions\r\n", "does not let this login ask INFO"),
        ("INFO", b"-LOADING Redis is loading the dataset in memory\r\n", "is still loading its data"),
        ("INFO", b"-DENIED Redis is running in protected mode\r\n", "lets only its own machine in (protected mode)"),
        ("INFO", b"-WHATEVER c4n4ry\r\n", "does not answer as Redis does"),
        ("INFO", b"HTTP/1.1 400 Bad Request\r\n", "does not answer as Redis does"),
        ("INFO", b"$c4n4ry\r\n", "does not answer as Redis does"),
        ("INFO", b"*1\r\n" * 8, "does not answer as Redis does"),
        ("INFO", b"$99999999\r\n", "answers more than is to be believed"),
        ("INFO", b"$10\r\nx\r\n", "no answer within 0.5 s"),
        ("INFO", b"", "closes the connection before it has answered"),
        ("CONFIG", b"", "closes the connection before it has answered"),
    ],
)
def test_refusals(serve: Servers, command: str, said: bytes, sentence: str) -> None:
    def say(heard: list[str]) -> bytes | None:
        return said if heard[0] == command else None

    assert refusal("redis", serve(redis(say)).port) == sentence


def test_nothing_is_left_open(serve: Servers) -> None:
    ended: list[Any] = []

    def handle(peer: Peer) -> None:
        try:
            redis()(peer)
        finally:
            ended.append(True)

    server = serve(handle)
    ask("redis", server.port)
    for _ in range(100):
        if ended:
            break
        server._stopped.wait(0.02)
    assert ended == [True]
