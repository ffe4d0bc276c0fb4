"""What RabbitMQ, by either of its doors, and NATS answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from devenv.document import items, table, text_at
from devenv.sources.live_told import Told

_ADMIN = "the login is an administrator's: one with the tag monitoring is enough"
_NO_NODES = "the login may not read which plugins are enabled: give it the tag monitoring"
_NO_PLUGINS = (
    "the server does not tell its plugins: it does some seconds after its start, but never with "
    "management_agent.disable_metrics_collector"
)
_USUAL_QUEUE = "classic"
_MAX_PAYLOAD = "1048576"
_NO_JETSTREAM = "it has no JetStream: jetstream = false makes the same"


def amqp(answers: Mapping[str, Any]) -> Told:
    """The greeting names other products that speak the protocol."""
    product = text_at(answers, "product").lower()
    kind = "lavinmq" if "lavinmq" in product else "rabbitmq"
    return Told(kind, text_at(answers, "version"), "connection.start")


def rabbitmq(answers: Mapping[str, Any]) -> Told:
    """Plugins are those that any running node has."""
    queues = {text_at(vhost, "default_queue_type") for vhost in items(answers.get("vhosts"))} - {"", "undefined"}
    only = next(iter(queues)) if len(queues) == 1 else ""
    return Told(
        "rabbitmq",
        text_at(answers, "rabbitmq_version"),
        "rabbitmq_version",
        settings={"default_queue_type": only} if only not in ("", _USUAL_QUEUE) else {},
        plugins=_plugins(answers) or None,
        remarks=tuple(_remarks(answers, queues)),
    )


def _plugins(answers: Mapping[str, Any]) -> tuple[str, ...]:
    nodes = [table(node) for node in items(answers.get("nodes"))]
    running = [node for node in nodes if node.get("running") is not False]
    return tuple(sorted({str(name) for node in running for name in items(node.get("enabled_plugins"))}))


def _remarks(answers: Mapping[str, Any], queues: set[str]) -> Iterator[str]:
    if answers.get("administrator") is True:
        yield _ADMIN
    if not isinstance(answers.get("nodes"), list):
        yield _NO_NODES
    elif not _plugins(answers):
        yield _NO_PLUGINS
    if len(queues) > 1:
        yield f"its virtual hosts have different types of queues by default: {', '.join(sorted(queues))}"


def nats(answers: Mapping[str, Any]) -> Told:
    """A line before any login says all of it."""
    size = text_at(answers, "max_payload")
    return Told(
        "nats",
        text_at(answers, "version"),
        "INFO version",
        settings={"max_payload": size} if size != _MAX_PAYLOAD else {},
        remarks=() if answers.get("jetstream") else (_NO_JETSTREAM,),
    )
