"""The client libraries that applications use, one function a thing to do with a URL that devenv printed."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

import nats
import paho.mqtt.client as mqtt
import pika
import psycopg
import pymysql
import redis
from paho.mqtt.enums import CallbackAPIVersion
from pymemcache.client.base import Client as Memcache

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


def rabbitmq_version(url: str) -> str:
    with rabbitmq(url) as connection:
        return str(connection._impl.server_properties["version"])


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


# --- NATS


def nats_do(url: str, act: Callable[[Any], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        split = urlsplit(url)
        user, password = login(split)
        client = nats.NATS()
        extra = {"user": user, "password": password} if user else {}
        try:
            await client.connect(f"nats://{split.hostname}:{split.port}", allow_reconnect=False, **extra)
            return await act(client)
        finally:
            await client.close()
            if client._transport:  # which it leaves open when a login is refused
                client._transport.close()
            await asyncio.sleep(0.01)

    return asyncio.run(run())


def nats_write(url: str) -> None:
    async def act(client: Any) -> None:
        stream = client.jetstream()
        await stream.add_stream(name=KEY, subjects=[KEY])
        await stream.publish(KEY, VALUE.encode())

    nats_do(url, act)


def nats_read(url: str) -> Any:
    async def act(client: Any) -> str:
        message = await client.jetstream().get_msg(KEY, 1)
        return bytes(message.data).decode()

    return nats_do(url, act)


# --- Mosquitto


def mqtt_do(url: str, act: Callable[[mqtt.Client], None], topic: str = "") -> tuple[Any, list[str]]:
    """Connect, act, and give what the server said to the connection and what came on a topic within a second."""
    split = urlsplit(url)
    user, password = login(split)
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    if user:
        client.username_pw_set(user, password)
    connected, came = threading.Event(), threading.Event()
    said: list[Any] = []
    got: list[str] = []
    client.on_connect = lambda _client, _data, _flags, reason, properties: (
        said.append((reason, properties)),
        connected.set(),
    )
    client.on_message = lambda _client, _data, message: (got.append(message.payload.decode()), came.set())
    client.connect(split.hostname or "", split.port or 1883, keepalive=60)
    client.loop_start()
    try:
        assert connected.wait(5), "no CONNACK"
        reason, properties = said[0]
        assert not reason.is_failure, reason
        act(client)
        if topic:
            client.subscribe(topic)
            came.wait(2)
        return properties, got
    finally:
        client.disconnect()
        client.loop_stop()


def mqtt_write(url: str) -> None:
    mqtt_do(url, lambda client: client.publish(KEY, VALUE, qos=1, retain=True).wait_for_publish(5))


def mqtt_read(url: str) -> Any:
    _, got = mqtt_do(url, lambda client: None, KEY)
    return got[0] if got else None


def mqtt_version(url: str) -> str:
    _, got = mqtt_do(url, lambda client: None, "$SYS/broker/version")
    return got[0].split()[-1]
