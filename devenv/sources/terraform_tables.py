"""Which resources of Terraform's providers are services, and in which attributes they say what.

Attribute names: the schemas of AWS provider 5.100, and the documentation of the others. ``_actual`` is what the
provider saw; without it stands what was configured, which may be less exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

#: (where an attribute stands, its name): indexes and keys on the way are joined by dots.
Paths = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One type of resource. ``engine`` is where its engine's name stands, ``kind`` the engine's name where it is none.

    ``versions`` are asked in turn. ``groups`` are attributes that name a group of parameters; ``lists`` hold settings
    as [{name, value}], ``maps`` as {name: value}, ``texts`` as text of the server's own configuration file.
    ``within`` names whom a member or a replica belongs to.
    """

    versions: Paths
    name: str
    engine: str = ""
    kind: str = ""
    groups: Paths = ()
    lists: Paths = ()
    maps: Paths = ()
    texts: Paths = ()
    within: Paths = ()


_AWS = ("engine_version_actual", "engine_version")
SERVICES: Mapping[str, Row] = {
    "aws_db_instance": Row(
        _AWS, "identifier", "engine", groups=("parameter_group_name",), within=("replicate_source_db",)
    ),
    "aws_rds_cluster": Row(
        _AWS,
        "cluster_identifier",
        "engine",
        groups=("db_instance_parameter_group_name", "db_cluster_parameter_group_name"),
    ),
    "aws_rds_cluster_instance": Row(
        _AWS, "identifier", "engine", groups=("db_parameter_group_name",), within=("cluster_identifier",)
    ),
    "aws_elasticache_cluster": Row(
        _AWS, "cluster_id", "engine", groups=("parameter_group_name",), within=("replication_group_id",)
    ),
    "aws_elasticache_replication_group": Row(
        _AWS, "replication_group_id", "engine", "redis", groups=("parameter_group_name",)
    ),
    "aws_elasticache_serverless_cache": Row(("full_engine_version", "major_engine_version"), "name", "engine"),
    "aws_memorydb_cluster": Row(
        ("engine_patch_version", "engine_version"), "name", "engine", "redis", groups=("parameter_group_name",)
    ),
    "aws_mq_broker": Row(("engine_version",), "broker_name", "engine_type", groups=("configuration.0.id",)),
    "aws_msk_cluster": Row(("kafka_version",), "cluster_name", kind="kafka", groups=("configuration_info.0.arn",)),
    "aws_msk_serverless_cluster": Row((), "cluster_name", kind="kafka"),
    "aws_opensearch_domain": Row(("engine_version",), "domain_name", kind="opensearch", maps=("advanced_options",)),
    "aws_elasticsearch_domain": Row(
        ("elasticsearch_version",), "domain_name", kind="elasticsearch", maps=("advanced_options",)
    ),
    "aws_docdb_cluster": Row(("engine_version",), "cluster_identifier", kind="documentdb"),
    "aws_neptune_cluster": Row(("engine_version",), "cluster_identifier", kind="neptune"),
    "aws_redshift_cluster": Row(("cluster_version",), "cluster_identifier", kind="redshift"),
    "aws_lightsail_database": Row(("engine_version",), "relational_database_name", "engine"),
    "google_sql_database_instance": Row(
        ("maintenance_version", "database_version"),
        "name",
        kind="database_version",
        lists=("settings.0.database_flags",),
        within=("master_instance_name",),
    ),
    "google_redis_instance": Row(("redis_version",), "name", kind="redis", maps=("redis_configs",)),
    "google_redis_cluster": Row((), "name", kind="redis", maps=("redis_configs",)),
    "google_memorystore_instance": Row(("engine_version",), "instance_id", kind="valkey", maps=("engine_configs",)),
    "google_memcache_instance": Row(
        ("memcache_full_version", "memcache_version"), "name", kind="memcached", maps=("memcache_parameters.0.params",)
    ),
    "google_alloydb_cluster": Row(("database_version",), "cluster_id", kind="postgres"),
    "azurerm_postgresql_flexible_server": Row(("version",), "name", kind="postgres", groups=("id",)),
    "azurerm_mysql_flexible_server": Row(("version",), "name", kind="mysql", groups=("id",)),
    "azurerm_redis_cache": Row(("redis_version",), "name", kind="redis", maps=("redis_configuration.0",)),
    "digitalocean_database_cluster": Row(("version",), "name", "engine", groups=("id",)),
    "aiven_pg": Row(("pg_user_config.0.pg_version",), "service_name", kind="postgres", maps=("pg_user_config.0.pg.0",)),
    "aiven_mysql": Row(
        ("mysql_user_config.0.mysql_version",), "service_name", kind="mysql", maps=("mysql_user_config.0.mysql.0",)
    ),
    "aiven_kafka": Row(
        ("kafka_user_config.0.kafka_version",), "service_name", kind="kafka", maps=("kafka_user_config.0.kafka.0",)
    ),
    "aiven_opensearch": Row(("opensearch_user_config.0.opensearch_version",), "service_name", kind="opensearch"),
    "aiven_valkey": Row(("valkey_user_config.0.valkey_version",), "service_name", kind="valkey"),
    "render_postgres": Row(("version",), "name", kind="postgres"),
    "mongodbatlas_cluster": Row(("mongo_db_version", "mongo_db_major_version"), "name", kind="mongodb"),
    "mongodbatlas_advanced_cluster": Row(("mongo_db_version", "mongo_db_major_version"), "name", kind="mongodb"),
    "cloudamqp_instance": Row(("rmq_version",), "name", kind="rabbitmq"),
    "neon_project": Row(("pg_version",), "name", kind="postgres"),
    "ec_deployment": Row(("version",), "name", kind="elasticsearch"),
}


