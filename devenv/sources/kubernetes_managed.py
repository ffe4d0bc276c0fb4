"""Databases that a cloud runs and that Kubernetes objects ask for: Config Connector, Crossplane, ACK.

Each is spelt as Terraform's first, so that one table says what a resource is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from devenv.model.fact import Fact, Note, Trust
from devenv.model.record import record
from devenv.sources.kubernetes_objects import NAME, Object
from devenv.sources.terraform_resources import Manner, Resource, service_facts
from devenv.sources.terraform_tables import SEEN

_MANNER = Manner(NAME, Trust.ASKED, Trust.DECLARED)


def _camel(path: str) -> str:
    """``settings.0.database_flags`` -> ``settings.0.databaseFlags``"""
    return re.sub(r"_(\w)", lambda match: match[1].upper(), path)


def _of_crossplane(path: str) -> str:
    """What a provider looked up stands in the status."""
    return f"status.atProvider.{_camel(path)}" if path in SEEN else f"spec.forProvider.{_camel(path)}"


#: What AWS calls what Terraform calls otherwise.
_AWS_WORDS = {
    "identifier": "dbInstanceIdentifier",
    "cluster_identifier": "dbClusterIdentifier",
    "parameter_group_name": "dbParameterGroupName",
    "replication_group_id": "replicationGroupID",
    "broker_name": "name",
}


def _of_ack(path: str) -> str:
    """What AWS answered stands in the status where it is no field of the request."""
    return f"{_holder(path)}.{_AWS_WORDS.get(path, _camel(path))}"


def _of_config_connector(path: str) -> str:
    return f"{_holder(path)}.{_camel(path)}"


def _holder(path: str) -> str:
    """Cloud SQL's maintenance version is a field of the request too, and its status has none."""
    return "status" if path in SEEN and path != "maintenance_version" else "spec"


@record
class _Controller:
    """``group`` ends the API group of its objects; what is before it and the object's kind tell Terraform's type."""

    group: re.Pattern[str]
    types: Mapping[tuple[str, str], str]
    word: Callable[[str], str]


_CONTROLLERS = (
    _Controller(
        re.compile(r"(?P<service>\w+)\.cnrm\.cloud\.google\.com"),
        {
            ("alloydb", "AlloyDBCluster"): "google_alloydb_cluster",
            ("memcache", "MemcacheInstance"): "google_memcache_instance",
            ("redis", "RedisInstance"): "google_redis_instance",
            ("sql", "SQLInstance"): "google_sql_database_instance",
        },
        _of_config_connector,
    ),
    _Controller(
        re.compile(r"(?P<service>\w+)\.services\.k8s\.aws"),
        {
            ("documentdb", "DBCluster"): "aws_docdb_cluster",
            ("elasticache", "CacheCluster"): "aws_elasticache_cluster",
            ("elasticache", "ReplicationGroup"): "aws_elasticache_replication_group",
            ("kafka", "Cluster"): "aws_msk_cluster",
            ("memorydb", "Cluster"): "aws_memorydb_cluster",
            ("mq", "Broker"): "aws_mq_broker",
            ("opensearchservice", "Domain"): "aws_opensearch_domain",
            ("rds", "DBCluster"): "aws_rds_cluster",
            ("rds", "DBInstance"): "aws_db_instance",
        },
        _of_ack,
    ),
    _Controller(
        re.compile(r"(?P<service>\w+\.\w+)(?:\.m)?\.(?:upbound|crossplane)\.io"),
        {
            ("alloydb.gcp", "Cluster"): "google_alloydb_cluster",
            ("cache.aws", "ReplicationGroup"): "aws_elasticache_replication_group",
            ("cache.azure", "RedisCache"): "azurerm_redis_cache",
            ("database.aws", "RDSInstance"): "aws_db_instance",
            ("database.gcp", "CloudSQLInstance"): "google_sql_database_instance",
            ("dbformysql.azure", "FlexibleServer"): "azurerm_mysql_flexible_server",
            ("dbforpostgresql.azure", "FlexibleServer"): "azurerm_postgresql_flexible_server",
            ("docdb.aws", "Cluster"): "aws_docdb_cluster",
            ("elasticache.aws", "Cluster"): "aws_elasticache_cluster",
            ("elasticache.aws", "ReplicationGroup"): "aws_elasticache_replication_group",
            ("kafka.aws", "Cluster"): "aws_msk_cluster",
            ("memorydb.aws", "Cluster"): "aws_memorydb_cluster",
            ("mq.aws", "Broker"): "aws_mq_broker",
            ("opensearch.aws", "Domain"): "aws_opensearch_domain",
            ("rds.aws", "Cluster"): "aws_rds_cluster",
            ("rds.aws", "ClusterInstance"): "aws_rds_cluster_instance",
            ("rds.aws", "DBInstance"): "aws_db_instance",
            ("rds.aws", "Instance"): "aws_db_instance",
            ("redis.gcp", "Instance"): "google_redis_instance",
            ("sql.gcp", "DatabaseInstance"): "google_sql_database_instance",
        },
        _of_crossplane,
    ),
)


def managed_facts(objects: Sequence[Object]) -> tuple[list[Fact], list[Note]]:
    """The services that objects ask a cloud for."""
    resources: list[Resource] = []
    names: dict[str, str] = {}
    for item in objects:
        if resource := _resource(item):
            resources.append(resource)
            names[item.address] = item.name
    facts, notes = service_facts(resources, _MANNER)
    return [replace(fact, name=fact.name or names.get(fact.evidence.address, "")) for fact in facts], notes


def _resource(item: Object) -> Resource | None:
    for controller in _CONTROLLERS:
        match = controller.group.fullmatch(item.group)
        kind = controller.types.get((match["service"], item.kind)) if match else None
        if kind:
            return Resource(item.document, item.address, kind, item.value, controller.word)
    return None
