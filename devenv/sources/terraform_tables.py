"""Which resources of Terraform's providers are services, and in which attributes they say what.

Attribute names: the schemas of AWS provider 5.100, and the documentation of the others. Other tools describe the same
resources in words of their own: they are read by these tables too, with a dictionary in between.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from devenv.model.record import record

#: Where attributes stand: indexes and keys on the way are joined by dots.
Paths = tuple[str, ...]


@record
class Row:
    """One type of resource. ``engine`` is where its engine's name stands, ``kind`` the engine where it does not say.

    ``versions`` are asked in turn, and read as ``vendor`` numbers them; ``minor`` is the number that some keep apart.
    ``groups`` are attributes that name a group of parameters; ``settings`` are its own: [{name, value}],
    {name: value}, or text of the server's own configuration file. ``within`` names whom a member or a replica belongs
    to, ``region_of`` whom it belongs to where that is described too, ``members`` those that belong to it.
    """

    versions: Paths
    names: Paths = ("name",)
    engine: str = ""
    kind: str = ""
    vendor: str = ""
    minor: str = ""
    groups: Paths = ()
    settings: Paths = ()
    within: Paths = ()
    region_of: str = ""
    members: Paths = ()
    #: Where it says whether it is a cluster that shares out its keys.
    clustered: str = ""


#: Attributes that say what the provider saw; the others say what somebody wrote.
SEEN = frozenset(
    [
        "engine_version_actual",
        "engine_patch_version",
        "full_engine_version",
        "maintenance_version",
        "memcache_full_version",
        "mongo_db_version",
    ]
)
_AWS = ("engine_version_actual", "engine_version")
_DB_INSTANCE = Row(
    _AWS,
    ("identifier", "db_instance_identifier"),
    "engine",
    vendor="rds",
    groups=("parameter_group_name", "db_parameter_groups.0"),
    within=("db_cluster_identifier", "replicate_source_db"),
    members=("replicas",),
)
_DB_CLUSTER = Row(
    _AWS,
    ("cluster_identifier",),
    "engine",
    vendor="rds",
    groups=("db_instance_parameter_group_name", "db_cluster_parameter_group_name"),
    within=("replication_source_identifier",),
    region_of="global_cluster_identifier",
    members=("cluster_members",),
)
_DB_MEMBER = Row(
    _AWS,
    ("identifier",),
    "engine",
    vendor="rds",
    groups=("db_parameter_group_name",),
    within=("cluster_identifier",),
)
_DB_GLOBAL = Row(_AWS, ("global_cluster_identifier",), "engine", vendor="rds")
_AZURE = Row(
    ("version",), kind="postgres", vendor="azure", minor="minor_version", groups=("id",), within=("source_server_id",)
)
_AZURE_SINGLE = replace(_AZURE, within=("creation_source_server_id",))
_ATLAS = Row(("mongo_db_version", "mongo_db_major_version"), kind="mongodb")


def _aiven(kind: str, name: str) -> Row:
    """Aiven's services are configured in a block of their own, and their servers in a block within it."""
    own = f"{name}_user_config.0"
    return Row(
        (f"{own}.{name}_version",), ("service_name",), kind=kind, vendor="aiven", settings=(own, f"{own}.{name}.0")
    )


