"""Queues, users and all messages of a broker go to the next version that there is an image of."""

from __future__ import annotations

import time
from collections import defaultdict
from itertools import islice
from typing import Any

import pika
import pytest

from tests.engine import clients
from tests.engine.conftest import Make, Standin
from tests.engine.project import Project, docker, own_port
from tests.engine.running import PATIENCE, devenv
from tests.engine.test_sync import version

#: Nobody else's: while data is moved it is free, and tests in other processes want the standard one.
PORT = own_port()

#: Virtual hosts by the end of the URL that leads there.
HOSTS = {"/": "%2F", "app/ü": "app%2F%C3%BC"}
#: Two kinds of queues in two virtual hosts.
EACH = 2500
QUEUES: dict[str, dict[str, Any]] = {"by priority": {"x-max-priority": 10}, "quorum": {"x-queue-type": "quorum"}}


def manifest(number: str) -> str:
    """With no plugin at all: nothing may depend on one."""
    return (
        f'[services.queue]\nkind = "rabbitmq"\nversion = "{number}"\nport = {PORT}\nvhosts = ["app/ü"]\nplugins = []\n'
    )


def at(own: Project, host: str) -> Any:
    return clients.rabbitmq(own.url("queue").removesuffix("%2F") + HOSTS[host])


def control(own: Project, *words: str) -> str:
    return docker("exec", own.container("queue"), "rabbitmqctl", "-q", *words)


def fill(own: Project) -> None:
    for host in HOSTS:
        with at(own, host) as connection:
            channel = connection.channel()
            channel.exchange_declare("events", "topic", durable=True, arguments={"alternate-exchange": "amq.fanout"})
            for name, arguments in QUEUES.items():
                channel.queue_declare(name, durable=True, arguments=arguments)
                channel.queue_bind(name, "events", f"{name}.#")
            channel.queue_declare("gone with its server", durable=False)
            channel.queue_declare(
                "empty", durable=True, arguments={"x-message-ttl": 1000, "x-dead-letter-exchange": ""}
            )
            channel.queue_declare("auto-delete", durable=True, auto_delete=True)
            channel.basic_publish("", "auto-delete", b"x", pika.BasicProperties(delivery_mode=2))
            for number in range(EACH):
                identity, user, mode, sort, time, headers, body = message(number)
                properties = pika.BasicProperties(sort, None, headers, mode, number % 10, message_id=identity,
                                                  timestamp=time, user_id=user)  # fmt: skip
                for name in QUEUES:
                    channel.basic_publish("", name, body, properties)
            connection.channel().queue_declare("empty", passive=True)  # all before is with the broker
    control(own, "add_user", "somebody", "s'ecret")
    control(own, "set_user_tags", "somebody", "monitoring", "management")
    control(own, "set_permissions", "-p", "app/ü", "somebody", "^a", "", ".*")
    control(own, "set_topic_permissions", "-p", "app/ü", "somebody", "events", "^a", ".*")
    control(own, "set_policy", "-p", "app/ü", "--priority", "7", "short", "^s", '{"max-length":5}')


def message(number: int) -> tuple[Any, ...]:
    headers = {"n": number, "text": "ü", "table": {"a": [1, True, None]}}
    return (f"{number}", "devenv", 2, "text/plain", 1700000000, headers, b"\x00\xff" + b"%d" % number)


#: Of each priority in the order of their coming: across priorities each version of a quorum queue has its own.
ALL = {number: [message(n) for n in range(number, EACH, 10)] for number in range(10)}


def read(own: Project, *hosts: str) -> dict[tuple[str, str], dict[int, list[tuple[Any, ...]]]]:
    """Every message with all that it is, by queue and priority. They are taken: those that go back to a quorum queue
    would do so in any order.

    What a queue notes in headers of how often it delivered a message is its own (``x-delivery-count``).
    """
    found: dict[tuple[str, str], dict[int, list[tuple[Any, ...]]]] = {}
    for host in hosts or HOSTS:
        with at(own, host) as connection:
            for name in QUEUES:
                by = found.setdefault((host, name), defaultdict(list))
                channel = connection.channel()
                for method, what, body in islice(channel.consume(name, auto_ack=True, inactivity_timeout=30), EACH):
                    assert method, f"{name} in {host} holds less"
                    headers = {key: value for key, value in what.headers.items() if not key.startswith("x-")}
                    more = (what.message_id, what.user_id, what.delivery_mode, what.content_type, what.timestamp)
                    by[what.priority].append((*more, headers, body))
                connection.process_data_events(0.2)
                assert channel.get_waiting_message_count() == 0, f"{name} in {host} holds more"
                channel.cancel()
                channel.close()
    return found


