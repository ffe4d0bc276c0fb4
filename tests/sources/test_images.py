from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.model.fact import Precision
from devenv.sources.images import Image, Unresolved, kind_named, read_as, read_image, resembled, split
from devenv.sources.known import Known

PATCH, MINOR, SERIES, NONE = Precision.PATCH, Precision.MINOR, Precision.SERIES, Precision.NONE
KNOWN = Known(
    {
        "postgres": "postgres",
        "bitnami/postgresql": "postgres",
        "mysql": "mysql",
        "percona": "mysql",
        "mariadb": "mariadb",
        "redis": "redis",
        "bitnami/redis": "redis",
        "valkey/valkey": "valkey",
        "rabbitmq": "rabbitmq",
        "memcached": "memcached",
        "apache/kafka": "kafka",
        "mongo": "mongodb",
        "nats": "nats",
        "docker.elastic.co/elasticsearch/elasticsearch": "elasticsearch",
        "opensearchproject/opensearch": "opensearch",
        "clickhouse/clickhouse-server": "clickhouse",
        "eclipse-mosquitto": "mosquitto",
        "axllent/mailpit": "mailpit",
    }
)


SPILO = "the tag is Spilo's version; only PostgreSQL's major version is in the image's name"


def image(kind: str, version: str = "", precision: Precision = NONE, variant: str = "", **more: Any) -> Image:
    return Image(kind, version, precision, variant, **more)