SERVICES: Mapping[str, Row] = {
    "aws_db_instance": _DB_INSTANCE,
    "aws_lambda_function": Row(("runtime",), ("function_name",), vendor="lambda"),
    "aws_rds_cluster": _DB_CLUSTER,
    "aws_rds_cluster_instance": _DB_MEMBER,
    "aws_rds_global_cluster": _DB_GLOBAL,
    "aws_docdb_cluster": replace(_DB_CLUSTER, kind="docdb"),
    "aws_docdb_cluster_instance": replace(_DB_MEMBER, kind="docdb"),
    "aws_docdb_global_cluster": replace(_DB_GLOBAL, kind="docdb"),
    "aws_neptune_cluster": replace(_DB_CLUSTER, kind="neptune"),
    "aws_neptune_cluster_instance": replace(_DB_MEMBER, kind="neptune"),
    "aws_elasticache_cluster": Row(
        _AWS,
        ("cluster_id",),
        "engine",
        vendor="elasticache",
        groups=("parameter_group_name",),
        within=("replication_group_id",),
    ),
    "aws_elasticache_replication_group": Row(
        _AWS,
        ("replication_group_id",),
        "engine",
        "redis",
        vendor="elasticache",
        groups=("parameter_group_name",),
        region_of="global_replication_group_id",
        members=("member_clusters",),
        clustered="cluster_enabled",
    ),
    "aws_elasticache_global_replication_group": Row(
        _AWS, ("global_replication_group_id",), "engine", "redis", vendor="elasticache"
    ),
    "aws_elasticache_serverless_cache": Row(
        ("full_engine_version", "major_engine_version"), ("name",), "engine", vendor="elasticache"
    ),
    "aws_memorydb_cluster": Row(
        ("engine_patch_version", "engine_version"),
        ("name",),
        "engine",
        "redis",
        vendor="memorydb",
        groups=("parameter_group_name",),
    ),
    "aws_mq_broker": Row(
        ("engine_version",), ("broker_name",), "engine_type", vendor="mq", groups=("configuration.0.id",)
    ),
    "aws_msk_cluster": Row(
        ("kafka_version",), ("cluster_name",), kind="kafka", vendor="msk", groups=("configuration_info.0.arn",)
    ),
    "aws_msk_serverless_cluster": Row((), ("cluster_name",), kind="kafka", vendor="msk"),
    "aws_opensearch_domain": Row(
        ("engine_version",), ("domain_name",), kind="opensearch", vendor="opensearch", settings=("advanced_options",)
    ),
    "aws_elasticsearch_domain": Row(
        ("elasticsearch_version",),
        ("domain_name",),
        kind="elasticsearch",
        vendor="opensearch",
        settings=("advanced_options",),
    ),
    "aws_redshift_cluster": Row(("cluster_version",), ("cluster_identifier",), kind="redshift"),
    "aws_lightsail_database": Row(("engine_version",), ("relational_database_name",), "engine", vendor="rds"),
    "google_sql_database_instance": Row(
        ("maintenance_version", "database_version"),
        vendor="google",
        settings=("settings.0.database_flags",),
        within=("master_instance_name",),
        members=("replica_names",),
    ),
    "google_redis_instance": Row(("redis_version",), kind="redis", vendor="google", settings=("redis_configs",)),
    "google_redis_cluster": Row((), kind="redis", vendor="google", settings=("redis_configs",)),
    "google_memorystore_instance": Row(
        ("engine_version",), ("instance_id",), kind="valkey", vendor="google", settings=("engine_configs",)
    ),
    "google_memcache_instance": Row(
        ("memcache_full_version", "memcache_version"),
        kind="memcached",
        vendor="google",
        settings=("memcache_parameters.0.params",),
    ),
    "google_alloydb_cluster": Row(("database_version",), ("cluster_id",), kind="postgres", vendor="alloydb"),
    "google_alloydb_instance": Row(
        (), ("instance_id",), kind="postgres", vendor="alloydb", settings=("database_flags",), within=("cluster",)
    ),
    "google_managed_kafka_cluster": Row((), ("cluster_id",), kind="kafka", vendor="google"),
    "azurerm_postgresql_flexible_server": _AZURE,
    "azurerm_postgresql_server": _AZURE_SINGLE,
    "azurerm_mysql_flexible_server": replace(_AZURE, kind="mysql"),
    "azurerm_mysql_server": replace(_AZURE_SINGLE, kind="mysql"),
    "azurerm_mariadb_server": replace(_AZURE_SINGLE, kind="mariadb"),
    "azurerm_redis_cache": Row(("redis_version",), kind="redis", vendor="azure", settings=("redis_configuration.0",)),
    "azurerm_redis_enterprise_cluster": Row((), kind="redis", vendor="azure"),
    "azurerm_managed_redis": Row((), kind="redis", vendor="azure"),
    "azurerm_cosmosdb_postgresql_cluster": Row(("sql_version",), kind="postgres", vendor="azure"),
    "digitalocean_database_cluster": Row(("version",), ("name",), "engine", vendor="digitalocean", groups=("id",)),
    "aiven_pg": _aiven("postgres", "pg"),
    **{
        f"aiven_{name}": _aiven(name, name)
        for name in ("clickhouse", "kafka", "mysql", "opensearch", "redis", "valkey")
    },
    "render_postgres": Row(("version",), kind="postgres"),
    "render_keyvalue": Row((), kind="redis"),
    "render_redis": Row((), kind="redis"),
    "mongodbatlas_cluster": _ATLAS,
    "mongodbatlas_advanced_cluster": _ATLAS,
    "cloudamqp_instance": Row(("rmq_version",), ("name",), "backend", "rabbitmq"),
    "confluent_kafka_cluster": Row((), ("display_name",), kind="kafka"),
    "neon_project": Row(("pg_version",), kind="postgres"),
    "ec_deployment": Row(("version",), kind="elasticsearch"),
}


