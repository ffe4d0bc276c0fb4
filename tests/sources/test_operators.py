from __future__ import annotations

import json
from typing import Any

import pytest

from devenv.document import Document, decode
from devenv.model.fact import Evidence, Fact, Note, Precision, Status, Trust
from devenv.sources.known import Known
from devenv.sources.kubernetes import parse
from devenv.sources.operators import OPERATORS

DAY = "2026-11-24"
PATCH, MINOR, SERIES, NONE = Precision.PATCH, Precision.MINOR, Precision.SERIES, Precision.NONE
KNOWN = Known(
    {"postgres": "postgres", "redis": "redis", "rabbitmq": "rabbitmq", "mariadb": "mariadb", "valkey/valkey": "valkey"}
)
SILENT = "the operator chooses the version; 'kubectl get -o json' or the server itself tells it"


def yaml(text: str) -> Document:
    return decode("db.yaml", text.encode(), day=DAY)


def one(text: str) -> Fact:
    (found,) = parse([yaml(text)], KNOWN).facts
    return found


def fact(kind: str, version: str, precision: Precision, address: str, attribute: str, **more: Any) -> Fact:
    more.setdefault("status", Status.ACTUAL if version else Status.UNKNOWN)
    more.setdefault("trust", Trust.RENDERED)
    name = address.rpartition("/")[2]
    evidence = Evidence("kubernetes", more.pop("file", "db.yaml"), address, attribute, DAY)
    return Fact(kind, evidence, version, precision, name=name, **more)


def test_cloudnative_pg() -> None:
    document = yaml("""
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: prod}
data: {password: canary1}
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: db, namespace: prod}
spec:
  imageName: ghcr.io/cloudnative-pg/postgresql:16.2-bookworm
  postgresql:
    parameters: {max_connections: "300", archive_command: canary2, jit: "off", primary_conninfo: canary2}
    shared_preload_libraries: [pgaudit, pg_cron]
  bootstrap:
    initdb:
      postInitApplicationSQL:
        - CREATE EXTENSION IF NOT EXISTS "uuid-ossp" SCHEMA public
        - create role app password 'canary3'
        - create extension hstore; create extension citext
---
apiVersion: postgresql.cnpg.io/v1
kind: Database
metadata: {name: app, namespace: prod}
spec:
  cluster: {name: db}
  extensions: [{name: vector, version: 0.8.0}, {name: postgis, ensure: present}, {name: gone, ensure: absent}]
---
apiVersion: postgresql.cnpg.io/v1
kind: Database
metadata: {name: other, namespace: prod}
spec: {cluster: {name: other}, extensions: [{name: ltree}]}
""")
    reading = parse([document], KNOWN)
    assert reading.facts == (
        fact(
            "postgres", "16.2", PATCH, "prod/Cluster/db", "spec.imageName", variant="bookworm",
            settings={"jit": "off", "max_connections": "300", "shared_preload_libraries": "pgaudit,pg_cron"},
            extensions={"uuid-ossp": "", "hstore": "", "citext": "", "vector": "0.8.0", "postgis": ""},
        ),
    )  # fmt: skip
    assert reading.notes == ()
    assert "canary" not in repr(reading)


def test_cloudnative_pg_as_it_is_now() -> None:
    value = {
        "apiVersion": "postgresql.cnpg.io/v1",
        "kind": "Cluster",
        "metadata": {"name": "db", "uid": "1"},
        "spec": {"imageName": "ghcr.io/cloudnative-pg/postgresql:17.1"},
        "status": {"image": "ghcr.io/cloudnative-pg/postgresql:16.4", "pgDataImageInfo": {"majorVersion": 16}},
    }

    def read() -> tuple[Fact, ...]:
        return parse(
            [decode("kubectl get cluster db -o json", json.dumps(value).encode(), asked=True, day=DAY)], KNOWN
        ).facts

    where: dict[str, Any] = {"file": "kubectl get cluster db -o json", "trust": Trust.ASKED}
    assert read() == (fact("postgres", "16.4", PATCH, "Cluster/db", "status.image", **where),)
    value["status"] = {"pgDataImageInfo": {"image": "example.com/pg:16.3", "majorVersion": 16}, "image": "x:16.4"}
    assert read() == (fact("postgres", "16.3", PATCH, "Cluster/db", "status.pgDataImageInfo.image", **where),)
    value["spec"], value["status"] = {}, {"image": "example.com/pg@sha256:ab", "pgDataImageInfo": {"majorVersion": 16}}
    assert read() == (fact("postgres", "16", SERIES, "Cluster/db", "status.pgDataImageInfo.majorVersion", **where),)
    value["status"] = {}
    said = "the object states no version; ask the server itself"
    (found,) = read()
    assert (found.version, found.note, found.status) == ("", said, Status.UNKNOWN)