@pytest.mark.parametrize(
    ("reference", "parts"),
    [
        ("postgres", ("postgres", "", "")),
        ("postgres:16.3", ("postgres", "16.3", "")),
        ("docker.io/library/postgres:16", ("postgres", "16", "")),
        ("localhost:5000/team/redis:7@sha256:ab12", ("team/redis", "7", "sha256:ab12")),
        ("localhost/redis:7", ("redis", "7", "")),
        ("[::1]:5000/redis:7", ("redis", "7", "")),
        ("registry.example.com:5000/redis", ("redis", "", "")),
        ("Mirror/redis:7", ("redis", "7", "")),
        ("acme/redis:7", ("acme/redis", "7", "")),
        ("docker-pullable://redis@sha256:ab", ("redis", "", "sha256:ab")),
    ],
)
def test_parts(reference: str, parts: tuple[str, str, str]) -> None:
    assert split(reference) == parts


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("postgres:16.3-alpine", image("postgres", "16.3", PATCH, "alpine")),
        ("postgres:16.3-alpine3.19", image("postgres", "16.3", PATCH, "alpine")),
        ("postgres:15-bookworm", image("postgres", "15", SERIES, "bookworm")),
        ("postgres:9.6.24", image("postgres", "9.6.24", PATCH)),
        ("mysql:8.0.36-oraclelinux9", image("mysql", "8.0.36", PATCH, "oraclelinux9")),
        ("mysql:8", image("mysql", "8", SERIES)),
        ("mariadb:10.11-jammy", image("mariadb", "10.11", MINOR, "jammy")),
        ("redis:7.2", image("redis", "7.2", MINOR)),
        ("rabbitmq:3.13.7", image("rabbitmq", "3.13.7", PATCH)),
        (
            "rabbitmq:3.13-management-alpine",
            image("rabbitmq", "3.13", MINOR, "management-alpine", plugins=("rabbitmq_management",)),
        ),
        ("nats:2.10.7-alpine3.18", image("nats", "2.10.7", PATCH, "alpine")),
        ("eclipse-mosquitto:2.0.18-openssl", image("mosquitto", "2.0.18", PATCH, "openssl")),
        ("clickhouse/clickhouse-server:24.8.4.13", image("clickhouse", "24.8.4.13", PATCH)),
        ("axllent/mailpit:v1.20.1", image("mailpit", "1.20.1", PATCH)),
        ("docker.elastic.co/elasticsearch/elasticsearch:8.12.1", image("elasticsearch", "8.12.1", PATCH)),
        ("opensearchproject/opensearch:2.11.0", image("opensearch", "2.11.0", PATCH)),
        ("memcached:1.6.26-alpine", image("memcached", "1.6.26", PATCH, "alpine")),
        ("mongo:7.0.5-jammy", image("mongodb", "7.0.5", PATCH, "jammy")),
        ("apache/kafka:3.7.1", image("kafka", "3.7.1", PATCH)),
    ],
)
def test_official_images(reference: str, expected: Image) -> None:
    assert read_image(reference, KNOWN) == expected


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("pgvector/pgvector:pg16", image("postgres", "16", SERIES, extensions={"vector": ""})),
        (
            "pgvector/pgvector:0.8.0-pg17-bookworm",
            image("postgres", "17", SERIES, "bookworm", extensions={"vector": "0.8.0"}),
        ),
        ("timescale/timescaledb:2.14.2-pg16", image("postgres", "16", SERIES, extensions={"timescaledb": "2.14.2"})),
        ("timescale/timescaledb:latest-pg15", image("postgres", "15", SERIES, extensions={"timescaledb": ""})),
        (
            "timescale/timescaledb-ha:pg16.2-ts2.14.2",
            image("postgres", "16.2", PATCH, extensions={"timescaledb": "2.14.2"}),
        ),
        (
            "postgis/postgis:16-3.4-alpine",
            image("postgres", "16", SERIES, "alpine", extensions={"postgis": "3.4"}),
        ),
        ("bitnami/postgresql:17.6.0-debian-12-r4", image("postgres", "17.6", PATCH)),
        ("bitnamilegacy/postgresql:17.6.0-debian-12-r4", image("postgres", "17.6", PATCH)),
        ("ghcr.io/cloudnative-pg/postgresql:18.6-system-trixie", image("postgres", "18.6", PATCH, "trixie")),
        ("ghcr.io/cloudnative-pg/postgresql:13.3.2.1-1", image("postgres", "13.3", PATCH)),
        (
            "registry.developers.crunchydata.com/crunchydata/crunchy-postgres:ubi8-15.4-0",
            image("postgres", "15.4", PATCH, "ubi8"),
        ),
        ("crunchy-postgres-gis:ubi8-15.4-3.3-0", image("postgres", "15.4", PATCH, "ubi8", extensions={"postgis": "3.3"})),
        ("percona/percona-postgresql-operator:2.3.1-ppg16.4-postgres", image("postgres", "16.4", PATCH)),
        ("flyio/postgres-flex:15.3", image("postgres", "15.3", PATCH)),
        ("quay.io/strimzi/kafka:0.40.0-kafka-3.7.0", image("kafka", "3.7.0", PATCH)),
        ("quay.io/opstree/redis:v7.0.15", image("redis", "7.0.15", PATCH)),
        ("altinity/clickhouse-server:23.8.11.29.altinitystable", image("clickhouse", "23.8.11.29", PATCH)),
        ("eqalpha/keydb:v6.3.4", image("keydb", "6.3.4", PATCH)),
        ("docker.dragonflydb.io/dragonflydb/dragonfly:v1.15.1", image("dragonfly", "1.15.1", PATCH)),
        ("redpandadata/redpanda:v24.1.1", image("redpanda", "24.1.1", PATCH)),
        ("zookeeper:3.9.1", image("zookeeper", "3.9.1", PATCH)),
        (
            "heidiks/rabbitmq-delayed-message-exchange:3.13.0-management",
            image(
                "rabbitmq", "3.13.0", PATCH, "management",
                plugins=("rabbitmq_management", "rabbitmq_delayed_message_exchange"),
            ),
        ),
    ],
)  # fmt: skip
def test_families_with_tags_of_their_own(reference: str, expected: Image) -> None:
    assert read_image(reference, KNOWN) == expected


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("confluentinc/cp-kafka:7.6.1", image("kafka", "3.6", MINOR, note="Confluent Platform 7.6 is Kafka 3.6")),
        ("confluentinc/cp-kafka:9.9.0", image("kafka", note="Confluent Platform 9.9 is not known to devenv")),
        (
            "redis/redis-stack-server:7.2.0-v10",
            image(
                "redis", "7.2", MINOR,
                note="Redis Stack's patch numbers are its own; it has modules that plain Redis lacks",
            ),
        ),
        ("confluentinc/cp-zookeeper:7.6.1", image("zookeeper", note="its tag is Confluent Platform's version")),
        ("mailhog/mailhog:v1.0.1", image("mailpit", note="this is MailHog; devenv runs Mailpit in its place")),
        ("ghcr.io/zalando/spilo-16:3.2-p3", image("postgres", "16", SERIES, note=SPILO)),
        (
            "supabase/postgres:15.1.0.147",
            image(
                "postgres", "15.1", PATCH,
                note="this is Supabase's build of PostgreSQL, with extensions that the official image lacks",
            ),
        ),
        (
            "percona/percona-distribution-postgresql:16.4-1",
            image("postgres", "16.4", PATCH, note="this is Percona's build of PostgreSQL"),
        ),
        ("percona:8.0.36-28", image("mysql", "8.0.36", PATCH, note="Percona Server is Percona's build of MySQL")),
        (
            "percona/percona-xtradb-cluster:8.0.35-27.1",
            image("mysql", "8.0.35", PATCH, note="Percona XtraDB Cluster is MySQL with Galera"),
        ),
        (
            "percona/percona-server-mongodb:7.0.8-5",
            image("mongodb", "7.0.8", PATCH, note="this is Percona's build of MongoDB"),
        ),
        ("redis:7.4-rc1", image("redis", "7.4", MINOR, note="7.4-rc1 is no release yet")),
        ("postgres:17beta1", image("postgres", "17", SERIES, note="17beta1 is no release yet")),
    ],
)  # fmt: skip
def test_doubts_are_told(reference: str, expected: Image) -> None:
    assert read_image(reference, KNOWN) == expected


