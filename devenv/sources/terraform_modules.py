"""Modules of the public registries whose inputs say which service they make.

Names of inputs: the modules' own documentation. Inputs that are called as Terraform's attributes are need no mention.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from typing import Any

from devenv.model.record import record


@record
class Made:
    """The resource that a module makes: its type, and attributes of it -> the inputs that say them. ``fixed`` are
    attributes that the module itself sets, ``parameters`` the type of group that its input ``parameters`` fills."""

    type: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, str] = field(default_factory=dict)
    parameters: str = ""


_RDS = Made("aws_db_instance", parameters="aws_db_parameter_group")
_CLOUDPOSSE_RDS = Made("aws_db_instance", {"identifier": "name"})
_AURORA = Made("aws_rds_cluster", {"cluster_identifier": "name"})
_CLOUDPOSSE_AURORA = Made("aws_rds_cluster", {"cluster_identifier": "name"})
_REDIS = {"replication_group_id": "name"}
_GOOGLE_SQL = Made("google_sql_database_instance", {"settings.0.database_flags": "database_flags"})
_AZURE_POSTGRES = Made("azurerm_postgresql_flexible_server", {"version": "server_version"})

#: ``namespace/name/provider``, with ``//`` and the path of a module within it where it is one.
MODULES: Mapping[str, Made] = {
    "terraform-aws-modules/rds/aws": _RDS,
    "terraform-aws-modules/rds/aws//modules/db_instance": _RDS,
    "terraform-aws-modules/rds-aurora/aws": _AURORA,
    "terraform-aws-modules/elasticache/aws": Made(
        "aws_elasticache_replication_group", parameters="aws_elasticache_parameter_group"
    ),
    "terraform-aws-modules/elasticache/aws//modules/serverless-cache": Made(
        "aws_elasticache_serverless_cache", {"name": "cache_name"}
    ),
    "terraform-aws-modules/memory-db/aws": Made("aws_memorydb_cluster"),
    "terraform-aws-modules/msk-kafka-cluster/aws": Made("aws_msk_cluster", {"cluster_name": "name"}),
    "terraform-aws-modules/opensearch/aws": Made("aws_opensearch_domain"),
    "terraform-aws-modules/redshift/aws": Made("aws_redshift_cluster"),
    "cloudposse/rds/aws": _CLOUDPOSSE_RDS,
    "cloudposse/rds-cluster/aws": _CLOUDPOSSE_AURORA,
    "cloudposse/elasticache-redis/aws": Made(
        "aws_elasticache_replication_group", _REDIS, parameters="aws_elasticache_parameter_group"
    ),
    "cloudposse/elasticache-memcached/aws": Made(
        "aws_elasticache_cluster", {"cluster_id": "name"}, {"engine": "memcached"}
    ),
    "cloudposse/documentdb-cluster/aws": Made("aws_docdb_cluster", {"cluster_identifier": "name"}),
    "cloudposse/mq-broker/aws": Made("aws_mq_broker", {"broker_name": "name"}),
    "cloudposse/msk-apache-kafka-cluster/aws": Made("aws_msk_cluster", {"cluster_name": "name"}),
    "cloudposse/elasticsearch/aws": Made(
        "aws_elasticsearch_domain", {"domain_name": "name", "elasticsearch_version": "elasticsearch_version"}
    ),
    "terraform-google-modules/sql-db/google//modules/postgresql": _GOOGLE_SQL,
    "terraform-google-modules/sql-db/google//modules/mysql": _GOOGLE_SQL,
    "googlecloudplatform/sql-db/google//modules/postgresql": _GOOGLE_SQL,
    "googlecloudplatform/sql-db/google//modules/mysql": _GOOGLE_SQL,
    "terraform-google-modules/memorystore/google": Made("google_redis_instance"),
    "terraform-google-modules/memorystore/google//modules/memcache": Made("google_memcache_instance"),
    "azure/postgresql/azurerm": Made("azurerm_postgresql_server", {"version": "server_version", "name": "server_name"}),
    "azure/avm-res-dbforpostgresql-flexibleserver/azurerm": _AZURE_POSTGRES,
    "azure/avm-res-dbformysql-flexibleserver/azurerm": Made(
        "azurerm_mysql_flexible_server", {"version": "mysql_version"}
    ),
}
#: Inputs by which a module that nobody here knows is seen to make a service.
TELLING = frozenset(
    [
        "engine",
        "engine_version",
        "database_version",
        "postgres_version",
        "postgresql_version",
        "mysql_version",
        "redis_version",
        "rabbitmq_version",
        "kafka_version",
    ]
)
_HOSTS = re.compile(r"^(?:registry\.terraform\.io|registry\.opentofu\.org|app\.terraform\.io)/")
#: The registry's modules are repositories of this name.
_REPOSITORY = re.compile(
    r"(?:git::)?(?:https://|ssh://git@|git@)?github\.com[/:](?P<owner>[\w-]+)/terraform-(?P<provider>[a-z]+)-"
    r"(?P<name>[\w-]+?)(?:\.git)?(?P<within>//[\w/-]+)?(?:\?.*)?"
)


def made_by(source: str) -> Made | None:
    """What a module makes, by the text of its ``source``; None for one that is not known here."""
    source = _HOSTS.sub("", source.strip())
    if match := _REPOSITORY.fullmatch(source):
        source = f"{match['owner']}/{match['name']}/{match['provider']}{match['within'] or ''}"
    return MODULES.get(source.lower())


def attributes(made: Made, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes of the resource that a module makes of its arguments, in Terraform's own form."""
    values = {**made.fixed, **arguments}
    for attribute, name in made.inputs.items():
        if name not in arguments:
            continue
        first, *rest = attribute.split(".")
        value = arguments[name]
        for part in reversed(rest):
            value = [value] if part.isdecimal() else {part: value}
        values[first] = value
    return values
