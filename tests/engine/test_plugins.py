"""Plugins of RabbitMQ that listen on ports of their own: reached from outside while they are enabled."""

from __future__ import annotations

import json
import socket
import urllib.request
from contextlib import closing
from urllib.parse import unquote, urlsplit

import pytest

from tests.engine import clients
from tests.engine.conftest import Make
from tests.engine.project import Project, docker

PLUGINS = ["rabbitmq_stream", "rabbitmq_mqtt", "rabbitmq_stomp", "rabbitmq_prometheus", "rabbitmq_web_mqtt"]
PLUGINS += ["rabbitmq_web_stomp"]


def manifest(version: str, plugins: list[str]) -> str:
    said = f"version = {json.dumps(version)}\nplugins = {json.dumps(plugins)}\n"
    return f'[services.queue]\nkind = "rabbitmq"\n{said}vhost = "shop"\npassword = "a b/c"\n'


def answer(url: str, sent: str) -> str:
    """The first bytes that come back from a server's port."""
    split = urlsplit(url)
    with socket.create_connection((split.hostname, split.port), timeout=10) as connection:
        connection.sendall(sent.encode())
        return connection.recv(4096).decode("latin-1")


def mqtt(url: str) -> str:
    """What MQTT 3.1.1, which every version knows, is answered: a CONNACK, and as its last byte 0 for a welcome."""
    split = urlsplit(url)
    texts = ["probe", split.username or "", unquote(split.password or "")]
    rest = "\0\x04MQTT\x04\xc2\0\x3c" + "".join(f"\0{chr(len(text))}{text}" for text in texts)
    with socket.create_connection((split.hostname, split.port), timeout=10) as connection:
        connection.sendall(b"\x10" + bytes([len(rest)]) + rest.encode("latin-1"))
        return connection.recv(4).hex()


def stomp(url: str) -> str:
    split = urlsplit(url)
    login = f"login:{split.username}\npasscode:{unquote(split.password or '')}"
    return answer(url, f"CONNECT\naccept-version:1.2\nhost:shop\n{login}\n\n\0").partition("\n")[0]


def upgraded(url: str, protocol: str) -> str:
    key = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="
    asked = (
        f"GET {urlsplit(url).path} HTTP/1.1\r\nHost: localhost\r\n{key}\r\nSec-WebSocket-Protocol: {protocol}\r\n\r\n"
    )
    return answer(url, asked).partition("\r\n")[0]


def advertised(project: Project) -> str:
    """Where the broker sends stream clients."""
    asked = 'io:format("~s:~p", [rabbit_stream:host(), rabbit_stream:port()]).'
    return docker("exec", project.container("queue"), "rabbitmqctl", "--quiet", "eval", asked).splitlines()[0]


@pytest.mark.parametrize("version", ["3.10.8", "4.0.5"])
def test_a_plugins_port_is_there_while_the_plugin_is(project: Make, version: str) -> None:
    made = project(manifest(version, PLUGINS))
    made.up()
    assert mqtt(made.url("queue", "mqtt_url")) == "20020000"
    assert stomp(made.url("queue", "stomp_url")) == "CONNECTED"
    assert upgraded(made.url("queue", "web_mqtt_url"), "mqtt") == "HTTP/1.1 101 Switching Protocols"
    assert upgraded(made.url("queue", "web_stomp_url"), "v12.stomp") == "HTTP/1.1 101 Switching Protocols"
    with closing(urllib.request.urlopen(made.url("queue", "prometheus_url"), timeout=10)) as page:
        assert b"rabbitmq_build_info" in page.read()
    port = urlsplit(made.url("queue", "stream_url")).port
    with socket.create_connection(("127.0.0.1", port or 0), timeout=10):
        assert advertised(made).removesuffix("ok") == f"localhost:{port}"
    made.run("url", "queue", "management_url", code=2)

    docker("exec", made.container("queue"), "rabbitmq-plugins", "disable", "rabbitmq_stream")
    (found,) = made.json("status", "--deep")["services"]
    assert found["drift"] == ["lacks plugin rabbitmq_stream"]
    assert made.up()["services"][0]["made_again"] == ["plugin rabbitmq_stream"]
    assert made.json("status", "--deep")["in_sync"]

    made.write(manifest(version, ["rabbitmq_management"]))
    assert {step["subject"]: step["action"] for step in made.up()["plan"]}["queue"] == "recreate"
    clients.rabbitmq_write(made.url("queue"))
    published = docker("port", made.container("queue")).split("\n")
    assert {line.partition(" ")[0] for line in published if line} == {"15672/tcp", "5672/tcp"}
