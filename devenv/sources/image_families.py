"""Images whose name or tag has a form of its own: vendors' builds of a server, servers with an extension in them."""

from __future__ import annotations

import functools
import re

from devenv.model.record import record


@record
class Family:
    """``repository`` is matched against an image's name without its registry; its groups ``major`` and ``minor`` are
    the version.

    ``tag`` holds ``version``, ``extension`` (the version of ``extension``) or ``platform`` (a number of Confluent's) as
    groups; without one a tag begins with the server's version. ``numbered``: whether a tag's numbers are the server's
    at all. ``only``: an image whose tag has another form is another program from the same repository.
    ``doubtful``: as of a fact.
    """

    repository: str
    kind: str
    tag: str = ""
    extension: str = ""
    plugins: tuple[str, ...] = ()
    note: str = ""
    numbered: bool = True
    only: bool = False
    doubtful: bool = False


_NUMBER = r"\d+(?:\.\d+)*"

_POSTGRES = (
    Family(r"pgvector/pgvector", "postgres", rf"(?:v?(?P<extension>{_NUMBER})-)?pg(?P<version>{_NUMBER})\b", "vector"),
    Family(r"ankane/pgvector", "postgres", rf"v?(?P<extension>{_NUMBER})", "vector", numbered=False),
    Family(
        r"timescale/timescaledb",
        "postgres",
        rf"(?:(?P<extension>{_NUMBER})|latest)-pg(?P<version>{_NUMBER})\b",
        "timescaledb",
    ),
    Family(
        r"timescale/timescaledb-ha",
        "postgres",
        rf"pg(?P<version>{_NUMBER})(?:-ts(?P<extension>{_NUMBER}))?",
        "timescaledb",
    ),
    Family(
        r"(?:postgis|kartoza|imresamu|cloudnative-pg)/postgis",
        "postgres",
        rf"(?P<version>{_NUMBER})(?:-(?P<extension>{_NUMBER}))?",
        "postgis",
    ),
    Family(
        r"paradedb/paradedb",
        "postgres",
        rf"(?:v?(?P<extension>{_NUMBER})|latest)-pg(?P<version>{_NUMBER})\b",
        "pg_search",
    ),
    Family(r"citusdata/citus", "postgres", rf"v?(?P<extension>{_NUMBER})", "citus", numbered=False),
    Family(
        r"(?:.*/)?spilo-(?P<major>\d+)",
        "postgres",
        numbered=False,
        note="the tag is Spilo's version; only PostgreSQL's major version is in the image's name",
    ),
    Family(
        r"(?:.*/)?crunchy-postgres-gis(?:-ha)?",
        "postgres",
        rf"[a-z]+\d+-(?P<version>{_NUMBER})-(?P<extension>\d+\.\d+)",
        "postgis",
    ),
    Family(r"(?:.*/)?crunchy-postgres(?:-ha)?", "postgres", rf"[a-z]+\d+-(?P<version>{_NUMBER})-"),
    # The operator, its pooler and its backup tool are in the same repository.
    Family(
        r"percona/percona-postgresql-operator", "postgres", rf".*ppg(?P<version>{_NUMBER})-postgres(?:-|$)", only=True
    ),
    Family(r"percona/percona-distribution-postgresql", "postgres", note="this is Percona's build of PostgreSQL"),
    Family(
        r"supabase/postgres",
        "postgres",
        note="this is Supabase's build of PostgreSQL, with extensions that the official image lacks",
    ),
    Family(r"flyio/postgres(?:-flex)?", "postgres"),
    Family(r"(?:cloudnative-pg|enterprisedb|zalando|rapidfort)/postgresql", "postgres"),
    Family(r"bitnami/postgresql-repmgr", "postgres"),
    Family(
        r"tensorchord/pgvecto-rs",
        "postgres",
        rf"pg(?P<version>{_NUMBER})(?:-v?(?P<extension>{_NUMBER}))?",
        "vectors",
    ),
    Family(
        r"tensorchord/vchord-postgres",
        "postgres",
        rf"pg(?P<version>{_NUMBER})(?:-v?(?P<extension>{_NUMBER}))?",
        "vchord",
    ),
    Family(
        r"apache/age",
        "postgres",
        rf"(?:release_)?PG(?P<version>{_NUMBER})(?:_v?(?P<extension>{_NUMBER}))?",
        "age",
    ),
)
#: Red Hat's images and those that they are made of: the name holds the version, the tag is the image's own.
_REDHAT = r"(?:sclorg|centos7|rhel\d+|rhscl|fedora|ubi\d+)/"
_REDHAT_NOTE = "the tag is the image's own; the server's version is only in the image's name"
_SYSTEM = r"(?:-(?:c\d+s|centos\d+|rhel\d+|el\d+|fedora))?"
_OF_REDHAT = (
    Family(
        rf"{_REDHAT}postgresql-(?P<major>\d\d){_SYSTEM}",
        "postgres",
        numbered=False,
        note=_REDHAT_NOTE,
        doubtful=True,
    ),
    Family(
        rf"{_REDHAT}mysql-(?P<major>\d)(?P<minor>\d){_SYSTEM}",
        "mysql",
        numbered=False,
        note=_REDHAT_NOTE,
        doubtful=True,
    ),
    Family(
        rf"{_REDHAT}mariadb-(?P<major>1\d)(?P<minor>\d{{1,2}}){_SYSTEM}",
        "mariadb",
        numbered=False,
        note=_REDHAT_NOTE,
        doubtful=True,
    ),
    Family(
        rf"{_REDHAT}redis-(?P<major>\d){_SYSTEM}",
        "redis",
        numbered=False,
        note=_REDHAT_NOTE,
        doubtful=True,
    ),
)
_OTHER_DATABASES = (
    Family(r"percona/percona-xtradb-cluster", "mysql", note="Percona XtraDB Cluster is MySQL with Galera"),
    Family(r"percona(?:/percona-server)?", "mysql", note="Percona Server is Percona's build of MySQL"),
    Family(r"mysql/(?:mysql|community|enterprise)-server", "mysql"),
    # Their tags before 2021 hold the epoch of Debian's package, 1:10.4.14, without its colon.
    Family(r"linuxserver/mariadb", "mariadb", rf"(?:version-)?(?:1(?=1\d\.\d))?(?P<version>{_NUMBER})"),
    Family(r"bitnami/mariadb-galera|mariadb/(?:enterprise-)?server", "mariadb"),
    Family(r"percona/percona-server-mongodb", "mongodb", note="this is Percona's build of MongoDB"),
    Family(r"mongodb/mongodb-(?:community|enterprise)-server", "mongodb"),
    Family(r"bitnami/mongodb-sharded", "mongodb"),
    Family(r"elasticsearch/elasticsearch(?:-oss|-wolfi|-ubi\d*)?", "elasticsearch"),
    Family(r"(?:clickhouse|altinity|yandex|bitnami)/clickhouse(?:-server)?", "clickhouse"),
)
_CACHES = (
    Family(r"opstree/redis|bitnami/redis-cluster", "redis"),
    Family(
        r"redis/redis-stack(?:-server)?",
        "redis",
        r"(?P<version>\d+\.\d+)",
        note="Redis Stack's patch numbers are its own; it has modules that plain Redis lacks",
    ),
    Family(r"redislabs/\w+", "redis", numbered=False, note="its tag is a module's version"),
    Family(
        r"valkey/valkey-bundle",
        "valkey",
        r"(?P<version>\d+\.\d+)",
        note="the bundle's patch numbers are its own; it has modules that plain Valkey lacks",
    ),
    Family(r"bitnami/valkey-cluster", "valkey"),
    Family(r"eqalpha/keydb", "keydb"),
    Family(r"dragonflydb/dragonfly(?:-\w+)?", "dragonfly"),
)
_QUEUES = (
    Family(r"heidiks/rabbitmq-delayed-message-exchange", "rabbitmq", plugins=("rabbitmq_delayed_message_exchange",)),
    Family(r"(?:.*/)?strimzi/kafka", "kafka", rf".*kafka-(?P<version>{_NUMBER})", only=True),
    Family(r"confluentinc/(?:cp-(?:enterprise-)?kafka|cp-server|confluent-local)", "kafka", r"(?P<platform>\d+\.\d+)"),
    Family(r"wurstmeister/kafka", "kafka", rf"\d+\.\d+-(?P<version>{_NUMBER})"),
    Family(r"(?:redpandadata|vectorized)/redpanda", "redpanda"),
    Family(r"confluentinc/cp-zookeeper", "zookeeper", numbered=False, note="its tag is Confluent Platform's version"),
    Family(r"(?:apache/activemq-artemis|artemiscloud/activemq-artemis-broker)(?:-kubernetes)?", "artemis"),
    Family(r"(?:apache|rmohr|symptoma)/activemq(?:-classic)?", "activemq"),
)
_FURTHER = (
    Family(r"(?:minio|bitnami)/minio", "minio"),
    Family(r"cockroachdb/cockroach", "cockroachdb"),
    Family(r"mailhog/mailhog", "mailpit", numbered=False, note="this is MailHog; devenv runs Mailpit in its place"),
)
FAMILIES: tuple[Family, ...] = (*_POSTGRES, *_OF_REDHAT, *_OTHER_DATABASES, *_CACHES, *_QUEUES, *_FURTHER)

