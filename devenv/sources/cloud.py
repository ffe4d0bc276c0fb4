"""What the command lines of clouds print: ``aws``, ``gcloud``, ``az`` and ``doctl`` as JSON, ``heroku pg:info``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from devenv.document import Document, at, items, table, text_at
from devenv.model.fact import Evidence, Fact, Note, Reading, Status, Trust
from devenv.sources.known import Known
from devenv.sources.terraform_resources import Resource, resource_facts
from devenv.sources.upstream import upstream

NAME = "cloud"


@dataclass(frozen=True, slots=True)
class _Shape:
    """One answer: ``key`` holds its entries ("" for an entry by itself), ``sign`` is a key that every entry has.

    ``spelt`` maps Terraform's attribute to where the entry has it.
    """

    key: str
    sign: str
    type: str
    spelt: Mapping[str, tuple[str | int, ...]]


_AWS: Mapping[str, tuple[str | int, ...]] = {"engine": ("Engine",), "engine_version": ("EngineVersion",)}
_SHAPES = (
    _Shape(
        "DBInstances",
        "DBInstanceIdentifier",
        "aws_db_instance",
        {
            **_AWS,
            "identifier": ("DBInstanceIdentifier",),
            "parameter_group_name": ("DBParameterGroups", 0, "DBParameterGroupName"),
            "replicate_source_db": ("ReadReplicaSourceDBInstanceIdentifier",),
            "cluster_identifier": ("DBClusterIdentifier",),
        },
    ),
    _Shape(
        "DBClusters",
        "DBClusterIdentifier",
        "aws_rds_cluster",
        {
            **_AWS,
            "cluster_identifier": ("DBClusterIdentifier",),
            "db_cluster_parameter_group_name": ("DBClusterParameterGroup",),
        },
    ),
    _Shape(
        "CacheClusters",
        "CacheClusterId",
        "aws_elasticache_cluster",
        {
            **_AWS,
            "cluster_id": ("CacheClusterId",),
            "replication_group_id": ("ReplicationGroupId",),
            "parameter_group_name": ("CacheParameterGroup", "CacheParameterGroupName"),
        },
    ),
    _Shape(
        "ReplicationGroups",
        "ReplicationGroupId",
        "aws_elasticache_replication_group",
        {"engine": ("Engine",), "replication_group_id": ("ReplicationGroupId",)},
    ),
    _Shape(
        "ServerlessCaches",
        "ServerlessCacheName",
        "aws_elasticache_serverless_cache",
        {
            "engine": ("Engine",),
            "full_engine_version": ("FullEngineVersion",),
            "major_engine_version": ("MajorEngineVersion",),
            "name": ("ServerlessCacheName",),
        },
    ),
    _Shape(
        "Clusters",
        "EnginePatchVersion",
        "aws_memorydb_cluster",
        {**_AWS, "engine_patch_version": ("EnginePatchVersion",), "name": ("Name",)},
    ),
    _Shape(
        "",
        "EngineType",
        "aws_mq_broker",
        {"engine_type": ("EngineType",), "engine_version": ("EngineVersion",), "broker_name": ("BrokerName",)},
    ),
    _Shape(
        "ClusterInfoList",
        "Provisioned",
        "aws_msk_cluster",
        {
            "kafka_version": ("Provisioned", "CurrentBrokerSoftwareInfo", "KafkaVersion"),
            "cluster_name": ("ClusterName",),
        },
    ),
    _Shape(
        "DomainStatus",
        "EngineVersion",
        "aws_opensearch_domain",
        {
            "engine_version": ("EngineVersion",),
            "domain_name": ("DomainName",),
            "advanced_options": ("AdvancedOptions",),
        },
    ),
    _Shape(
        "",
        "databaseVersion",
        "google_sql_database_instance",
        {
            "name": ("name",),
            "database_version": ("databaseInstalledVersion",),
            "maintenance_version": ("maintenanceVersion",),
            "settings": ("settings",),
            "master_instance_name": ("masterInstanceName",),
        },
    ),
    _Shape(
        "",
        "redisVersion",
        "google_redis_instance",
        {"name": ("name",), "redis_version": ("redisVersion",), "redis_configs": ("redisConfigs",)},
    ),
    _Shape(
        "",
        "memcacheVersion",
        "google_memcache_instance",
        {
            "name": ("name",),
            "memcache_full_version": ("memcacheFullVersion",),
            "memcache_version": ("memcacheVersion",),
        },
    ),
    _Shape(
        "",
        "fullyQualifiedDomainName",
        "azurerm_postgresql_flexible_server",
        {"name": ("name",), "version": ("version",), "minor": ("minorVersion",), "type": ("type",)},
    ),
    _Shape(
        "",
        "maintenance_window",
        "digitalocean_database_cluster",
        {"name": ("name",), "engine": ("engine",), "version": ("version",)},
    ),
)


def recognises(document: Document) -> bool:
    """Whether it is an answer of a kind that is known, or a list of parameters."""
    if document.format == "text":
        return bool(_heroku(document))
    return document.format == "json" and (bool(_shape(document)) or _is_parameters(document.value))


_PG_INFO = re.compile(r"PG Version:\s+(?P<version>[\d.]+)")


def _heroku(document: Document) -> list[Fact]:
    """``heroku pg:info``: a heading with the database's name, then lines."""
    facts = []
    name = ""
    for line in document.values:
        if line.startswith("=== "):
            name = line.removeprefix("=== ").partition(",")[0].strip()
        elif match := _PG_INFO.match(line):
            kind, version, precision, note = upstream("postgres", match["version"])
            evidence = Evidence(NAME, document.file, name, "PG Version", document.day)
            facts.append(Fact(kind, evidence, version, precision, name=name, note=note, trust=Trust.ASKED))
    return facts


