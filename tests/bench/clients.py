"""The three servers as clients see them: the raw greeting of each protocol, and a real client's first connection."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Mapping

import pika
import psycopg
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

#: What is sent, and how an answer begins that only a server gives which lets clients in. The temporary server of
#: Postgres' first start has no TCP, and one that is still starting answers E; Redis says -LOADING while it loads.
GREETINGS: Mapping[str, tuple[bytes, bytes]] = {
    "db": (b"\x00\x00\x00\x17\x00\x03\x00\x00user\x00postgres\x00\x00", b"R"),
    "cache": (b"PING\r\n", b"+PONG"),
    "queue": (b"AMQP\x00\x00\x09\x01", b"\x01\x00\x00"),
}
_PAUSE = 0.02


def greets(service: str, port: int) -> bool:
    """Whether a server answers, asked once."""
    said, wanted = GREETINGS[service]
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as sock:
            sock.sendall(said)
            return sock.recv(64).startswith(wanted)
    except OSError:
        return False


def until_all_greet(ports: Mapping[str, int], *, timeout: float = 180) -> str:
    """Ask until each server has answered once; the name of the one that was last."""
    waiting, last = dict(ports), ""
    deadline = time.monotonic() + timeout
    while waiting:
        for service in [name for name, port in waiting.items() if greets(name, port)]:
            del waiting[service]
            last = service
        if time.monotonic() > deadline:
            raise RuntimeError(f"{', '.join(waiting)} did not answer in {timeout:.0f} s")
        if waiting:
            time.sleep(_PAUSE)
    return last


def _postgres(port: int, user: str, password: str) -> None:
    where = f"postgres://{user}:{password}@127.0.0.1:{port}/bench"
    with psycopg.connect(where, connect_timeout=5) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS first (at int)")


def _redis(port: int, user: str, password: str) -> None:
    with redis.Redis(port=port, socket_timeout=5, retry=Retry(NoBackoff(), 0)) as client:
        client.set("first", "1")


def _rabbitmq(port: int, user: str, password: str) -> None:
    login = pika.PlainCredentials(user, password)
    where = pika.ConnectionParameters("127.0.0.1", port, "/", login, connection_attempts=1, socket_timeout=5)
    connection = pika.BlockingConnection(where)
    try:
        connection.channel().queue_declare("first")
    finally:
        connection.close()


_CLIENTS: Mapping[str, Callable[[int, str, str], None]] = {"db": _postgres, "cache": _redis, "queue": _rabbitmq}


def first_connections(ports: Mapping[str, int], logins: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """Connect to each server once and do one thing there, as its application would: service -> what went wrong."""
    failed = {}
    for service, port in ports.items():
        try:
            _CLIENTS[service](port, *logins[service])
        except Exception as error:
            failed[service] = f"{type(error).__name__}: {error}".strip().splitlines()[0]
    return failed
