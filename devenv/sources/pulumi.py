"""``pulumi stack export``: the same clouds as Terraform's, its attributes in camelCase."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from devenv.document import Document, at, items, table, text_at
from devenv.model.fact import Fact, Note, Reading
from devenv.sources.known import Known
from devenv.sources.terraform_resources import Resource, resource_facts

NAME = "pulumi"
#: A table with this key is a secret, encrypted or not.
_SECRET = "4dabf18193072939515e22adb298388d"  # noqa: S105 - the sign of one, not one
#: Type without its package's version -> Terraform's.
_TYPES: Mapping[str, str] = {
    "aws:rds/instance:Instance": "aws_db_instance",
    "aws:rds/cluster:Cluster": "aws_rds_cluster",
    "aws:rds/clusterInstance:ClusterInstance": "aws_rds_cluster_instance",
    "aws:rds/parameterGroup:ParameterGroup": "aws_db_parameter_group",
    "aws:rds/clusterParameterGroup:ClusterParameterGroup": "aws_rds_cluster_parameter_group",
    "aws:elasticache/cluster:Cluster": "aws_elasticache_cluster",
    "aws:elasticache/replicationGroup:ReplicationGroup": "aws_elasticache_replication_group",
    "aws:elasticache/serverlessCache:ServerlessCache": "aws_elasticache_serverless_cache",
    "aws:elasticache/parameterGroup:ParameterGroup": "aws_elasticache_parameter_group",
    "aws:memorydb/cluster:Cluster": "aws_memorydb_cluster",
    "aws:mq/broker:Broker": "aws_mq_broker",
    "aws:msk/cluster:Cluster": "aws_msk_cluster",
    "aws:opensearch/domain:Domain": "aws_opensearch_domain",
    "aws:docdb/cluster:Cluster": "aws_docdb_cluster",
    "gcp:sql/databaseInstance:DatabaseInstance": "google_sql_database_instance",
    "gcp:redis/instance:Instance": "google_redis_instance",
    "gcp:memcache/instance:Instance": "google_memcache_instance",
    "azure:postgresql/flexibleServer:FlexibleServer": "azurerm_postgresql_flexible_server",
    "azure:mysql/flexibleServer:FlexibleServer": "azurerm_mysql_flexible_server",
    "azure:redis/cache:Cache": "azurerm_redis_cache",
    "digitalocean:index/databaseCluster:DatabaseCluster": "digitalocean_database_cluster",
}
#: Lists that Pulumi calls by a plural, and single blocks that it does not wrap in a list.
_PLURALS = {"parameters": "parameter"}
_BLOCKS = frozenset(["settings", "configuration", "configuration_info", "redis_configuration", "memcache_parameters"])
#: Values within values.
_DEEPEST = 20


def recognises(document: Document) -> bool:
    """Whether it is a stack's export."""
    return any(text_at(entry, "urn").startswith("urn:pulumi:") for entry in items(_resources(document)))


def _resources(document: Document) -> Any:
    return at(document.value, "deployment", "resources")


def parse(documents: Sequence[Document], known: Known) -> Reading:
    """Every service of every stack; what the cloud answered stands before what was asked of it."""
    facts: list[Fact] = []
    notes: list[Note] = []
    for document in documents:
        found, said = resource_facts(document, list(_spelt(document)), known, source=NAME)
        facts += found
        notes += said
    return Reading(tuple(facts), tuple(notes))


def _spelt(document: Document) -> Iterator[Resource]:
    for entry in items(_resources(document)):
        kind = _TYPES.get(text_at(entry, "type"))
        if kind and text_at(entry, "delete") != "true":
            values = {**table(at(entry, "inputs")), **table(at(entry, "outputs"))}
            yield Resource(text_at(entry, "urn").rpartition("::")[2], kind, table(_snaked(values, 0)))


def _snaked(value: Any, depth: int) -> Any:
    """The same with Terraform's names and without secrets."""
    if depth > _DEEPEST or (isinstance(value, dict) and _SECRET in value):
        return None
    if isinstance(value, list):
        return [_snaked(item, depth + 1) for item in value]
    if not isinstance(value, dict):
        return value
    made = {}
    for key, inner in value.items():
        name = re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", str(key)).lower()
        name = _PLURALS.get(name, name)
        spelt = _snaked(inner, depth + 1)
        made[name] = [spelt] if name in _BLOCKS and isinstance(spelt, dict) else spelt
    return made