@dataclass(frozen=True, slots=True)
class Group:
    """Settings that stand in a resource of their own: ``name`` is what instances call it by, the rest as in ``Row``."""

    name: str
    lists: Paths = ()
    texts: Paths = ()
    single: bool = False  # one setting a resource: its name and value are attributes


GROUPS: Mapping[str, Group] = {
    "aws_db_parameter_group": Group("name", lists=("parameter",)),
    "aws_rds_cluster_parameter_group": Group("name", lists=("parameter",)),
    "aws_docdb_cluster_parameter_group": Group("name", lists=("parameter",)),
    "aws_elasticache_parameter_group": Group("name", lists=("parameter",)),
    "aws_memorydb_parameter_group": Group("name", lists=("parameter",)),
    "aws_mq_configuration": Group("id", texts=("data",)),
    "aws_msk_configuration": Group("arn", texts=("server_properties",)),
    "azurerm_postgresql_flexible_server_configuration": Group("server_id", single=True),
    "azurerm_mysql_flexible_server_configuration": Group("server_id", single=True),
}
#: Resources whose containers' images are read, and those that hold a release of a chart.
CONTAINERS: Mapping[str, str] = {
    "kubernetes_stateful_set": "spec.0.template.0.spec.0.container",
    "kubernetes_stateful_set_v1": "spec.0.template.0.spec.0.container",
    "kubernetes_deployment": "spec.0.template.0.spec.0.container",
    "kubernetes_deployment_v1": "spec.0.template.0.spec.0.container",
}
OTHERS = frozenset(
    ["aws_ecs_task_definition", "helm_release", "heroku_addon", "kubernetes_manifest", "kubectl_manifest"]
)
READ = frozenset([*SERVICES, *GROUPS, *CONTAINERS, *OTHERS])


def _heads(row: Row) -> frozenset[str]:
    every = (*row.versions, row.name, row.engine, *row.groups, *row.lists, *row.maps, *row.texts, *row.within)
    return frozenset(path.partition(".")[0] for path in (*every, "database_version") if path)


#: The attributes that are read of a service, by its type.
HEADS: Mapping[str, frozenset[str]] = {kind: _heads(row) for kind, row in SERVICES.items()}
