"""Platform.sh, Upsun and Adobe Commerce Cloud: ``services.yaml``, and ``services`` of ``.upsun/config.yaml``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from devenv.document import Document, items, table, text_at
from devenv.model.fact import Evidence, Fact, Note, Reading, Status, Trust
from devenv.sources.allowed import allowed
from devenv.sources.known import Known
from devenv.sources.precision import stated

_NAME = "platformsh"
#: Types of services -> what runs there. ``mysql`` is MariaDB, as it always was with them.
_TYPES: Mapping[str, str] = {
    "clickhouse": "clickhouse",
    "elasticsearch": "elasticsearch",
    "elasticsearch-enterprise": "elasticsearch",
    "influxdb": "influxdb",
    "kafka": "kafka",
    "mariadb": "mariadb",
    "memcached": "memcached",
    "mongodb": "mongodb",
    "mongodb-enterprise": "mongodb",
    "mysql": "mariadb",
    "opensearch": "opensearch",
    "oracle-mysql": "mysql",
    "postgresql": "postgres",
    "rabbitmq": "rabbitmq",
    "redis": "redis",
    "redis-persistent": "redis",
    "solr": "solr",
    "valkey": "valkey",
    "valkey-persistent": "valkey",
    "varnish": "varnish",
    "vault-kms": "vault",
}
#: Types that are no server of anybody's.
_OTHERS = frozenset(["chrome-headless", "edgee", "gotenberg", "mercure", "network-storage"])
_REPLICA = "-replica"
_TYPE = re.compile(r"(?P<engine>[a-z][a-z-]*)(?::(?P<version>.*))?")
_Names = Mapping[tuple[str, ...], str]
_CACHE: _Names = {("maxmemory_policy",): "maxmemory-policy"}
_DATABASE: _Names = {
    ("properties", "default_charset"): "character_set_server",
    ("properties", "default_collation"): "collation_server",
    ("properties", "max_allowed_packet"): "max_allowed_packet",
}
#: Where a service's ``configuration`` has settings of the server, by kind, and by what name.
_SETTINGS: Mapping[str, _Names] = {
    "mariadb": _DATABASE,
    "mysql": _DATABASE,
    "redis": _CACHE,
    "valkey": _CACHE,
}
_MIB = 1024 * 1024


def recognises(document: Document) -> bool:
    """Whether it holds services with types of theirs."""
    return any(_engine(entry) for _, _, entry in _entries(document))


def parse(documents: Sequence[Document], known: Known) -> Reading:
    """Every service with what is configured for it."""
    facts: list[Fact] = []
    notes: list[Note] = []
    for document in documents:
        for name, address, entry in _entries(document):
            engine, version = _type(entry)
            if not engine:
                notes.append(Note("says no type of a service", document.file, address=address, failed=True))
            elif kind := _TYPES.get(engine.removesuffix(_REPLICA)):
                facts.append(_fact(document, name, address, entry, kind, version))
            elif engine not in _OTHERS:
                notes.append(Note(f"devenv does not know services of type {engine}", document.file, address=address))
    return Reading(tuple(facts), tuple(notes))


def _entries(document: Document) -> Iterator[tuple[str, str, Any]]:
    """(name, address, entry) of each service; what stands at the top of a file need not be one."""
    for value in document.values:
        services = table(value).get("services")
        if isinstance(services, dict):
            yield from ((str(name), f"services.{name}", entry) for name, entry in services.items())
        elif "applications" not in table(value):
            yield from ((str(name), str(name), entry) for name, entry in table(value).items() if table(entry))


def _type(entry: Any) -> tuple[str, str]:
    match = _TYPE.fullmatch(text_at(entry, "type").strip())
    return (match["engine"], match["version"] or "") if match else ("", "")


def _engine(entry: Any) -> str:
    """The engine of an entry that says its version too, if it is one of theirs."""
    engine, version = _type(entry)
    return engine if version and (engine in _OTHERS or engine.removesuffix(_REPLICA) in _TYPES) else ""


def _fact(document: Document, name: str, address: str, entry: Any, kind: str, text: str) -> Fact:
    engine, _ = _type(entry)
    version, precision = stated(kind, text)
    configuration = table(entry.get("configuration"))
    return Fact(
        kind=kind,
        evidence=Evidence(_NAME, document.file, address, "type", document.day),
        version=version,
        precision=precision,
        name=name,
        settings=allowed(kind, _settings(kind, configuration)),
        extensions=dict.fromkeys(_texts(configuration.get("extensions")), "") if kind == "postgres" else {},
        plugins=_texts(configuration.get("plugins")) if "plugins" in configuration else None,
        status=Status.ACTUAL if version else Status.UNKNOWN,
        note=_note(engine, version),
        trust=Trust.ASKED if document.asked else Trust.DECLARED,
        part_of=_primary(entry) if engine.endswith(_REPLICA) else "",
    )


def _note(engine: str, version: str) -> str:
    if not version:
        return "its type says no version"
    return "the type mysql is MariaDB" if engine.removesuffix(_REPLICA) == "mysql" else ""


def _settings(kind: str, configuration: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for path, name in _SETTINGS.get(kind, {}).items():
        value = text_at(configuration, *path)
        if name == "max_allowed_packet":  # in MB with them, in bytes with the server
            value = str(int(value) * _MIB) if re.fullmatch(r"[0-9]{1,4}", value) else ""
        yield name, value


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(item for item in items(value) if isinstance(item, str))


def _primary(entry: Any) -> str:
    """``relationships: {primary: "db:replicator"}``; some write it one level deeper."""
    said = text_at(entry, "relationships", "primary") or text_at(entry, "configuration", "relationships", "primary")
    return said.partition(":")[0]
