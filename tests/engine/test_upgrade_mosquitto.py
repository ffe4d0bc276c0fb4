"""What a broker keeps goes to newer ones: retained messages, and sessions with what waits for them."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from tests.engine.clients import login
from tests.engine.conftest import Make, Standin
from tests.engine.project import Project, own_port
from tests.engine.running import devenv

PORT = own_port()
RETAINED = 1500


def versions(standins: tuple[Standin, ...]) -> list[str]:
    found = {item.version for item in standins if item.kind == "mosquitto"}
    return sorted(found, key=lambda text: [int(part) for part in text.split(".")])


def manifest(version: str, standins: tuple[Standin, ...], more: str = "") -> str:
    variant = next(item.variant for item in standins if item.kind == "mosquitto" and item.version == version)
    own = f'variant = "{variant}"\n' if variant else ""
    return f'[services.mqtt]\nkind = "mosquitto"\nversion = "{version}"\nport = {PORT}\n{own}{more}'


class Client:
    """A client with a name, which the broker remembers unless it is ``clean``."""

    def __init__(self, project: Project, name: str, *, clean: bool = False) -> None:
        split = urlsplit(project.url("mqtt"))
        self.got: list[tuple[str, bytes]] = []
        self.client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=name, protocol=mqtt.MQTTv311, clean_session=clean
        )
        user, password = login(split)
        if user:
            self.client.username_pw_set(user, password)
        self.client.on_message = lambda client, data, message: self.got.append((message.topic, message.payload))
        self.client.connect(split.hostname or "", split.port or 1883)
        self.client.loop_start()
        self.until(self.client.is_connected)

    def until(self, true: Any) -> None:
        deadline = time.monotonic() + 20
        while not true():
            assert time.monotonic() < deadline, self.got[-3:]
            time.sleep(0.02)

    def subscribe(self, topic: str, qos: int) -> None:
        acknowledged: list[int] = []
        self.client.on_subscribe = lambda client, data, mid, codes, properties: acknowledged.append(mid)
        self.client.subscribe(topic, qos)
        self.until(lambda: acknowledged)

    def end(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


def fill(project: Project) -> None:
    for name, topic, qos in (("billing", "orders/#", 1), ("mail er", "orders/+/paid", 2)):
        client = Client(project, name)
        client.subscribe(topic, qos)
        client.end()
    sender = Client(project, "sender", clean=True)
    last = None
    for number in range(RETAINED):
        last = sender.client.publish(f"state/{number}", b"\x00\t%d\n" % number, qos=1, retain=True)
    last = sender.client.publish("state/über dem Tisch", "größer".encode(), qos=1, retain=True)
    for number in range(40):
        last = sender.client.publish(f"orders/{number}/paid", b"%d" % number, qos=1)
    last.wait_for_publish(20)
    time.sleep(0.5)
    sender.end()


def held(project: Project) -> list[tuple[str, bytes]]:
    reader = Client(project, "reader", clean=True)
    reader.subscribe("state/#", 1)
    reader.until(lambda: len(reader.got) >= RETAINED + 1)
    reader.end()
    return sorted(reader.got)


def test_a_broker_goes_from_version_to_version(project: Make, standins: tuple[Standin, ...]) -> None:
    first, *later = versions(standins)
    settings = "[services.mqtt.settings]\nmax_queued_messages = 0\n"
    made = project(manifest(first, standins, settings))
    made.up()
    fill(made)
    before, series = held(made), first.split(".")[:2]
    assert ("state/über dem Tisch", "größer".encode()) in before

    for version in later:
        made.write(manifest(version, standins, settings))
        said = devenv(made, "sync", "--yes")
        assert said.code == 0, said.err
        # Within a series the data is of one format, and there is nothing to move.
        assert ("and nothing is missing" in said.err) == (version.split(".")[:2] != series)
        series = version.split(".")[:2]
        assert held(made) == before

    billing = Client(made, "billing")
    billing.until(lambda: len(billing.got) == 40)
    assert billing.got[-1] == ("orders/39/paid", b"39")
    billing.end()


@pytest.mark.parametrize("options", ["", 'user = "app"\npassword = "a b"\n'], ids=["anybody", "login"])
def test_the_census_counts_what_there_is(project: Make, standins: tuple[Standin, ...], options: str) -> None:
    first, *_, last = versions(standins)
    made = project(manifest(first, standins, options))
    made.up()
    fill(made)
    made.write(manifest(last, standins, options))
    said = devenv(made, "sync", "--yes")
    assert said.code == 0, said.err

    (census,) = (made.root / "state").rglob("census-before")
    lines = dict(line.split("\t") for line in census.read_text().splitlines() if "\t" in line)
    assert lines["retained messages"] == str(RETAINED + 1)
    assert len({value for name, value in lines.items() if name.startswith("retained state/")}) == RETAINED + 1
    assert lines["session billing subscribes to orders/#"] == "QoS 1"
    assert lines["session billing"] == "messages waiting: 40"
    assert lines["session mail\\040er subscribes to orders/+/paid"] == "QoS 2"
    assert census.with_name("census-after").read_text() == census.read_text()
