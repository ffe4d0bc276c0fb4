"""``pulumi stack export``: the same clouds as Terraform's, with its attributes in camelCase."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from devenv.document import Document, at, items, table, text_at
from devenv.model.fact import Reading, Trust
from devenv.sources.known import Known
from devenv.sources.terraform_contents import content_facts
from devenv.sources.terraform_resources import Manner, Resource, service_facts

NAME = "pulumi"
_MANNER = Manner(NAME, seen=Trust.RECORDED, written=Trust.CONFIGURED)
#: Type -> Terraform's name of it.
_TYPES: Mapping[str, str] = {
    "aws:docdb/cluster:Cluster": "aws_docdb_cluster",
    "aws:docdb/clusterInstance:ClusterInstance": "aws_docdb_cluster_instance",
    "aws:docdb/clusterParameterGroup:ClusterParameterGroup": "aws_docdb_cluster_parameter_group",
    "aws:ecs/taskDefinition:TaskDefinition": "aws_ecs_task_definition",
    "aws:elasticache/cluster:Cluster": "aws_elasticache_cluster",
    "aws:elasticache/parameterGroup:ParameterGroup": "aws_elasticache_parameter_group",
    "aws:elasticache/replicationGroup:ReplicationGroup": "aws_elasticache_replication_group",
    "aws:elasticache/serverlessCache:ServerlessCache": "aws_elasticache_serverless_cache",
    "aws:elasticsearch/domain:Domain": "aws_elasticsearch_domain",
    "aws:memorydb/cluster:Cluster": "aws_memorydb_cluster",
    "aws:memorydb/parameterGroup:ParameterGroup": "aws_memorydb_parameter_group",
    "aws:mq/broker:Broker": "aws_mq_broker",
    "aws:mq/configuration:Configuration": "aws_mq_configuration",
    "aws:msk/cluster:Cluster": "aws_msk_cluster",
    "aws:msk/configuration:Configuration": "aws_msk_configuration",
    "aws:msk/serverlessCluster:ServerlessCluster": "aws_msk_serverless_cluster",
    "aws:neptune/cluster:Cluster": "aws_neptune_cluster",
    "aws:opensearch/domain:Domain": "aws_opensearch_domain",
    "aws:rds/cluster:Cluster": "aws_rds_cluster",
    "aws:rds/clusterInstance:ClusterInstance": "aws_rds_cluster_instance",
    "aws:rds/clusterParameterGroup:ClusterParameterGroup": "aws_rds_cluster_parameter_group",
    "aws:rds/globalCluster:GlobalCluster": "aws_rds_global_cluster",
    "aws:rds/instance:Instance": "aws_db_instance",
    "aws:rds/parameterGroup:ParameterGroup": "aws_db_parameter_group",
    "aws:redshift/cluster:Cluster": "aws_redshift_cluster",
    "azure-native:cache:Redis": "azurerm_redis_cache",
    "azure-native:dbformysql:Server": "azurerm_mysql_flexible_server",
    "azure-native:dbforpostgresql:Server": "azurerm_postgresql_flexible_server",
    "azure:mysql/flexibleServer:FlexibleServer": "azurerm_mysql_flexible_server",
    "azure:postgresql/flexibleServer:FlexibleServer": "azurerm_postgresql_flexible_server",
    "azure:redis/cache:Cache": "azurerm_redis_cache",
    "digitalocean:index/databaseCluster:DatabaseCluster": "digitalocean_database_cluster",
    "gcp:alloydb/cluster:Cluster": "google_alloydb_cluster",
    "gcp:memcache/instance:Instance": "google_memcache_instance",
    "gcp:memorystore/instance:Instance": "google_memorystore_instance",
    "gcp:redis/cluster:Cluster": "google_redis_cluster",
    "gcp:redis/instance:Instance": "google_redis_instance",
    "gcp:sql/databaseInstance:DatabaseInstance": "google_sql_database_instance",
    "kubernetes:helm.sh/v3:Release": "helm_release",
    "mongodbatlas:index/advancedCluster:AdvancedCluster": "mongodbatlas_advanced_cluster",
    "mongodbatlas:index/cluster:Cluster": "mongodbatlas_cluster",
}
#: Terraform's names that are no mere camelCase here.
_WORDS: Mapping[str, str] = {
    "parameter": "parameters",
    "repository": "repositoryOpts.repo",
}
_OBJECTS = "kubernetes:"
_SECRET = "kubernetes:core/v1:Secret"  # noqa: S105 - a type, none of its values
#: ``azure-native:cache/v20240301:Redis`` is of the same type in one version of the API.
_API = re.compile(r"/v\d{8}(?:preview)?(?=:)")


def recognises(document: Document) -> bool:
    """Whether it is a stack's export."""
    deployment = table(at(document.value, "deployment"))
    listed = items(deployment.get("resources"))
    return "manifest" in deployment or any(text_at(entry, "urn").startswith("urn:pulumi:") for entry in listed)


def parse(documents: Sequence[Document], known: Known) -> Reading:
    """Every service of every stack."""
    resources = [resource for document in documents for resource in _resources(document)]
    services, unnamed = service_facts(resources, _MANNER)
    others, unread = content_facts(resources, known, _MANNER)
    return Reading((*services, *others), (*unnamed, *unread))


def _resources(document: Document) -> Iterator[Resource]:
    """Resources that there are. What the cloud answered stands before what was asked of it.

    A secret is a table in the place of its value, and so no text: it is never read, not even as an unknown version.
    """
    for entry in items(at(document.value, "deployment", "resources")):
        kind = _API.sub("", text_at(entry, "type"))
        if text_at(entry, "delete") == "true" or kind == _SECRET:
            continue
        answered = {name: said for name, said in table(at(entry, "outputs")).items() if said is not None}
        values: dict[str, Any] = {**table(at(entry, "inputs")), **answered}
        address = text_at(entry, "urn").rpartition("::")[2]
        if ours := _TYPES.get(kind):
            yield Resource(document, address, ours, values, _word)
        elif kind.startswith(_OBJECTS) and "apiVersion" in values:
            yield Resource(document, address, "kubernetes_manifest", {"manifest": values})


def _word(path: str) -> str:
    """``pg_user_config.0.pg_version`` -> ``pgUserConfig.0.pgVersion``"""
    if path in _WORDS:
        return _WORDS[path]
    return re.sub(r"_(\w)", lambda match: match[1].upper(), path)
