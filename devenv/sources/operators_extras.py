"""What operators' objects say besides the version and plain settings: extensions, plugins, catalogues of images."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from devenv.document import at, items, table, text_at
from devenv.sources.kubernetes_objects import Cluster, Object

_EXTENSION = re.compile(r"\bcreate\s+extension\s+(?:if\s+not\s+exists\s+)?(\"[\w-]{1,63}\"|\w{1,63})", re.IGNORECASE)
#: No statement is longer that makes an extension.
_LONGEST = 10_000
#: What the operator of RabbitMQ enables by itself and one server can have: discovery of peers is for a cluster.
_ALWAYS = ("rabbitmq_management", "rabbitmq_prometheus")


def of_cloudnative(item: Object, cluster: Cluster) -> dict[str, Any]:
    """Extensions that Database objects, or the statements after the first start, create."""
    found = dict.fromkeys(_in_statements(at(item.value, "spec", "bootstrap", "initdb")), "")
    for database in cluster.of_kind("Database", item.group, item.namespace):
        if text_at(database.value, "spec", "cluster", "name") == item.name:
            found |= _listed(at(database.value, "spec", "extensions"))
    return {"extensions": found}


def image_of_catalog(item: Object, cluster: Cluster) -> tuple[str, str, str]:
    """(image, series, name of a catalogue that is not here) of a CloudNativePG cluster that refers to a catalogue."""
    reference = at(item.value, "spec", "imageCatalogRef")
    kind, name, major = (text_at(reference, key) for key in ("kind", "name", "major"))
    if not name:
        return "", "", ""
    catalog = cluster.find(kind, name, item)
    if catalog is None:
        return "", major, name
    images = items(at(catalog.value, "spec", "images"))
    return next((text_at(entry, "image") for entry in images if text_at(entry, "major") == major), ""), major, ""


def _in_statements(initdb: Any) -> Iterator[str]:
    for key in ("postInitSQL", "postInitTemplateSQL", "postInitApplicationSQL"):
        for statement in items(at(initdb, key)):
            if isinstance(statement, str):
                yield from (name.strip('"').lower() for name in _EXTENSION.findall(statement[:_LONGEST]))


def _listed(entries: Any) -> dict[str, str]:
    """``[{name, version, ensure}]``"""
    wanted = (entry for entry in items(entries) if text_at(entry, "ensure") != "absent" and text_at(entry, "name"))
    return {text_at(entry, "name"): text_at(entry, "version") for entry in wanted}


def of_zalando(item: Object, cluster: Cluster) -> dict[str, Any]:
    """The extensions of prepared databases, which map to schemas."""
    databases = table(at(item.value, "spec", "preparedDatabases")).values()
    names = [str(name) for database in databases for name in table(at(database, "extensions"))]
    return {"extensions": dict.fromkeys(names, "")}


def of_crunchy(item: Object, cluster: Cluster) -> dict[str, Any]:
    """PostGIS, if the cluster is one with it."""
    version = text_at(item.value, "spec", "postGISVersion")
    return {"extensions": {"postgis": version}} if version else {}


#: Names of switches for extensions that have another name.
_SWITCHES = {"pg_audit": "pgaudit", "pgvector": "vector"}


def of_percona(item: Object, cluster: Cluster) -> dict[str, Any]:
    """Extensions that are switched on, in the older way and in the newer, and those of somebody's own."""
    extensions = at(item.value, "spec", "extensions")
    on = [name for name in table(at(extensions, "builtin")) if text_at(extensions, "builtin", name) == "true"]
    on += [name for name in table(extensions) if text_at(extensions, name, "enabled") == "true"]
    return {"extensions": {_SWITCHES.get(name, name): "" for name in on} | _listed(at(extensions, "custom"))}


def of_stackgres(item: Object, cluster: Cluster) -> dict[str, Any]:
    """Extensions, with versions where they are stated, and settings, which are in an object of their own."""
    return {"extensions": _listed(at(item.value, "spec", "postgres", "extensions"))}


def of_rabbitmq(item: Object, cluster: Cluster) -> dict[str, Any]:
    """The operator's own plugins and those that are asked for."""
    asked = [name for name in items(at(item.value, "spec", "rabbitmq", "additionalPlugins")) if isinstance(name, str)]
    return {"plugins": tuple(dict.fromkeys((*_ALWAYS, *asked)))}


def of_strimzi(item: Object, cluster: Cluster) -> dict[str, Any]:
    """The version of the cluster's metadata, which may be behind the servers'."""
    said = text_at(item.value, "status", "kafkaMetadataVersion") or text_at(
        item.value, "spec", "kafka", "metadataVersion"
    )
    return {"note": f"metadata version {said}"} if re.fullmatch(r"\d[\w.-]{0,30}", said) else {}


def of_redis_cluster(item: Object, cluster: Cluster) -> dict[str, Any]:
    """A cluster's clients must speak of slots."""
    return {"settings": {"cluster-enabled": "yes"}}
