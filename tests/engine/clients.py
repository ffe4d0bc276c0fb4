"""The client libraries that applications use, one function a thing to do with a URL that devenv printed."""

from __future__ import annotations

import base64
import contextlib
import json
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

import pika  # type: ignore[import-untyped]
import psycopg
import pymysql  # type: ignore[import-untyped]
import redis
from pymemcache.client.base import Client as Memcache  # type: ignore[import-untyped]

KEY, VALUE = "kept", "what was written"


def login(url: SplitResult) -> tuple[str, str]:
    return unquote(url.username or ""), unquote(url.password or "")


# --- PostgreSQL


def postgres(url: str, *statements: str) -> Any:
    """Run statements; the first field of the last one's first row."""
    with psycopg.connect(url, connect_timeout=5, autocommit=True) as connection:
        for statement in statements:
            cursor = connection.execute(statement.encode())
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def postgres_write(url: str) -> None:
    postgres(url, "CREATE TABLE notes (body text)", f"INSERT INTO notes VALUES ('{VALUE}')")


def postgres_read(url: str) -> Any:
    return postgres(url, "SELECT body FROM notes")


def postgres_version(url: str) -> str:
    return str(postgres(url, "SHOW server_version")).split()[0]


# --- MySQL and MariaDB


def mysql(url: str, *statements: str) -> Any:
    """Run statements; the last field of the last one's first row."""
    split = urlsplit(url)
    user, password = login(split)
    connection = pymysql.connect(
        host=split.hostname,
        port=split.port or 3306,
        user=user,
        password=password.encode(),  # text would be sent as Latin-1
        database=split.path[1:],
        connect_timeout=5,
        autocommit=True,
    )
    with contextlib.closing(connection), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        row = cursor.fetchone()
        return row[-1] if row else None


def mysql_write(url: str) -> None:
    mysql(url, "CREATE TABLE notes (body text)", f"INSERT INTO notes VALUES ('{VALUE}')")


def mysql_read(url: str) -> Any:
    return mysql(url, "SELECT body FROM notes")


def mysql_version(url: str) -> str:
    return str(mysql(url, "SELECT VERSION()")).partition("-")[0]


# --- Redis and Valkey


@contextlib.contextmanager
def redis_client(url: str) -> Iterator[Any]:
    client = redis.Redis.from_url(url, decode_responses=True, socket_timeout=5)
    try:
        yield client
    finally:
        client.close()


def redis_write(url: str) -> None:
    with redis_client(url) as client:
        client.set(KEY, VALUE)


def redis_read(url: str) -> Any:
    with redis_client(url) as client:
        return client.get(KEY)


def redis_version(url: str) -> str:
    with redis_client(url) as client:
        said = client.info("server")
        return str(said.get("valkey_version") or said["redis_version"])


# --- Memcached


@contextlib.contextmanager
def memcached(url: str) -> Iterator[Memcache]:
    split = urlsplit(url)
    client = Memcache((split.hostname, split.port), timeout=5, connect_timeout=5)
    try:
        yield client
    finally:
        client.close()


def memcached_write(url: str) -> None:
    with memcached(url) as client:
        client.set(KEY, VALUE.encode(), noreply=False)


def memcached_read(url: str) -> Any:
    with memcached(url) as client:
        found = client.get(KEY)
        return found.decode() if found else None


def memcached_version(url: str) -> str:
    with memcached(url) as client:
        return bytes(client.version()).decode()


# --- RabbitMQ


@contextlib.contextmanager
def rabbitmq(url: str) -> Iterator[Any]:
    connection = pika.BlockingConnection(pika.URLParameters(url))
    try:
        yield connection
    finally:
        connection.close()


def rabbitmq_write(url: str) -> None:
    with rabbitmq(url) as connection:
        channel = connection.channel()
        channel.queue_declare(KEY, durable=True)
        channel.confirm_delivery()
        channel.basic_publish("", KEY, VALUE.encode(), pika.BasicProperties(delivery_mode=2))


def rabbitmq_read(url: str) -> Any:
    """Looks at the message and leaves it in its queue."""
    with rabbitmq(url) as connection:
        _, _, body = connection.channel().basic_get(KEY)
        return body.decode() if body is not None else None


def rabbitmq_has_statistics(management_url: str, url: str) -> bool:
    """Whether the management page shows more than names: rates, lengths of queues, connections."""
    user, password = login(urlsplit(url))
    word = base64.b64encode(f"{user}:{password}".encode()).decode()
    request = urllib.request.Request(f"{management_url}/api/overview", headers={"Authorization": f"Basic {word}"})
    with contextlib.closing(urllib.request.urlopen(request, timeout=10)) as page:
        return json.load(page)["disable_stats"] is False


def rabbitmq_version(url: str) -> str:
    with rabbitmq(url) as connection:
        return str(connection._impl.server_properties["version"])