@record
class Group:
    """Settings of a ``vendor``'s servers in a resource of their own; ``name`` is what servers call it by.

    ``settings`` are as in ``Row``; () where the resource is one setting, by its name and value, and ("",) where its
    attributes are settings. ``called`` are the attributes by which it is called, where there are other groups too.
    """

    vendor: str
    name: str = "name"
    settings: Paths = ("parameter",)
    called: frozenset[str] = frozenset()


_OF_CLUSTERS = Group("rds", called=frozenset(["db_cluster_parameter_group_name"]))
_OF_INSTANCES = Group(
    "rds",
    called=frozenset(
        [
            "parameter_group_name",
            "db_parameter_group_name",
            "db_instance_parameter_group_name",
            "db_parameter_groups.0",
        ]
    ),
)
_AZURE_SETTING = Group("azure", "server_id", ())
GROUPS: Mapping[str, Group] = {
    "aws_db_parameter_group": _OF_INSTANCES,
    "aws_rds_cluster_parameter_group": _OF_CLUSTERS,
    "aws_docdb_cluster_parameter_group": _OF_CLUSTERS,
    "aws_elasticache_parameter_group": Group("elasticache"),
    "aws_memorydb_parameter_group": Group("memorydb"),
    "aws_mq_configuration": Group("mq", "id", ("data",)),
    "aws_msk_configuration": Group("msk", "arn", ("server_properties",)),
    "azurerm_postgresql_flexible_server_configuration": _AZURE_SETTING,
    "azurerm_mysql_flexible_server_configuration": _AZURE_SETTING,
    **{
        f"digitalocean_database_{name}_config": Group("digitalocean", "cluster_id", ("",))
        for name in ("kafka", "mongodb", "mysql", "opensearch", "postgresql", "redis", "valkey")
    },
}
_POD = "spec.0.template.0.spec.0.container"
#: Resources whose containers' images are read, and where these are.
CONTAINERS: Mapping[str, str] = {
    **{
        f"kubernetes_{name}": _POD
        for kind in ("stateful_set", "deployment", "daemon_set")
        for name in (kind, f"{kind}_v1")
    },
    "kubernetes_daemonset": _POD,
    "kubernetes_pod": "spec.0.container",
    "kubernetes_pod_v1": "spec.0.container",
}
#: Resources that hold an object of Kubernetes, and where.
MANIFESTS: Mapping[str, str] = {"kubernetes_manifest": "manifest", "kubectl_manifest": "yaml_body"}
READ = frozenset(
    [*SERVICES, *GROUPS, *CONTAINERS, *MANIFESTS, "aws_ecs_task_definition", "helm_release", "heroku_addon"]
)


def _heads(row: Row) -> frozenset[str]:
    every = (*row.versions, *row.names, *row.groups, *row.settings, *row.within, *row.members)
    return frozenset(path.partition(".")[0] for path in (*every, row.engine, row.region_of, row.clustered) if path)


#: The attributes that are read of a service, by its type.
HEADS: Mapping[str, frozenset[str]] = {kind: _heads(row) for kind, row in SERVICES.items()}