CATALOGUED = """
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: db, namespace: prod}
spec: {imageCatalogRef: {apiGroup: postgresql.cnpg.io, kind: KIND, name: images, major: 16}}
"""
CATALOG = """
---
apiVersion: postgresql.cnpg.io/v1
kind: KIND
metadata: {name: images NAMESPACE}
spec: {images: [{major: 15, image: "example.com/pg:15.6"}, {major: 16, image: "example.com/pg:16.2"}]}
"""


@pytest.mark.parametrize(("kind", "namespace"), [("ImageCatalog", ", namespace: prod"), ("ClusterImageCatalog", "")])
def test_cloudnative_pg_with_a_catalogue(kind: str, namespace: str) -> None:
    text = (CATALOGUED + CATALOG).replace("KIND", kind).replace("NAMESPACE", namespace)
    assert one(text) == fact("postgres", "16.2", PATCH, "prod/Cluster/db", "spec.imageCatalogRef")


def test_cloudnative_pg_with_a_catalogue_that_is_not_here() -> None:
    note = "its catalogue of images is not here: only the series is known"
    found = one(CATALOGUED.replace("KIND", "ImageCatalog"))
    assert found == fact("postgres", "16", SERIES, "prod/Cluster/db", "spec.imageCatalogRef", note=note)
    elsewhere = (CATALOGUED + CATALOG).replace("KIND", "ImageCatalog").replace("NAMESPACE", ", namespace: stage")
    assert one(elsewhere).note == note