@pytest.mark.parametrize(
    ("reference", "variant"),
    [("redis:alpine", "alpine"), ("postgres:latest", ""), ("postgres:bookworm", "bookworm"), ("redis:7f3a9c2", "")],
)
def test_a_tag_without_a_version_states_none(reference: str, variant: str) -> None:
    kind, _, tag = reference.partition(":")
    note = f"the tag {tag} does not name the server's version; ask the server itself"
    assert read_image(reference, KNOWN) == image(kind, variant=variant, note=note)


@pytest.mark.parametrize("reference", ["redis", "redis@sha256:" + "0" * 64, "redis/redis-stack"])
def test_no_tag_is_no_version(reference: str) -> None:
    assert read_image(reference, KNOWN) == image("redis", note="the image has no tag; ask the server itself")


@pytest.mark.parametrize("reference", ["ankane/pgvector:v0.5.1", "citusdata/citus:12.1"])
def test_a_tag_that_is_the_extensions_version_is_not_the_servers(reference: str) -> None:
    found = read_image(reference, KNOWN)
    assert found and (found.kind, found.version) == ("postgres", "")
    assert list(found.extensions.values()) == [reference.partition(":")[2].removeprefix("v")]


@pytest.mark.parametrize(
    "reference",
    [
        "registry.example.com/postgres:15.4",
        "registry.example.com:5000/library/postgres:15.4",
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com/docker-hub/library/postgres:15.4",
        "harbor.example.com/proxy/bitnami/postgresql:15.4.0-debian-11-r0",
        "public.ecr.aws/docker/library/postgres:15.4@sha256:" + "0" * 64,
        "${REGISTRY}/postgres:15.4",
        "${registry:-docker.io}/library/postgres:15.4",
        "${registry}postgres:15.4",
        "{{ .Values.registry }}/library/postgres:15.4",
    ],
)
def test_mirrors_are_what_they_mirror(reference: str) -> None:
    assert read_image(reference, KNOWN) == image("postgres", "15.4", PATCH)


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("linuxserver/mariadb:110.4.14mariabionic-ls77", image("mariadb", "10.4.14", PATCH)),
        ("linuxserver/mariadb:version-110.4.14mariabionic", image("mariadb", "10.4.14", PATCH)),
        ("lscr.io/linuxserver/mariadb:11.4.5-r0-ls1", image("mariadb", "11.4.5", PATCH)),
        ("linuxserver/mariadb:10.11.10-r0-ls170", image("mariadb", "10.11.10", PATCH)),
    ],
)
def test_the_epoch_of_a_package_is_no_part_of_the_version(reference: str, expected: Image) -> None:
    assert read_image(reference, KNOWN) == expected


