"""Heroku: the add-ons of ``app.json``, and those that ``heroku addons --json`` lists."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from devenv.document import Document, items, table, text_at
from devenv.model.fact import Evidence, Fact, Note, Reading, Status, Trust
from devenv.sources.known import Known
from devenv.sources.precision import stated

_NAME = "heroku"
#: Services of Heroku's marketplace -> what runs there.
_SERVICES: Mapping[str, str] = {
    "bonsai": "elasticsearch",
    "cleardb": "mysql",
    "cloudamqp": "rabbitmq",
    "cloudkarafka": "kafka",
    "crunchybridge": "postgres",
    "foundelasticsearch": "elasticsearch",
    "heroku-kafka": "kafka",
    "heroku-postgresql": "postgres",
    "heroku-redis": "redis",
    "jawsdb": "mysql",
    "jawsdb-maria": "mariadb",
    "memcachedcloud": "memcached",
    "memcachier": "memcached",
    "mongolab": "mongodb",
    "openredis": "redis",
    "ormongo": "mongodb",
    "redisgreen": "redis",
    "rediscloud": "redis",
    "redistogo": "redis",
    "searchbox": "elasticsearch",
    "stackhero-elasticsearch": "elasticsearch",
    "stackhero-mariadb": "mariadb",
    "stackhero-memcached": "memcached",
    "stackhero-mongodb": "mongodb",
    "stackhero-mysql": "mysql",
    "stackhero-nats": "nats",
    "stackhero-postgresql": "postgres",
    "stackhero-rabbitmq": "rabbitmq",
    "stackhero-redis": "redis",
}
#: Environments that are by their very meaning not production.
_NOT_PRODUCTION = frozenset(["test", "review"])
#: Heroku's Key-Value Store has been Valkey since its version 7.2, of autumn 2024.
_FIRST_VALKEY = (7, 2)
_ASK = "ask the server itself"


def recognises(document: Document) -> bool:
    """An ``app.json``, or a list of add-ons."""
    value = document.value
    if isinstance(value, list):
        return bool(value) and isinstance(table(value[0]).get("addon_service"), dict)
    if document.format != "json" or "apiVersion" in table(value):
        return False
    return isinstance(table(value).get("addons"), list) or any(addons for _, addons in _environments(value))


def parse(documents: Sequence[Document], known: Known) -> Reading:
    """Every add-on that is a server; a version that ``app.json`` names is the one to create, once."""
    facts: list[Fact] = []
    notes: list[Note] = []
    for document in documents:
        listed = list(_listed(document))
        for address, entry in listed or _asked_for(document.value):
            plan, name, version = _addon(entry)
            service = plan.partition(":")[0]
            if not service:
                notes.append(Note("is no add-on: it names no plan", document.file, address=address, failed=True))
            elif kind := _SERVICES.get(service):
                facts.append(_fact(document, address, kind, service, name or service, version, listed=bool(listed)))
    return Reading(tuple(facts), tuple(notes))


def _listed(document: Document) -> Iterator[tuple[str, Any]]:
    for index, entry in enumerate(items(document.value)):
        yield text_at(entry, "name") or f"[{index}]", entry


def _asked_for(value: Any) -> Iterator[tuple[str, Any]]:
    yield from ((f"addons[{index}]", entry) for index, entry in enumerate(items(table(value).get("addons"))))
    for environment, addons in _environments(value):
        for index, entry in enumerate(addons):
            yield f"environments.{environment}.addons[{index}]", entry


def _environments(value: Any) -> Iterator[tuple[str, Sequence[Any]]]:
    for name, environment in table(table(value).get("environments")).items():
        if name not in _NOT_PRODUCTION:
            yield name, items(table(environment).get("addons"))


def _addon(entry: Any) -> tuple[str, str, str]:
    """(plan, name, version) of a text, an object of ``app.json``, or one of the list."""
    if isinstance(entry, str):
        return entry, "", ""
    plan = text_at(entry, "addon_service", "name") or text_at(entry, "plan")
    return plan, text_at(entry, "name") or text_at(entry, "as"), text_at(entry, "options", "version")


def _fact(document: Document, address: str, kind: str, service: str, name: str, text: str, *, listed: bool) -> Fact:
    version, precision = stated(kind, text)
    note = "app.json names the version to create, once: it may have been upgraded since" if version else ""
    note = note or f"{'the list of add-ons' if listed else 'app.json'} does not state its version: {_ASK}"
    if service == "heroku-redis":
        kind, note = _key_value_store(version, note)
    return Fact(
        kind=kind,
        evidence=Evidence(_NAME, document.file, address, "options.version" if version else "plan", document.day),
        version=version,
        precision=precision,
        name=name,
        status=Status.ACTUAL if version else Status.UNKNOWN,
        note=note,
        trust=(Trust.ASKED if document.asked else Trust.RECORDED) if listed else Trust.DECLARED,
    )


def _key_value_store(version: str, note: str) -> tuple[str, str]:
    if not version:
        return "redis", f"Heroku's Key-Value Store is Valkey where it was made since autumn 2024, Redis before: {_ASK}"
    numbers = tuple(int(number) for number in re.findall(r"\d{1,9}", version))
    return "valkey" if numbers >= _FIRST_VALKEY else "redis", note