@pytest.mark.parametrize(
    ("group", "kind", "spec", "expected"),
    [
        (
            "acid.zalan.do/v1",
            "postgresql",
            "{dockerImage: 'ghcr.io/zalando/spilo-17:4.0-p2', postgresql: {version: '16', parameters: {max_connections: '10'}},"
            " preparedDatabases: {app: {extensions: {pgcrypto: public, pg_partman: data}}}, users: {canary: []}}",
            ("postgres", "16", SERIES, "spec.postgresql.version", {"max_connections": "10"}, {"pgcrypto": "", "pg_partman": ""}, None),
        ),
        (
            "acid.zalan.do/v1",
            "postgresql",
            "{dockerImage: 'ghcr.io/zalando/spilo-17:4.0-p2'}",
            ("postgres", "17", SERIES, "spec.dockerImage", {}, {}, None),
        ),
        (
            "postgres-operator.crunchydata.com/v1beta1",
            "PostgresCluster",
            "{postgresVersion: 15, image: 'example.com/crunchy-postgres-gis:ubi8-15.4-3.3-0', postGISVersion: '3.3',"
            " patroni: {dynamicConfiguration: {postgresql: {parameters: {jit: 'off'}}}}}",
            ("postgres", "15.4", PATCH, "spec.image", {"jit": "off"}, {"postgis": "3.3"}, None),
        ),
        (
            "postgres-operator.crunchydata.com/v1beta1",
            "PostgresCluster",
            "{postgresVersion: 17, config: {parameters: {wal_level: logical}}}",
            ("postgres", "17", SERIES, "spec.postgresVersion", {"wal_level": "logical"}, {}, None),
        ),
        (
            "pgv2.percona.com/v2",
            "PerconaPGCluster",
            "{postgresVersion: 16, image: 'percona/percona-postgresql-operator:2.3.1-ppg16.1-postgres',"
            " extensions: {builtin: {pg_audit: true, pg_repack: false}, pgvector: {enabled: true},"
            " custom: [{name: pg_cron, version: 1.6.1}]}}",
            ("postgres", "16.1", PATCH, "spec.image", {}, {"pgaudit": "", "vector": "", "pg_cron": "1.6.1"}, None),
        ),
        (
            "pgv2.percona.com/v2",
            "PerconaPGCluster",
            "{postgresVersion: 18, image: 'percona/percona-postgresql-operator:main-pgbouncer'}",
            ("postgres", "18", SERIES, "spec.postgresVersion", {}, {}, None),
        ),
        (
            "ps.percona.com/v1",
            "PerconaServerMySQL",
            "{mysql: {image: 'percona/percona-server:8.0.36-28', configuration: \"[mysqld]\\nsql_mode=ANSI\"}}",
            ("mysql", "8.0.36", PATCH, "spec.mysql.image", {"sql_mode": "ANSI"}, {}, None),
        ),
        (
            "mysql.oracle.com/v2",
            "InnoDBCluster",
            "{version: 8.0.36, secretName: canary, mycnf: \"[mysqld]\\nmax_connections=162\"}",
            ("mysql", "8.0.36", PATCH, "spec.version", {"max_connections": "162"}, {}, None),
        ),
        (
            "k8s.mariadb.com/v1alpha1",
            "MariaDB",
            "{image: 'mariadb:11.4.3', timeZone: UTC, myCnf: \"[mariadb]\\nmax_allowed_packet=256M\"}",
            ("mariadb", "11.4.3", PATCH, "spec.image", {"max_allowed_packet": "256M", "time_zone": "UTC"}, {}, None),
        ),
        (
            "psmdb.percona.com/v1",
            "PerconaServerMongoDB",
            "{image: 'percona/percona-server-mongodb:7.0.8-5'}",
            ("mongodb", "7.0.8", PATCH, "spec.image", {}, {}, None),
        ),
        (
            "mongodbcommunity.mongodb.com/v1",
            "MongoDBCommunity",
            "{version: 6.0.5, featureCompatibilityVersion: '5.0', users: [{name: canary}]}",
            ("mongodb", "6.0.5", PATCH, "spec.version", {"featureCompatibilityVersion": "5.0"}, {}, None),
        ),
        (
            "rabbitmq.com/v1beta1",
            "RabbitmqCluster",
            "{image: 'rabbitmq:3.13.7', rabbitmq: {additionalPlugins: [rabbitmq_stomp],"
            " additionalConfig: \"consumer_timeout = 60000\\ndefault_pass = canary\"}}",
            (
                "rabbitmq", "3.13.7", PATCH, "spec.image", {"consumer_timeout": "60000"}, {},
                ("rabbitmq_management", "rabbitmq_prometheus", "rabbitmq_stomp"),
            ),
        ),
        (
            "elasticsearch.k8s.elastic.co/v1",
            "Elasticsearch",
            "{version: 8.12.1, nodeSets: [{config: {action.auto_create_index: 'false', node: {x: canary}}}]}",
            ("elasticsearch", "8.12.1", PATCH, "spec.version", {"action.auto_create_index": "false"}, {}, None),
        ),
        (
            "opensearch.opster.io/v1",
            "OpenSearchCluster",
            "{general: {version: 2.11.0, additionalConfig: {action.auto_create_index: 'false'}}}",
            ("opensearch", "2.11.0", PATCH, "spec.general.version", {"action.auto_create_index": "false"}, {}, None),
        ),
        (
            "databases.spotahome.com/v1",
            "RedisFailover",
            "{redis: {image: 'redis:7.0.2-alpine', customConfig: [timeout 60, 'requirepass canary']}}",
            ("redis", "7.0.2", PATCH, "spec.redis.image", {"timeout": "60"}, {}, None),
        ),
        (
            "hyperspike.io/v1",
            "Valkey",
            "{image: 'valkey/valkey:8.0.1'}",
            ("valkey", "8.0.1", PATCH, "spec.image", {}, {}, None),
        ),
        (
            "kubedb.com/v1",
            "Postgres",
            "{version: '16.4'}",
            ("postgres", "16.4", PATCH, "spec.version", {}, {}, None),
        ),
        (
            "clickhouse.altinity.com/v1",
            "ClickHouseInstallation",
            "{templates: {podTemplates: [{spec: {containers: [{image: 'clickhouse/clickhouse-server:24.8.4.13'}]}}]}}",
            ("clickhouse", "24.8.4.13", PATCH, "spec.templates.podTemplates.0.spec.containers.0.image", {}, {}, None),
        ),
    ],
)  # fmt: skip
def test_operators(group: str, kind: str, spec: str, expected: tuple[Any, ...]) -> None:
    engine, version, precision, attribute, settings, extensions, plugins = expected
    found = one(f"apiVersion: {group}\nkind: {kind}\nmetadata: {{name: it}}\nspec: {spec}")
    variant = found.variant if found.variant in ("alpine", "ubi8") else ""
    assert found == fact(
        engine, version, precision, f"{kind}/it", attribute, variant=variant, note=found.note,
        settings=settings, extensions=extensions, plugins=plugins,
    )  # fmt: skip
    assert "canary" not in repr(found)