#: Services that the catalogue has no kind for, by the last part of an image's name.
ALONE = frozenset(
    [
        "zookeeper",
        "etcd",
        "solr",
        "influxdb",
        "cassandra",
        "couchdb",
        "neo4j",
        "consul",
        "varnish",
        "vault",
        "rethinkdb",
        "arangodb",
        "cockroachdb",
        "scylla",
        "keydb",
        "dragonfly",
        "activemq",
    ]
)
#: Words in the names of programs that only use a server: ``wait-for-postgres``, ``source-postgres``.
_CLIENT_WORDS = """
backup client connect connector connectors destination dump export exporter init migrate migration migrations operator
proxy restore seed sidecar source sync test tools ui wait
"""
CLIENTS = frozenset(_CLIENT_WORDS.split())
#: Confluent Platform 7.6 is Apache Kafka 3.6, and so on ("supported versions and interoperability").
CONFLUENT = {"6.2": "2.8", **{f"7.{minor}": f"3.{minor}" for minor in range(10)}, "8.0": "4.0", "8.1": "4.1"}
#: The oldest release of a kind that somebody's own image is believed to hold. The tag of an image with a name of
#: somebody's own is taken for the server's version only from there on: 1.0.3 is a number of their own.
OLDEST = {
    "postgres": 8,
    "mysql": 5,
    "mariadb": 5,
    "redis": 3,
    "valkey": 7,
    "memcached": 1,
    "rabbitmq": 3,
    "mongodb": 3,
    "elasticsearch": 5,
    "clickhouse": 18,
}
#: Who publishes the services of ``ALONE`` under their own versions.
PUBLISHERS = frozenset(["arangodb", "bitnami", "coreos", "hashicorp", "influxdata", "library", "neo4j", "scylladb"])


@functools.lru_cache(maxsize=4096)
def family_named(name: str) -> tuple[Family, str] | None:
    """The family that an image's name is of, and the version that the name itself holds."""
    for family in FAMILIES:
        if match := re.fullmatch(family.repository, name):
            groups = match.groupdict()
            numbers = [groups.get("major"), groups.get("minor")]
            return family, ".".join(number for number in numbers if number)
    return None
