"""Operators' own objects: where each says which server it runs. One row for each kind of object."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from devenv.document import at, items, table, text_at
from devenv.model.record import record
from devenv.sources import operators_extras as extras
from devenv.sources.kubernetes_objects import Cluster, Object
from devenv.sources.settings_text import Pairs, flat, pairs

#: What else an object says, as fields of a fact.
More = Callable[[Object, Cluster], Mapping[str, Any]]
Read = Callable[[str, Any, Object, Cluster], Pairs]


@record
class Operator:
    """``group`` ends the API group. ``images`` and ``versions`` are where the server's image and version stand; the
    first that states a version counts, in the order of ``stated``, which is all of them. ``settings`` says where
    settings stand and how they are read.
    """

    group: str
    kind: str
    engine: str
    stated: tuple[tuple[str, str], ...]
    settings: tuple[tuple[str, Read], ...] = ()
    more: More | None = None
    note: str = ""


def _map(kind: str, value: Any, item: Object, cluster: Cluster) -> Pairs:
    return flat(value)


def _text(kind: str, value: Any, item: Object, cluster: Cluster) -> Pairs:
    return pairs(kind, value) if isinstance(value, str) else []


def _lines(kind: str, value: Any, item: Object, cluster: Cluster) -> Pairs:
    lines = "\n".join(line for line in items(value) if isinstance(line, str))
    return pairs(kind, lines) if lines else flat(value)


def _config_map(kind: str, value: Any, item: Object, cluster: Cluster) -> Pairs:
    """All files of a ConfigMap, which is named as it is or with the key of the one that counts."""
    name, key = (value, "") if isinstance(value, str) else (text_at(value, "name"), text_at(value, "key"))
    files = cluster.config(name, item).items()
    return [pair for file, text in files if isinstance(text, str) and key in ("", file) for pair in pairs(kind, text)]


def _options(kind: str, value: Any, item: Object, cluster: Cluster) -> Pairs:
    """A ConfigMap whose keys are options, and lines of a file under ``_include``."""
    options = dict(cluster.config(value, item)) if isinstance(value, str) else {}
    lines = options.pop("_include", "")
    included = pairs(kind, f"[mysqld]\n{lines}") if isinstance(lines, str) else []
    return [*flat(options), *included]


def _stackgres_config(kind: str, value: Any, item: Object, cluster: Cluster) -> Pairs:
    found = cluster.find("SGPostgresConfig", value, item) if isinstance(value, str) else None
    return flat(at(found.value, "spec", "postgresql.conf")) if found else []


def _preloaded(kind: str, value: Any, item: Object, cluster: Cluster) -> Pairs:
    names = ",".join(name for name in items(value) if isinstance(name, str))
    return [("shared_preload_libraries", names)] if names else []


def _named(name: str) -> Read:
    """A setting with a place of its own."""
    return lambda kind, value, item, cluster: [(name, text_at({"": value}, ""))] if value else []


IMAGE, VERSION = "image", "version"
_PATRONI = ("spec.patroni.dynamicConfiguration.postgresql.parameters", _map)
_OPSTREE = ("redis.redis.opstreelabs.in", (("spec.kubernetesConfig.image", IMAGE),))
_CNPG = (
    ("status.pgDataImageInfo.image", IMAGE),
    ("status.image", IMAGE),
    ("spec.imageName", IMAGE),
    ("status.pgDataImageInfo.majorVersion", VERSION),
)
_CNPG_SETTINGS = (("spec.postgresql.parameters", _map), ("spec.postgresql.shared_preload_libraries", _preloaded))
_STRIMZI = (
    ("status.kafkaVersion", VERSION),
    ("spec.kafka.version", VERSION),
    ("spec.kafka.image", IMAGE),
)
_FCV = _named("featureCompatibilityVersion")

OPERATORS: tuple[Operator, ...] = (
    Operator("postgresql.cnpg.io", "Cluster", "postgres", _CNPG, _CNPG_SETTINGS, extras.of_cloudnative),
    Operator("postgresql.k8s.enterprisedb.io", "Cluster", "postgres", _CNPG, _CNPG_SETTINGS, extras.of_cloudnative),
    Operator(
        "acid.zalan.do",
        "postgresql",
        "postgres",
        # The image holds several versions of PostgreSQL; the object chooses.
        (("spec.postgresql.version", VERSION), ("spec.dockerImage", IMAGE)),
        (("spec.postgresql.parameters", _map),),
        extras.of_zalando,
    ),
    Operator(
        "postgres-operator.crunchydata.com",
        "PostgresCluster",
        "postgres",
        (("spec.image", IMAGE), ("spec.postgresVersion", VERSION)),
        (_PATRONI, ("spec.config.parameters", _map)),
        extras.of_crunchy,
    ),
    Operator(
        "pgv2.percona.com",
        "PerconaPGCluster",
        "postgres",
        (("spec.image", IMAGE), ("spec.postgresVersion", VERSION)),
        (_PATRONI,),
        extras.of_percona,
    ),
    *(
        Operator(
            "stackgres.io",
            kind,
            "postgres",
            (("status.postgresVersion", VERSION), ("spec.postgres.version", VERSION)),
            ((place, _stackgres_config),),
            more=extras.of_stackgres,
        )
        for kind, place in (
            ("SGCluster", "spec.configurations.sgPostgresConfig"),
            ("SGShardedCluster", "spec.coordinator.configurations.sgPostgresConfig"),
        )
    ),
    Operator(
        "pxc.percona.com",
        "PerconaXtraDBCluster",
        "mysql",
        (("spec.pxc.image", IMAGE),),
        (("spec.pxc.configuration", _text),),
        note="Percona XtraDB Cluster is MySQL with Galera",
    ),
    Operator(
        "ps.percona.com",
        "PerconaServerMySQL",
        "mysql",
        (("spec.mysql.image", IMAGE),),
        (("spec.mysql.configuration", _text),),
    ),
    Operator(
        "moco.cybozu.com",
        "MySQLCluster",
        "mysql",
        (("spec.podTemplate.spec.containers.0.image", IMAGE),),
        (("spec.mysqlConfigMapName", _options),),
    ),
    Operator("mysql.oracle.com", "InnoDBCluster", "mysql", (("spec.version", VERSION),), (("spec.mycnf", _text),)),
    *(
        Operator(
            group,
            "MariaDB",
            "mariadb",
            (("spec.image", IMAGE),),
            (
                ("spec.myCnfConfigMapKeyRef", _config_map),
                ("spec.myCnf", _text),
                ("spec.timeZone", _named("time_zone")),
            ),
        )
        for group in ("mariadb.com", "mariadb.mmontes.io")
    ),
    Operator("psmdb.percona.com", "PerconaServerMongoDB", "mongodb", (("spec.image", IMAGE),)),
    Operator(
        "mongodbcommunity.mongodb.com",
        "MongoDBCommunity",
        "mongodb",
        (("status.version", VERSION), ("spec.version", VERSION)),
        (("spec.featureCompatibilityVersion", _FCV),),
    ),
    Operator(
        "mongodb.com",
        "MongoDB",
        "mongodb",
        (("status.version", VERSION), ("spec.version", VERSION)),
        (("spec.featureCompatibilityVersion", _FCV),),
    ),
    Operator(
        "rabbitmq.com",
        "RabbitmqCluster",
        "rabbitmq",
        (("spec.image", IMAGE),),
        (("spec.rabbitmq.additionalConfig", _text),),
        extras.of_rabbitmq,
    ),
    Operator("kafka.strimzi.io", "Kafka", "kafka", _STRIMZI, (("spec.kafka.config", _map),), extras.of_strimzi),
    Operator(
        "elasticsearch.k8s.elastic.co",
        "Elasticsearch",
        "elasticsearch",
        (("status.version", VERSION), ("spec.version", VERSION)),
        (("spec.nodeSets.0.config", _map),),
    ),
    Operator(
        "opensearch.opster.io",
        "OpenSearchCluster",
        "opensearch",
        (("status.version", VERSION), ("spec.general.version", VERSION)),
        (("spec.general.additionalConfig", _map),),
    ),
    *(
        Operator(
            _OPSTREE[0],
            kind,
            "redis",
            _OPSTREE[1],
            (
                ("spec.redisConfig.additionalRedisConfig", _config_map),
                ("spec.redisLeader.redisConfig.additionalRedisConfig", _config_map),
            ),
            extras.of_redis_cluster if kind == "RedisCluster" else None,
        )
        for kind in ("Redis", "RedisReplication", "RedisCluster")
    ),
    Operator(
        "databases.spotahome.com",
        "RedisFailover",
        "redis",
        (("spec.redis.image", IMAGE),),
        (("spec.redis.customConfig", _lines),),
    ),
    Operator("hyperspike.io", "Valkey", "valkey", (("spec.image", IMAGE),)),
    Operator("cache.cs.sap.com", "Valkey", "valkey", (("spec.image", IMAGE), ("spec.version", VERSION))),
    Operator("dragonflydb.io", "Dragonfly", "dragonfly", (("spec.image", IMAGE),)),
    Operator(
        "clickhouse.altinity.com",
        "ClickHouseInstallation",
        "clickhouse",
        (("spec.templates.podTemplates.0.spec.containers.0.image", IMAGE),),
    ),
    *(
        Operator("kubedb.com", kind, engine, (("spec.version", VERSION),))
        for kind, engine in (
            ("Postgres", "postgres"),
            ("MySQL", "mysql"),
            ("MariaDB", "mariadb"),
            ("MongoDB", "mongodb"),
            ("Redis", "redis"),
            ("Memcached", "memcached"),
            ("RabbitMQ", "rabbitmq"),
            ("Kafka", "kafka"),
        )
    ),
)


def operator_of(item: Object) -> Operator | None:
    """The row for an object; None for one that is no operator's, or an operator's that runs nothing."""
    return next((row for row in OPERATORS if row.kind == item.kind and _is_of(item.group, row.group)), None)


def _is_of(group: str, end: str) -> bool:
    return group == end or group.endswith(f".{end}")


def value_at(item: Object, path: str) -> Any:
    """What stands at a path with dots; numbers are places in lists."""
    return at(table(item.value), *(int(key) if key.isdigit() else key for key in path.split(".")))