def test_strimzi_tells_the_version_of_the_metadata_too() -> None:
    text = """
apiVersion: kafka.strimzi.io/v1beta2
kind: Kafka
metadata: {name: events}
spec:
  kafka:
    version: 3.9.0
    metadataVersion: 3.8-IV0
    config: {num.partitions: 3, message.max.bytes: 100, ssl.key.password: canary}
"""
    settings = {"message.max.bytes": "100", "num.partitions": "3"}
    note = "metadata version 3.8-IV0"
    assert one(text) == fact(
        "kafka", "3.9.0", PATCH, "Kafka/events", "spec.kafka.version", settings=settings, note=note
    )
    live = text + "status: {kafkaVersion: 3.8.1, kafkaMetadataVersion: 3.8-IV0}\n"
    assert one(live) == fact(
        "kafka", "3.8.1", PATCH, "Kafka/events", "status.kafkaVersion", settings=settings, note=note
    )
    image = "apiVersion: kafka.strimzi.io/v1\nkind: Kafka\nmetadata: {name: events}\nspec: {kafka: {image: 'quay.io/strimzi/kafka:0.40.0-kafka-3.7.0'}}"
    assert one(image) == fact("kafka", "3.7.0", PATCH, "Kafka/events", "spec.kafka.image")


def test_pods_of_kafka_connect_are_no_brokers() -> None:
    pod = """
apiVersion: v1
kind: Pod
metadata: {name: x-0, labels: {strimzi.io/cluster: x, strimzi.io/kind: KIND}}
spec: {containers: [{image: "quay.io/strimzi/kafka:0.40.0-kafka-3.7.0"}]}
"""
    assert parse([yaml(pod.replace("KIND", "KafkaConnect"))], KNOWN).facts == ()
    assert one(pod.replace("KIND", "Kafka")).part_of == "x"


def test_redis_with_its_config_map() -> None:
    text = """
apiVersion: v1
kind: ConfigMap
metadata: {name: extra, namespace: prod}
data: {redis-additional.conf: "appendonly yes\\nrequirepass canary"}
---
apiVersion: redis.redis.opstreelabs.in/v1beta2
kind: KIND
metadata: {name: cache, namespace: prod}
spec: {kubernetesConfig: {image: "quay.io/opstree/redis:v7.0.15"}, redisConfig: {additionalRedisConfig: extra}}
"""
    image = "spec.kubernetesConfig.image"
    assert one(text.replace("KIND", "Redis")) == fact(
        "redis", "7.0.15", PATCH, "prod/Redis/cache", image, settings={"appendonly": "yes"}
    )
    assert one(text.replace("KIND", "RedisCluster")) == fact(
        "redis",
        "7.0.15",
        PATCH,
        "prod/RedisCluster/cache",
        image,
        settings={"appendonly": "yes", "cluster-enabled": "yes"},
    )
    latest = one(text.replace("KIND", "Redis").replace("v7.0.15", "latest"))
    assert (latest.version, latest.note) == (
        "",
        "the tag latest does not name the server's version; ask the server itself",
    )


