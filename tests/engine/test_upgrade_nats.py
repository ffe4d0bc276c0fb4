"""Streams go to newer servers: with their messages, their consumers and how far those have come."""

from __future__ import annotations

import re
from typing import Any

from nats.js.api import StreamConfig

from tests.engine.conftest import Make, Standin
from tests.engine.messaging import nats_do
from tests.engine.project import Project, own_port
from tests.engine.running import devenv

PORT = own_port()


def versions(standins: tuple[Standin, ...]) -> list[str]:
    found = {item.version for item in standins if item.kind == "nats"}
    return sorted(found, key=lambda text: [int(part) for part in text.split(".")])


def manifest(version: str, more: str = "") -> str:
    return f'[services.bus]\nkind = "nats"\nversion = "{version}"\nport = {PORT}\n{more}'


async def fill(client: Any) -> None:
    stream = client.jetstream()
    await stream.add_stream(StreamConfig(name="ORDERS", subjects=["orders.>"]))
    await stream.add_stream(StreamConfig(name="WORK", subjects=["work"], retention="workqueue"))
    await stream.add_stream(StreamConfig(name="SHORT", subjects=["short"], max_age=3600))
    for number in range(300):
        await stream.publish(f"orders.{number % 7}", b"x" * number, headers={"n": str(number)})
        await stream.publish("work", b"%d" % number)
    await stream.publish("short", b"s")
    orders = await stream.pull_subscribe("orders.>", durable="billing")
    for message in await orders.fetch(100):
        await message.ack()
    work = await stream.pull_subscribe("work", durable="worker")
    for message in await work.fetch(20):
        await message.ack_sync()
    settings = await stream.create_key_value(bucket="settings", history=3)
    for number in range(10):
        await settings.put(f"key{number % 4}", b"%d" % number)
    await settings.delete("key1")
    files = await stream.create_object_store("files")
    await files.put("file", b"z" * 300_000)


async def held(client: Any) -> dict[str, Any]:
    """What a client finds: messages are read, not counted."""
    stream = client.jetstream()
    billing = await stream.consumer_info("ORDERS", "billing")
    work = await stream.stream_info("WORK")
    settings = await stream.key_value("settings")
    file = await (await stream.object_store("files")).get("file")
    last = await stream.get_msg("ORDERS", 300)
    return {
        "billing": (billing.ack_floor.stream_seq, billing.num_pending),
        "last": (len(last.data), last.headers["n"]),
        "work": (work.state.messages, work.state.first_seq),
        "settings": {key: (await settings.get(key)).value for key in ("key0", "key2", "key3")},
        "file": len(file.data),
    }


async def version_of(client: Any) -> str:
    return str(client._server_info["version"])


def holds(project: Project) -> Any:
    return nats_do(project.url("bus"), held)


def test_streams_go_from_version_to_version(project: Make, standins: tuple[Standin, ...]) -> None:
    first, *later = versions(standins)
    made = project(manifest(first))
    made.up()
    nats_do(made.url("bus"), fill)
    before = holds(made)
    assert before["billing"] == (100, 200)

    for version in later:
        made.write(manifest(version))
        said = devenv(made, "sync", "--yes")
        assert said.code == 0, said.err
        assert "and nothing is missing" in said.err
        assert nats_do(made.url("bus"), version_of) == version
        assert holds(made) == before

    made.write(manifest(first))
    made.up()
    assert holds(made) == before


def test_the_census_counts_what_there_is(project: Make, standins: tuple[Standin, ...]) -> None:
    first, *_, last = versions(standins)
    made = project(manifest(first, 'user = "app"\npassword = "a b"\n'))
    made.up()
    nats_do(made.url("bus"), fill)
    made.write(manifest(last, 'user = "app"\npassword = "a b"\n'))
    devenv(made, "sync", "--yes")

    (census,) = (made.root / "state").rglob("census-before")
    lines = dict(line.split("\t") for line in census.read_text().splitlines() if "\t" in line)
    assert census.with_name("census-after").read_text() == census.read_text()
    assert '"messages": 300' in lines["$G stream ORDERS holds"]
    assert '"messages": 280' in lines["$G stream WORK holds"]
    assert "messages" not in lines["$G stream SHORT holds"]
    assert '"stream_seq": 100' in lines["$G stream ORDERS consumer billing has"]
    assert {"$G stream KV_settings holds", "$G stream OBJ_files is"} <= lines.keys()


def test_a_server_without_streams_goes_too(project: Make, standins: tuple[Standin, ...]) -> None:
    first, *_, last = versions(standins)
    made = project(manifest(first, "jetstream = false\n"))
    made.up()
    made.write(manifest(last, "jetstream = false\n"))
    said = devenv(made, "sync", "--yes")
    assert said.code == 0, said.err


def test_a_server_that_does_not_start_keeps_the_old_version(project: Make, standins: tuple[Standin, ...]) -> None:
    first, *_, last = versions(standins)
    made = project(manifest(first))
    made.up()
    nats_do(made.url("bus"), fill)
    # A newer server with a setting under which it does not start.
    made.write(manifest(last, '[services.bus.settings]\n"max_payload" = "nonsense"\n'))
    said = devenv(made, "sync", "--yes")
    assert said.code == 1
    assert re.search(r"bus.*stays", said.err)
    assert "exited with code 1" in said.err
    assert "max_payload" in said.err  # its own last words
    assert nats_do(made.url("bus"), version_of) == first
