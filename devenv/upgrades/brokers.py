"""NATS, Mosquitto, Kafka: a newer server takes over what an older one wrote (services.md §2.1, §2.7, §2.10)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from devenv.census import END
from devenv.model.resolved import ResolvedService
from devenv.model.upgrade import HttpCensus, Refusal, start_empty
from devenv.upgrades.in_place import InPlace, Routes, by, without_settings

# --- NATS

#: What of a stream and of a consumer is the same in every version; the rest a newer one may write otherwise.
_STREAM = ("subjects", "retention", "storage", "discard", "max_msgs", "max_bytes", "max_age", "max_msgs_per_subject")
_STATE = ("messages", "bytes", "first_seq", "first_ts", "last_seq", "last_ts", "num_subjects", "num_deleted")
_STAYS = ("last_seq", "last_ts")
_CONSUMER = ("deliver_policy", "ack_policy", "ack_wait", "max_deliver", "filter_subject", "filter_subjects")


def _nats(old: ResolvedService, new: ResolvedService) -> Routes:
    return by(fixed=3, per_gb=20, verified=True)


def count_streams(text: str) -> str:
    """The answer to /jsz as a census: accounts, their streams, how far their durable consumers have come.

    Messages of streams with an age limit go by themselves; consumers that are not durable go with their client.
    """
    lines: list[str] = []
    for account in _listed(json.loads(text), "account_details"):
        for stream in _listed(account, "stream_detail"):
            name = f"{account.get('name', '')} stream {stream.get('name', '')}"
            lines += _stream(name, stream)
    return "\n".join([*sorted(lines), END])


def _stream(name: str, stream: Mapping[str, Any]) -> Iterator[str]:
    config, state = stream.get("config") or {}, stream.get("state") or {}
    yield _line(f"{name} is", _picked(config, _STREAM))
    yield _line(f"{name} holds", _picked(state, _STAYS if config.get("max_age") else _STATE))
    for consumer in _listed(stream, "consumer_detail"):
        own = consumer.get("config") or {}
        if own.get("durable_name") and not own.get("inactive_threshold"):
            yield _line(f"{name} consumer {own['durable_name']} is", _picked(own, _CONSUMER))
            reached = {
                key: _picked(consumer.get(key) or {}, ("consumer_seq", "stream_seq"))
                for key in ("delivered", "ack_floor")
            }
            yield _line(f"{name} consumer {own['durable_name']} has", reached)


def _listed(value: Mapping[str, Any], key: str) -> Iterable[Mapping[str, Any]]:
    return value.get(key) or ()


def _picked(value: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    return {key: value[key] for key in keys if value.get(key)}


def _line(name: str, value: object) -> str:
    return f"{name}\t{json.dumps(value, sort_keys=True)}"


#: The plain image holds nothing but the server.
NATS = InPlace(
    _nats,
    asked=HttpCensus(8222, "/healthz", "/jsz?accounts=true&streams=true&consumers=true&config=true", count_streams),
)

# --- Mosquitto


def _mosquitto(old: ResolvedService, new: ResolvedService) -> Routes:
    return by(fixed=3, per_gb=60, verified=old.version.release >= (2,))


def _patient(service: ResolvedService) -> ResolvedService:
    """A broker that drops nothing of what it is asked for at once, and sends no session away meanwhile."""
    limits = ("max_queued_messages", "max_queued_bytes", "persistent_client_expiration", "memory_limit")
    return without_settings(service, limits, {"max_queued_messages": 0})


#: What is queued for sessions is in a file that versions before 2.0 write in another way: it is not counted there.
MOSQUITTO = InPlace(_mosquitto, census="mosquitto/census.sh", answering=_patient, more=("session ",))

# --- Kafka

_TOOL = "/opt/kafka/bin/kafka-features.sh --bootstrap-server localhost:19092"


def _kafka(old: ResolvedService, new: ResolvedService) -> Routes:
    """Since 3.3 a node that is its own controller goes to any newer release; before, ZooKeeper kept what is known."""
    if old.version.release[:2] < (3, 3):
        return Refusal(
            f"data of Kafka {old.version} is ZooKeeper's or an early trial of what came after it",
            start_empty(new),
        )
    series = ".".join(str(part) for part in new.version.release[:2])
    finish = f"devenv exec {new.name} -- {_TOOL} upgrade --release-version {series}"
    return by(
        fixed=20,
        note=f"metadata.version stays what it is, which keeps the way back open; to finish it later: {finish}",
    )


KAFKA = InPlace(_kafka, census="kafka/census.sh")