def test_mariadb_with_its_config_map() -> None:
    found = one("""
apiVersion: v1
kind: ConfigMap
metadata: {name: conf}
data: {my.cnf: "[mariadb]\\nsql_mode=ANSI", other.cnf: "[mariadb]\\nsql_mode=ORACLE"}
---
apiVersion: enterprise.mariadb.com/v1alpha1
kind: MariaDB
metadata: {name: db}
spec: {image: "docker.mariadb.com/enterprise-server:10.6", myCnfConfigMapKeyRef: {name: conf, key: my.cnf}}
""")
    assert found == fact("mariadb", "10.6", MINOR, "MariaDB/db", "spec.image", settings={"sql_mode": "ANSI"})


def test_stackgres_with_its_configuration() -> None:
    found = one("""
apiVersion: stackgres.io/v1
kind: SGPostgresConfig
metadata: {name: conf}
spec: {postgresql.conf: {jit: "off", password: canary}}
---
apiVersion: stackgres.io/v1
kind: SGCluster
metadata: {name: db}
spec: {postgres: {version: "16.2", extensions: [{name: hstore}]}, configurations: {sgPostgresConfig: conf}}
""")
    assert found == fact(
        "postgres",
        "16.2",
        PATCH,
        "SGCluster/db",
        "spec.postgres.version",
        settings={"jit": "off"},
        extensions={"hstore": ""},
    )


def test_percona_xtradb_is_mysql_with_something_else() -> None:
    found = one("""
apiVersion: pxc.percona.com/v1
kind: PerconaXtraDBCluster
metadata: {name: db}
spec: {pxc: {image: "percona/percona-xtradb-cluster:8.0.35-27.1", configuration: "[mysqld]\\nsql_mode=ANSI"}}
""")
    note = "Percona XtraDB Cluster is MySQL with Galera"
    where = ("PerconaXtraDBCluster/db", "spec.pxc.image")
    assert found == fact("mysql", "8.0.35", PATCH, *where, settings={"sql_mode": "ANSI"}, note=note)


@pytest.mark.parametrize(
    "row", [row for row in OPERATORS if row.engine != "rabbitmq"], ids=lambda row: f"{row.group}-{row.kind}"
)
def test_an_object_that_states_nothing_is_unknown(row: Any) -> None:
    found = one(f"apiVersion: {row.group}/v1\nkind: {row.kind}\nmetadata: {{name: it}}\nspec: {{}}")
    assert (found.kind, found.version, found.status, found.note) == (row.engine, "", Status.UNKNOWN, SILENT)


def test_rabbitmq_states_no_version_in_git_and_one_in_the_cluster() -> None:
    value = {"apiVersion": "rabbitmq.com/v1beta1", "kind": "RabbitmqCluster", "metadata": {"name": "queue"}, "spec": {}}
    silent = one(json.dumps(value))
    assert (silent.version, silent.note) == ("", SILENT)
    live = {**value, "spec": {"image": "rabbitmq:3.13.7-management"}}
    (found,) = parse([decode("kubectl", json.dumps(live).encode(), asked=True)], KNOWN).facts
    assert (found.version, found.variant, found.trust) == ("3.13.7", "management", Trust.ASKED)


def test_a_variable_in_an_operators_object() -> None:
    text = "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: db}\nspec: {imageName: 'example.com/pg:${PG}'}"
    reading = parse([yaml(text)], KNOWN)
    note = "its version is in the variable PG"
    assert reading.facts == (fact("postgres", "", NONE, "Cluster/db", "spec.imageName", note=note),)
    assert reading.notes == (
        Note("the variable PG is not filled in, so the version is unknown", "db.yaml", address="Cluster/db"),
    )
    kafka = "{version: '${V:=3.9.0}', config: {num.partitions: '${N}', message.max.bytes: 100}}"
    found = one(f"apiVersion: kafka.strimzi.io/v1\nkind: Kafka\nmetadata: {{name: k}}\nspec: {{kafka: {kafka}}}")
    assert (found.version, found.settings) == ("3.9.0", {"message.max.bytes": "100"})


def test_what_an_operator_makes_is_part_of_its_object() -> None:
    stateful = """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: queue-server, ownerReferences: [{kind: RabbitmqCluster, name: queue, controller: true}]}
spec: {template: {spec: {containers: [{image: "rabbitmq:3.13.7"}]}}}
"""
    assert one(stateful).part_of == "queue"
