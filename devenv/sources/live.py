"""Live servers: what their answers, as ``devenv.effects.live`` brings them, say of production."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from devenv.document import Document, table, text_at
from devenv.model.fact import Evidence, Fact, Note, Reading, Status, Trust
from devenv.sources import live_brokers, live_databases, live_stores
from devenv.sources.allowed import allowed, is_mirrored
from devenv.sources.known import Known
from devenv.sources.live_told import Told
from devenv.sources.precision import stated

_NAME = "live"
_READERS: Mapping[str, Callable[[Mapping[str, Any]], Told]] = {
    "amqp": live_brokers.amqp,
    "clickhouse": live_stores.clickhouse,
    "memcached": live_stores.memcached,
    "mongodb": live_databases.mongodb,
    "mysql": live_databases.mysql,
    "nats": live_brokers.nats,
    "postgres": live_databases.postgres,
    "rabbitmq": live_brokers.rabbitmq,
    "redis": live_stores.redis,
    "search": live_stores.search,
}
#: Versions that only a provider has -> what they are of, by kind and the beginning of the number.
_PROVIDERS: Mapping[tuple[str, str], tuple[str, str]] = {
    ("redis", "7.1"): ("7.0", "ElastiCache's 7.1 is Redis 7.0"),
    ("valkey", "8.2"): ("8.1", "ElastiCache's 8.2 is Valkey 8.1 with modules of its own"),
}


def recognises(document: Document) -> bool:
    """Whether these are a server's answers."""
    return text_at(document.value, "live") in _READERS


def parse(documents: Sequence[Document], known: Known) -> Reading:
    """One fact for each server."""
    facts: list[Fact] = []
    notes: list[Note] = []
    for document in documents:
        answers = table(document.value)
        read = _READERS.get(text_at(answers, "live"))
        told = read(answers) if read else Told("", nothing="was asked what devenv cannot read")
        if told.nothing:
            notes.append(Note(told.nothing, document.file, failed=True))
        else:
            facts.append(_fact(document, told))
        notes += [Note(remark, document.file) for remark in told.remarks]
    return Reading(tuple(facts), tuple(notes))


def _fact(document: Document, told: Told) -> Fact:
    series = ".".join(told.version.split(".")[:2])
    text, doubt = _PROVIDERS.get((told.kind, series), (told.version, ""))
    version, precision = stated(told.kind, text)
    unknown = "" if version else "the server does not tell its version"
    return Fact(
        kind=told.kind,
        evidence=Evidence(_NAME, document.file, attribute=told.attribute if version else "", date=document.day),
        version=version,
        precision=precision,
        settings=_mirrored(told.kind, allowed(told.kind, told.settings)),
        extensions=told.extensions,
        plugins=told.plugins,
        status=Status.ACTUAL if version else Status.UNKNOWN,
        note=told.note or doubt or unknown,
        trust=Trust.LIVE,
        service=text_at(document.value, "service"),
    )


def _mirrored(kind: str, settings: Mapping[str, str]) -> dict[str, str]:
    """A live server was asked for these alone; what else came is not told."""
    return {name: value for name, value in settings.items() if is_mirrored(kind, name)}