def _is_parameters(value: Any) -> bool:
    first = at(value, "Parameters", 0)
    return bool(text_at(first, "ParameterName")) and not text_at(first, "Type")


def _shape(document: Document) -> _Shape | None:
    return next((shape for shape in _SHAPES if _entries(shape, document.value)), None)


def _entries(shape: _Shape, value: Any) -> list[Mapping[str, Any]]:
    held = table(value).get(shape.key) if shape.key else value
    entries = held if isinstance(held, list) else [held]
    return [entry for entry in entries if isinstance(entry, dict) and shape.sign in entry]


def parse(documents: Sequence[Document], known: Known) -> Reading:
    """Every service that was answered, and what it is going to become."""
    facts: list[Fact] = []
    notes: list[Note] = []
    parameters = [pair for document in documents for pair in _parameters(document.value)]
    for document in documents:
        facts += _heroku(document) if document.format == "text" else []
        if shape := _shape(document):
            entries = _entries(shape, document.value)
            resources = [_spelt(shape, entry) for entry in entries]
            resources += _groups(resources, parameters)
            found, said = resource_facts(document, resources, known, source=NAME, trust=Trust.ASKED)
            facts += [_named(fact) for fact in found]
            facts += _coming(entries, found)
            notes += said
    return Reading(tuple(facts), tuple(notes))


def _parameters(value: Any) -> list[dict[str, str]]:
    """What somebody set of ``describe-db-parameters``."""
    held = items(table(value).get("Parameters")) if _is_parameters(value) else ()
    chosen = [entry for entry in held if text_at(entry, "Source") == "user"]
    return [{"name": text_at(e, "ParameterName"), "value": text_at(e, "ParameterValue")} for e in chosen]


def _groups(resources: Sequence[Resource], parameters: Sequence[Mapping[str, str]]) -> list[Resource]:
    """That answer names no group: it is that of the services it came with, if they have one together."""
    names = {name for resource in resources if (name := text_at(resource.values, "parameter_group_name"))}
    if len(names) != 1 or not parameters:
        return []
    return [Resource("", "aws_db_parameter_group", {"name": names.pop(), "parameter": list(parameters)})]


def _spelt(shape: _Shape, entry: Mapping[str, Any]) -> Resource:
    values = {attribute: at(entry, *path) for attribute, path in shape.spelt.items()}
    kind = shape.type
    if kind == "aws_db_instance" and values.get("cluster_identifier"):
        kind = "aws_rds_cluster_instance"
    if kind == "azurerm_postgresql_flexible_server":
        kind = "azurerm_mysql_flexible_server" if "mysql" in text_at(entry, "type").lower() else kind
        values["version"] = values["minor"] or values["version"]
        if kind == "azurerm_postgresql_flexible_server" and text_at(values, "minor").isdecimal():
            values["version"] = f"{text_at(entry, 'version')}.{text_at(values, 'minor')}"
    if shape.type == "google_sql_database_instance":
        values["database_version"] = values["database_version"] or entry.get("databaseVersion")
        values["maintenance_version"] = values["database_version"]
        flags = items(at(entry, "settings", "databaseFlags"))
        values["settings"] = [{"database_flags": flags}]
    return Resource(text_at(values, "name") or _identifier(values), kind, values)


def _identifier(values: Mapping[str, Any]) -> str:
    names = ("identifier", "cluster_id", "replication_group_id", "cluster_identifier", "broker_name", "cluster_name")
    return next((text for name in (*names, "domain_name") if (text := text_at(values, name))), "")


def _named(fact: Fact) -> Fact:
    """Google prints the whole path of some."""
    return replace(fact, name=fact.name.rpartition("/")[2])


def _coming(entries: Sequence[Mapping[str, Any]], facts: Sequence[Fact]) -> Iterator[Fact]:
    for entry, fact in zip(entries, facts, strict=False):
        if text := text_at(entry, "PendingModifiedValues", "EngineVersion"):
            kind, version, precision, note = upstream(text_at(entry, "Engine"), text)
            yield replace(
                fact,
                kind=kind,
                version=version,
                precision=precision,
                note=note or "waits for its maintenance window",
                status=Status.PLANNED,
            )