def whole() -> dict[tuple[str, str], dict[int, list[tuple[Any, ...]]]]:
    assert sum(len(messages) for messages in ALL.values()) * len(HOSTS) * len(QUEUES) == 10_000
    return {(host, name): ALL for host in HOSTS for name in QUEUES}


def listed(own: Project, awaited: str) -> list[str]:
    """The queues, as soon as there is a certain line among them: a quorum queue counts every five seconds."""
    deadline = time.monotonic() + PATIENCE
    while True:
        lines = control(own, "list_queues", "-p", "app/ü", "name", "type", "auto_delete", "messages").splitlines()
        if awaited in lines:
            return lines
        assert time.monotonic() < deadline, lines


def test_from_server_to_server(project: Make, standins: tuple[Standin, ...]) -> None:
    """The releases between cannot be had: what is missing is said, and the data goes all the same."""
    first, *others = (version(standins, "rabbitmq", series) for series in ("3.10", "4.0", "4.3"))
    own = project(manifest(first))
    own.up()
    fill(own)
    control(own, "set_policy", "-p", "/", "mirrored", "^m", '{"ha-mode":"all"}')
    for number in others:
        own.write(manifest(number))
        (upgrade,) = own.json("sync", "--yes")["upgrades"]
        assert upgrade["way"] == "from server to server"
        assert upgrade["note"].startswith("not step by step, on a copy: no image rabbitmq:")
        assert clients.rabbitmq_version(own.url("queue")) == number
        said = control(own, "list_users")
        assert "somebody\t[monitoring, management]" in said.replace("management, monitoring", "monitoring, management")
        assert "devenv-upgrade" not in said
        control(own, "authenticate_user", "somebody", "s'ecret")
        assert "short\t^s\tqueues\t" in control(own, "list_policies", "-p", "app/ü").replace("\tall\t", "\tqueues\t")
        assert "mirrored" not in control(own, "list_policies")
        assert control(own, "list_parameters").strip() == ""
        lines = listed(own, f"quorum\tquorum\tfalse\t{EACH}")
        assert "auto-delete\tclassic\ttrue\t1" in lines
        assert not any("gone" in line for line in lines)
    for number in (*others[::-1], first):
        own.write(manifest(number))
        own.up()
        assert read(own) == whole()


def test_the_oldest(project: Make, standins: tuple[Standin, ...]) -> None:
    """Its quorum queues come back after their broker says that it serves; where the virtual host's name is not ASCII
    they never do (3.8.9). That is told, and is not taken for an empty queue."""
    first, then = version(standins, "rabbitmq", "3.8"), version(standins, "rabbitmq", "3.10")
    own = project(manifest(first))
    own.up()
    fill(own)
    own.write(manifest(then))
    ended = devenv(own, "sync", "--yes")
    assert ended.code == 1
    assert "the quorum queue quorum in app/ü does not come back when this version starts" in ended.err
    control(own, "delete_vhost", "app/ü")
    (upgrade,) = own.json("sync", "--yes")["upgrades"]
    assert upgrade["note"].startswith("not step by step, on a copy: no image rabbitmq:3.9")
    assert read(own, "/") == {place: found for place, found in whole().items() if place[0] == "/"}


@pytest.mark.parametrize("filled", [True, False])
def test_a_stream(project: Make, standins: tuple[Standin, ...], filled: bool) -> None:
    """No shovel moves one by its length; one that holds something is not left behind silently."""
    first, then = version(standins, "rabbitmq", "3.10"), version(standins, "rabbitmq", "4.0")
    own = project(manifest(first))
    own.up()
    with at(own, "/") as connection:
        channel = connection.channel()
        channel.queue_declare("stream", durable=True, arguments={"x-queue-type": "stream"})
        channel.confirm_delivery()
        if filled:
            channel.basic_publish("", "stream", b"x")
    own.write(manifest(then))
    if filled:
        ended = devenv(own, "sync", "--yes")
        assert ended.code == 1
        assert "the stream stream in / holds messages, which cannot be moved from server to server" in ended.err
        assert clients.rabbitmq_version(own.url("queue")) == first  # it serves again as soon as that is said
    else:
        own.run("sync", "--yes")
        assert "stream\tstream" in control(own, "list_queues", "name", "type")
