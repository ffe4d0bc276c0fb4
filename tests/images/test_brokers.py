"""The contract of the rabbitmq, nats and eclipse-mosquitto images."""

from __future__ import annotations

import json
import urllib.request

import pytest

from tests.images.containers import Container, Run, images, wait_until

pytestmark = pytest.mark.engine


@pytest.mark.parametrize("image", images("rabbitmq", variant="management"))
def test_rabbitmq_makes_its_first_user_from_the_environment(run: Run, image: str) -> None:
    options = ("--hostname", "queue", "-e", "RABBITMQ_DEFAULT_USER=app", "-e", "RABBITMQ_DEFAULT_PASS=secret")
    queue = run(image, *options, "-e", "RABBITMQ_DEFAULT_VHOST=shop")
    wait_until(lambda: "Server startup complete" in queue.logs())
    assert queue.answers("rabbitmqctl", "authenticate_user", "app", "secret")
    assert queue.says("rabbitmqctl", "-q", "--no-table-headers", "list_vhosts") == "shop"
    assert "rabbitmq_management," in queue.says("cat", "/etc/rabbitmq/enabled_plugins")
    assert queue.answers("test", "-d", "/var/lib/rabbitmq/mnesia/rabbit@queue")
    assert queue.says("stat", "-c", "%U %a", "/var/lib/rabbitmq/.erlang.cookie") in ("rabbitmq 400", "rabbitmq 600")
    assert queue.uid() == 999


@pytest.mark.parametrize("image", images("rabbitmq", starts="4.0", variant=""))
def test_rabbitmq_loses_its_data_with_its_name(run: Run, image: str, volume: str) -> None:
    mount = ("-v", f"{volume}:/var/lib/rabbitmq")
    first = run(image, "--hostname", "one", "-e", "RABBITMQ_DEFAULT_USER=app", *mount)
    wait_until(lambda: "Server startup complete" in first.logs())
    first.stop()
    assert first.exit_code() == 0
    second = run(image, "--hostname", "two", *mount)
    wait_until(lambda: "Server startup complete" in second.logs())
    assert second.says("rabbitmqctl", "-q", "--no-table-headers", "list_users").split()[0] == "guest"


@pytest.mark.parametrize("image", images("rabbitmq", starts="4", variant=""))
def test_rabbitmq_refuses_deprecated_variables(run: Run, image: str) -> None:
    queue = run(image, "-e", "RABBITMQ_VM_MEMORY_HIGH_WATERMARK=0.5")
    assert queue.exit_code() == 1
    assert "error: RABBITMQ_VM_MEMORY_HIGH_WATERMARK is set but deprecated" in queue.logs()


@pytest.mark.parametrize("image", images("nats"))
def test_nats_has_no_shell_and_loses_its_monitor_with_arguments(run: Run, image: str) -> None:
    bare = run(image, "-p", "127.0.0.1::8222")
    wait_until(lambda: "Server is ready" in bare.logs())
    with urllib.request.urlopen(f"http://{bare.published(8222)}/healthz", timeout=10) as answer:
        assert json.load(answer) == {"status": "ok"}
    assert not bare.answers("sh", "-c", "true")
    with_arguments = run(image, command=("-js",))
    wait_until(lambda: "Server is ready" in with_arguments.logs())
    assert "Starting http monitor" not in with_arguments.logs()


@pytest.mark.parametrize("image", images("mosquitto"))
def test_mosquitto_listens_on_the_loopback_until_configured(run: Run, image: str) -> None:
    def hears(broker: Container, host: str) -> bool:
        return broker.answers("mosquitto_sub", "-h", host, "-t", "$SYS/broker/version", "-C", "1", "-W", "2")

    default = run(image)
    wait_until(lambda: hears(default, "127.0.0.1"))
    assert not hears(default, default.says("hostname", "-i"))
    assert default.uid() == 1883
    opened = run(image, command=("mosquitto", "-c", "/mosquitto-no-auth.conf"))
    wait_until(lambda: hears(opened, opened.says("hostname", "-i")))
