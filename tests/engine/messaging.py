"""The client libraries of NATS and MQTT, one function a thing to do with a URL that devenv printed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt
from nats.aio.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from tests.engine.clients import KEY, VALUE, login

# --- NATS


def nats_do(url: str, act: Callable[[Any], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        split = urlsplit(url)
        user, password = login(split)
        client = Client()
        extra: dict[str, Any] = {"user": user, "password": password} if user else {}
        try:
            await client.connect(f"nats://{split.hostname}:{split.port}", allow_reconnect=False, **extra)
            return await act(client)
        finally:
            await client.close()
            if client._transport:  # which it leaves open when a login is refused
                client._transport.close()  # type: ignore[no-untyped-call]
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

    def on_connect(_client: mqtt.Client, _data: Any, _flags: Any, reason: Any, properties: Any) -> None:
        said.append((reason, properties))
        connected.set()

    def on_message(_client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        got.append(message.payload.decode())
        came.set()

    client.on_connect, client.on_message = on_connect, on_message
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