@pytest.mark.parametrize("reference", ["mariadb:110.4.14", "postgres:163", "mysql:6.0", "mongo:2024", "redis:70.1"])
def test_a_major_version_that_was_never_released_is_none(reference: str) -> None:
    found = read_image(reference, KNOWN)
    assert found and (found.version, found.precision) == ("", NONE)
    assert found.note.startswith(f"the tag {reference.partition(':')[2]} does not name the server's version")


def test_a_service_without_a_kind_from_somebody_else() -> None:
    own = "somebody's own image; ask the server itself"
    assert read_image("debezium/zookeeper:2.4", KNOWN) == image("zookeeper", note=own)
    assert read_image("bitnamilegacy/zookeeper:3.9.2", KNOWN) == image("zookeeper", "3.9.2", PATCH)
    assert read_image("quay.io/coreos/etcd:v3.5.9", KNOWN) == image("etcd", "3.5.9", PATCH)
    assert read_image("mirror/library/cassandra:4.1.3", KNOWN) == image("cassandra", "4.1.3", PATCH)


REDHAT = "the tag is the image's own; the server's version is only in the image's name"


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("tensorchord/pgvecto-rs:pg16-v0.2.1", image("postgres", "16", SERIES, extensions={"vectors": "0.2.1"})),
        ("apache/age:PG16_latest", image("postgres", "16", SERIES, extensions={"age": ""})),
        ("apache/age:release_PG16_1.5.0", image("postgres", "16", SERIES, extensions={"age": "1.5.0"})),
        (
            "quay.io/sclorg/postgresql-15-c9s:20240112",
            image("postgres", "15", SERIES, note=REDHAT, doubtful=True),
        ),
        (
            "registry.redhat.io/rhel9/redis-7:1-15",
            image("redis", "7", SERIES, note=REDHAT, doubtful=True),
        ),
        (
            "registry.redhat.io/rhel8/mysql-80:1",
            image("mysql", "8.0", MINOR, note=REDHAT, doubtful=True),
        ),
        (
            "registry.redhat.io/rhel9/mariadb-1011",
            image("mariadb", "10.11", MINOR, note=REDHAT, doubtful=True),
        ),
        (
            "ghcr.io/acme/shop-postgres:16.4",
            image(
                "postgres", "16.4", PATCH, doubtful=True,
                note="devenv does not know acme/shop-postgres; its tag is taken for the server's version",
            ),
        ),
    ],
)  # fmt: skip
def test_forks_whose_name_tells(reference: str, expected: Image) -> None:
    assert read_image(reference, KNOWN) == expected


@pytest.mark.parametrize(
    "reference",
    [
        "acme/shop-postgres:1.0.3",
        "acme/shop-postgres",
        "acme/shop-postgres:latest",
        "acme/shop-postgres:$TAG",
        "airbyte/source-postgres:16.4",
        "acme/wait-for-postgres:16.4",
        "acme/postgres-client:16.4",
    ],
)
def test_a_name_alone_makes_no_server(reference: str) -> None:
    assert read_image(reference, KNOWN) is None


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("ghcr.io/acme/shop-postgres:latest", ("acme/shop-postgres", "postgres")),
        ("acme/shop-redis:1.0.3", ("acme/shop-redis", "redis")),
        ("acme/wait-for-postgres:1", ("", "")),
        ("acme/redis-exporter", ("", "")),
        ("acme/web:1", ("", "")),
        ("$IMAGE", ("", "")),
    ],
)
def test_what_may_be_a_server_by_its_name(reference: str, expected: tuple[str, str]) -> None:
    assert resembled(reference, KNOWN) == expected


def test_somebodys_own_image_is_a_doubt() -> None:
    note = "devenv does not know acme/postgres; its tag is taken for the server's version"
    doubt = image("postgres", "15.4", PATCH, note=note, doubtful=True)
    assert read_image("ghcr.io/acme/postgres:15.4", KNOWN) == doubt
    note = "devenv does not know acme/postgresql; its tag is taken for the server's version"
    doubt = image("postgres", "15.4", PATCH, note=note, doubtful=True)
    assert read_image("acme/postgresql:15.4", KNOWN) == doubt
    own = "somebody's own image; ask the server itself"
    assert read_image("acme/postgres:1.0.3", KNOWN) == image("postgres", note=own)
    assert read_image("acme/kafka:3.1", KNOWN) == image("kafka", note=own)


@pytest.mark.parametrize(
    "reference",
    [
        "acme/web:1.2",
        "nginx:1.25",
        "bitnami/redis-exporter:1.2",
        "oliver006/redis_exporter:v1.2",
        "percona/percona-postgresql-operator:2.3.1-ppg16-pgbouncer",
        "percona/percona-postgresql-operator:2.3.1",
        "confluentinc/cp-kafka-connect:7.6.1",
        "quay.io/strimzi/kafka:0.40.0",
        "",
        ":",
        "redis:7 --requirepass canary",
        "redis://:canary@cache.example.com:6379/0",
        "postgres:canary@db.example.com:5432/app",
        "postgres:" + "1" * 2000,
        "acme/web:${TAG}",
    ],
)
def test_what_is_no_service_is_nothing(reference: str) -> None:
    assert read_image(reference, KNOWN) is None


@pytest.mark.parametrize(
    ("reference", "name", "kind"),
    [
        ("postgres:${PG_TAG}", "PG_TAG", "postgres"),
        ("postgres:${{ matrix.pg }}", "matrix.pg", "postgres"),
        ("postgres:16.$MINOR", "MINOR", "postgres"),
        ("$IMAGE", "IMAGE", ""),
        ("${REPOSITORY}:16", "REPOSITORY", ""),
    ],
)
def test_a_variable_that_decides(reference: str, name: str, kind: str) -> None:
    with pytest.raises(Unresolved) as caught:
        read_image(reference, KNOWN)
    assert (caught.value.name, caught.value.kind) == (name, kind)


def test_variables_that_are_known() -> None:
    assert read_image("postgres:$TAG", KNOWN, {"TAG": "16.3"}) == image("postgres", "16.3", PATCH)
    assert read_image("postgres:$TAG", KNOWN, {"TAG": "9" * 5000}) is None


def test_an_operators_image_may_have_any_name() -> None:
    assert read_as("postgres", "registry.example.com/team/pg:16.2", KNOWN) == image("postgres", "16.2", PATCH)
    assert read_as("postgres", "acme/postgres:16.2", KNOWN) == image("postgres", "16.2", PATCH)
    assert read_as("postgres", "ghcr.io/zalando/spilo-16:3.2-p3", KNOWN) == image("postgres", "16", SERIES, note=SPILO)
    assert read_as("redis", "", KNOWN) == image("redis", note="the image has no tag; ask the server itself")
    with pytest.raises(Unresolved):
        read_as("postgres", "acme/pg:$TAG", KNOWN)


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("postgres", "postgres"),
        ("postgresql", "postgres"),
        ("mongodb", "mongodb"),
        ("kafka", "kafka"),
        ("zookeeper", "zookeeper"),
        ("db", ""),
        ("", ""),
    ],
)
def test_words_that_are_names_of_kinds(word: str, kind: str) -> None:
    assert kind_named(word, KNOWN) == kind


@given(st.text() | st.text(alphabet="postgres:/@.$\0{}16-"))
def test_nothing_fails_but_by_a_variable(reference: str) -> None:
    try:
        read_image(reference, KNOWN)
        read_as("postgres", reference, KNOWN)
    except Unresolved as error:
        assert error.name
