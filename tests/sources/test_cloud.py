"""What the command lines of clouds print."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.document import Document, decode
from devenv.model.fact import Evidence, Fact, Note, Precision, Reading, Status, Trust
from devenv.sources import cloud
from devenv.sources.known import Known
from devenv.sources.registry import source_of


def answer(value: Any) -> Document:
    document = decode("aws rds …", json.dumps(value).encode(), asked=True, day="2026-11-23")
    source = source_of(document)
    assert source
    assert source.name == "cloud"
    return document


def read(*values: Any) -> Reading:
    reading = cloud.parse([answer(value) for value in values], Known())
    assert "c4n4ry" not in repr(reading)
    assert all(fact.trust is Trust.ASKED for fact in reading.facts)
    return reading


def instance(**more: Any) -> dict[str, Any]:
    return {
        "DBInstanceIdentifier": "shop",
        "Engine": "postgres",
        "EngineVersion": "15.4",
        "MasterUsername": "c4n4ry",
        **more,
    }


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"DBInstances": [instance()]}, ("postgres", "15.4", "shop", "")),
        ({"DBInstances": [instance(DBClusterIdentifier="c")]}, ("postgres", "15.4", "shop", "c")),
        ({"DBInstances": [instance(ReadReplicaSourceDBInstanceIdentifier="p")]}, ("postgres", "15.4", "shop", "p")),
        (
            {"DBClusters": [{"DBClusterIdentifier": "c", "Engine": "docdb", "EngineVersion": "5.0.0"}]},
            ("documentdb", "5.0.0", "c", ""),
        ),
        (
            {
                "CacheClusters": [
                    {"CacheClusterId": "c-001", "Engine": "redis", "EngineVersion": "7.1.0", "ReplicationGroupId": "c"}
                ]
            },
            ("redis", "7.0", "c-001", "c"),
        ),
        (
            {"ReplicationGroups": [{"ReplicationGroupId": "c", "Engine": "redis", "AuthTokenEnabled": True}]},
            ("redis", "", "c", ""),
        ),
        (
            {"ServerlessCaches": [{"ServerlessCacheName": "s", "Engine": "valkey", "FullEngineVersion": "8.0"}]},
            ("valkey", "8.0", "s", ""),
        ),
        (
            {"Clusters": [{"Name": "m", "Engine": "valkey", "EngineVersion": "7.2", "EnginePatchVersion": "7.2.6"}]},
            ("valkey", "7.2.6", "m", ""),
        ),
        (
            {"EngineType": "RABBITMQ", "EngineVersion": "3.13", "BrokerName": "b", "Users": [{"Username": "c4n4ry"}]},
            ("rabbitmq", "3.13", "b", ""),
        ),
        (
            {
                "ClusterInfoList": [
                    {"ClusterName": "k", "Provisioned": {"CurrentBrokerSoftwareInfo": {"KafkaVersion": "3.6.0"}}}
                ]
            },
            ("kafka", "3.6.0", "k", ""),
        ),
        (
            {"DomainStatus": {"DomainName": "d", "EngineVersion": "Elasticsearch_7.10"}},
            ("elasticsearch", "7.10", "d", ""),
        ),
        (
            {"name": "g", "databaseVersion": "POSTGRES_15", "databaseInstalledVersion": "POSTGRES_15_4"},
            ("postgres", "15.4", "g", ""),
        ),
        ([{"name": "g", "databaseVersion": "MYSQL_8_0"}], ("mysql", "8.0", "g", "")),
        ({"name": "projects/p/locations/l/instances/r", "redisVersion": "REDIS_7_2"}, ("redis", "7.2", "r", "")),
        (
            {
                "name": "a",
                "version": "15",
                "minorVersion": "4",
                "fullyQualifiedDomainName": "a.postgres.database.azure.com",
            },
            ("postgres", "15.4", "a", ""),
        ),
        ([{"name": "d", "engine": "pg", "version": "15", "maintenance_window": {}}], ("postgres", "15", "d", "")),
    ],
)
def test_answers(value: Any, expected: tuple[str, str, str, str]) -> None:
    (fact,) = read(value).facts
    assert (fact.kind, fact.version, fact.name, fact.part_of) == expected


def test_parameters_that_came_with_their_instances() -> None:
    parameters = {
        "Parameters": [
            {"ParameterName": "jit", "ParameterValue": "0", "Source": "user"},
            {"ParameterName": "timezone", "ParameterValue": "UTC", "Source": "engine-default"},
            {"ParameterName": "primary_conninfo", "ParameterValue": "c4n4ry", "Source": "user"},
        ]
    }
    grouped = instance(DBParameterGroups=[{"DBParameterGroupName": "pg"}])
    assert [dict(fact.settings) for fact in read({"DBInstances": [grouped]}, parameters).facts] == [{"jit": "0"}]
    other = instance(DBParameterGroups=[{"DBParameterGroupName": "other"}])
    assert [dict(fact.settings) for fact in read({"DBInstances": [grouped, other]}, parameters).facts] == [{}, {}]


def test_flags_of_google() -> None:
    flags = {"databaseFlags": [{"name": "jit", "value": "off"}], "userLabels": {"a": "c4n4ry"}}
    value = {"name": "g", "databaseVersion": "POSTGRES_15", "settings": flags}
    assert [dict(fact.settings) for fact in read(value).facts] == [{"jit": "off"}]


def test_what_heroku_prints_for_people() -> None:
    text = b"=== HEROKU_POSTGRESQL_RED_URL, DATABASE_URL\nPlan:        Standard 0\nPG Version:  15.4\nData Size: 1 GB\n"
    document = decode("heroku pg:info", text, asked=True)
    assert source_of(document) is not None
    (fact,) = cloud.parse([document], Known()).facts
    assert (fact.kind, fact.version, fact.name) == ("postgres", "15.4", "HEROKU_POSTGRESQL_RED_URL")


def test_what_waits_for_its_window() -> None:
    facts = read(
        {"DBInstances": [instance(PendingModifiedValues={"EngineVersion": "16.3", "MasterUserPassword": "c4n4ry"})]}
    ).facts
    assert [(fact.version, fact.status) for fact in facts] == [("15.4", Status.ACTUAL), ("16.3", Status.PLANNED)]


def test_the_whole_of_a_fact() -> None:
    assert read({"DBInstances": [instance()]}).facts == (
        Fact(
            "postgres",
            Evidence("cloud", "aws rds …", "shop", "EngineVersion", "2026-11-23"),
            "15.4",
            Precision.PATCH,
            name="shop",
            trust=Trust.ASKED,
        ),
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"ClusterInfo": {"ClusterName": "k", "CurrentBrokerSoftwareInfo": {"KafkaVersion": "3.6.0"}}}, ("kafka", "3.6.0", "k")),
        ({"ClusterInfo": {"ClusterName": "k", "Provisioned": {"CurrentBrokerSoftwareInfo": {"KafkaVersion": "3.8.x"}}}}, ("kafka", "3.8", "k")),
        ({"ClusterInfoList": [{"ClusterName": "k", "Serverless": {}}]}, ("kafka", "", "k")),
        ({"Clusters": [{"ClusterIdentifier": "r", "ClusterVersion": "1.0", "MasterUsername": "c4n4ry"}]}, ("redshift", "1.0", "r")),
        ({"DomainStatusList": [{"DomainName": "d", "EngineVersion": "OpenSearch_2.11"}]}, ("opensearch", "2.11", "d")),
        ({"name": "m", "memcacheVersion": "MEMCACHE_1_5", "memcacheFullVersion": "memcached-1.5.16"}, ("memcached", "1.5.16", "m")),
        ({"name": "a", "type": "Microsoft.DBforPostgreSQL/flexibleServers", "version": "15", "administratorLogin": "c4n4ry"}, ("postgres", "15", "a")),
        ([{"name": "a", "type": "Microsoft.DBforMySQL/flexibleServers", "version": "8.0.21"}], ("mysql", "8.0", "a")),
        ({"name": "a", "redisVersion": "6.0.14", "accessKeys": {"primaryKey": "c4n4ry"}}, ("redis", "6.0.14", "a")),
        ({"DBClusters": [{"DBClusterIdentifier": "n", "Engine": "neptune", "EngineVersion": "1.3.0.0"}]}, ("neptune", "1.3.0", "n")),
        ([{"name": "d", "engine": "mysql", "version": "8", "maintenance_window": {}, "connection": {"uri": "c4n4ry"}}], ("mysql", "8.0", "d")),
    ],
)  # fmt: skip
def test_more_answers(value: Any, expected: tuple[str, str, str]) -> None:
    (fact,) = read(value).facts
    assert (fact.kind, fact.version, fact.name) == expected


def test_tasks_of_ecs() -> None:
    containers = [{"name": "c", "image": "redis:7.0.15", "environment": [{"name": "P", "value": "c4n4ry"}]}]
    document = answer({"taskDefinition": {"family": "web", "containerDefinitions": containers}})
    reading = cloud.parse([document], Known({"redis": "redis"}))
    assert [(f.kind, f.version, f.name, f.evidence.address, f.evidence.attribute) for f in reading.facts] == [
        ("redis", "7.0.15", "c", "web", "containerDefinitions[0].image")
    ]
    assert "c4n4ry" not in repr(reading)


def test_members_and_replicas() -> None:
    reading = read(
        {"DBInstances": [instance(ReadReplicaDBInstanceIdentifiers=["b"]), instance(DBInstanceIdentifier="b")]},
        {"DBClusters": [{"DBClusterIdentifier": "c", "Engine": "mysql", "DBClusterMembers": [{"DBInstanceIdentifier": "d"}]}]},
        {"DBInstances": [instance(DBInstanceIdentifier="d", Engine="mysql")]},
        {"ReplicationGroups": [{"ReplicationGroupId": "r", "MemberClusters": ["r-1"], "ClusterEnabled": True}]},
        {"CacheClusters": [{"CacheClusterId": "r-1", "Engine": "redis", "EngineVersion": "7.1.0"}]},
        [{"name": "q", "databaseVersion": "MYSQL_8_0"}, {"name": "s", "databaseVersion": "MYSQL_8_0", "masterInstanceName": "p:q"}],
    )  # fmt: skip
    assert [(fact.name, fact.part_of) for fact in reading.facts] == [
        ("shop", ""),
        ("b", "shop"),
        ("c", ""),
        ("d", "c"),
        ("r", ""),
        ("r-1", "r"),
        ("q", ""),
        ("s", "q"),
    ]
    assert dict(reading.facts[4].settings) == {"cluster-enabled": "yes"}


def test_an_answer_of_nothing_is_an_answer() -> None:
    assert read({"DBInstances": []}) == Reading()


@pytest.mark.parametrize(
    "value",
    [
        {"EngineType": "x", "BrokerName": "b"},
        {"name": "n", "type": "Microsoft.Sql/servers", "version": "12.0", "fullyQualifiedDomainName": "n.database.windows.net"},
        {"Parameters": {"V": {"Type": "String"}}, "Resources": {}},
        {"Parameters": [{"ParameterName": "x"}]},
        [],
        {"DBInstances": [5]},
    ],
)  # fmt: skip
def test_what_is_no_answer(value: Any) -> None:
    assert not cloud.recognises(Document("x", "json", (value,)))


def test_no_text_that_is_no_name_of_an_engine_is_repeated() -> None:
    reading = read({"DBInstances": [instance(Engine="postgres://me:c4n4ry@host")]})
    assert [str(note) for note in reading.notes] == ["aws rds …: shop: does not say which engine it is"]


def parameters(*values: tuple[str, str], file: str = "aws rds …") -> Document:
    listed = [{"ParameterName": name, "ParameterValue": value, "Source": "user"} for name, value in values]
    return Document(file, "json", ({"Parameters": listed},), asked=True)


def test_parameters_of_the_group_that_the_command_names() -> None:
    databases = answer(
        {
            "DBInstances": [
                instance(DBParameterGroups=[{"DBParameterGroupName": "pg"}]),
                instance(DBInstanceIdentifier="b", DBParameterGroups=[{"DBParameterGroupName": "other"}]),
            ]
        }
    )
    named = parameters(("jit", "off"), file="aws rds describe-db-parameters --db-parameter-group-name other")
    reading = cloud.parse([databases, named], Known())
    assert [dict(fact.settings) for fact in reading.facts] == [{}, {"jit": "off"}]
    said = Note(
        "does not say whose these are: give devenv the command that names their group", "aws rds …", failed=True
    )
    assert cloud.parse([databases, parameters(("jit", "off"))], Known()).notes == (said,)


def test_parameters_of_clusters_and_caches() -> None:
    cluster = {"DBClusterIdentifier": "c", "Engine": "aurora-postgresql", "DBClusterParameterGroup": "cpg"}
    cache = {
        "CacheClusterId": "r",
        "Engine": "redis",
        "EngineVersion": "7.0.7",
        "CacheParameterGroup": {"CacheParameterGroupName": "rg"},
    }
    for value, name, setting in (
        ({"DBClusters": [cluster]}, "db-cluster-parameter-group-name cpg", ("timezone", "UTC")),
        ({"CacheClusters": [cache]}, "cache-parameter-group-name=rg", ("maxmemory-policy", "noeviction")),
    ):
        reading = cloud.parse([answer(value), parameters(setting, file=f"aws … --{name}")], Known())
        assert [dict(fact.settings) for fact in reading.facts] == [dict([setting])]


def test_configurations_that_brokers_name() -> None:
    broker = {
        "EngineType": "RABBITMQ",
        "EngineVersion": "3.13",
        "BrokerName": "b",
        "Configurations": {"Current": {"Id": "c-1"}},
    }
    info = {"KafkaVersion": "3.6.0", "ConfigurationArn": "arn:k"}
    kafka = {"ClusterInfo": {"ClusterName": "k", "Provisioned": {"CurrentBrokerSoftwareInfo": info}}}

    def encoded(text: str) -> str:
        return base64.b64encode(text.encode()).decode()

    reading = read(
        broker,
        {"ConfigurationId": "c-1", "Revision": 2, "Data": encoded("consumer_timeout = 900000\ndefault_pass = c4n4ry")},
        kafka,
        {"Arn": "arn:k", "Revision": 1, "ServerProperties": encoded("num.partitions=3\nsasl.jaas.config=c4n4ry")},
        {"ConfigurationId": "c-9", "Data": "c4n4ry, which is no Base64"},
    )
    assert [dict(fact.settings) for fact in reading.facts] == [{"consumer_timeout": "900000"}, {"num.partitions": "3"}]


def test_a_broker_that_waits() -> None:
    value = {"EngineType": "RABBITMQ", "EngineVersion": "3.13", "BrokerName": "b", "PendingEngineVersion": "4.2"}
    assert [(f.version, f.status, f.note, f.evidence.attribute) for f in read(value).facts] == [
        ("3.13", Status.ACTUAL, "", "EngineVersion"),
        ("4.2", Status.PLANNED, "waits for its maintenance window", "PendingEngineVersion"),
    ]


def test_other_changes_that_wait_are_no_news() -> None:
    reading = read({"DBInstances": [instance(PendingModifiedValues={"DBInstanceClass": "db.m6g.large"})]})
    assert [fact.status for fact in reading.facts] == [Status.ACTUAL]


def test_followers_on_heroku() -> None:
    text = (
        b"=== DATABASE_URL\nPlan: Standard 0\nPG Version:  15.4\nAdd-on: postgresql-a-1\n\n"
        b"=== HEROKU_POSTGRESQL_RED_URL\nPG Version:  15.4\nFollowing:   DATABASE_URL\n"
    )
    facts = cloud.parse([decode("heroku pg:info", text, asked=True)], Known()).facts
    assert [(fact.name, fact.part_of) for fact in facts] == [
        ("DATABASE_URL", ""),
        ("HEROKU_POSTGRESQL_RED_URL", "DATABASE_URL"),
    ]


def test_what_heroku_prints_as_json() -> None:
    value = [
        {
            "addon": {"name": "pg-x"},
            "info": [{"name": "PG Version", "values": ["15.4"]}, {"name": "Plan", "values": []}],
        },
        {
            "addon": {"name": "pg-y"},
            "config_vars": ["BLUE_URL"],
            "info": [{"name": "PG Version", "values": ["15.4"]}, {"name": "Following", "values": ["pg-x"]}],
        },
    ]
    assert [(fact.name, fact.version, fact.part_of) for fact in read(value).facts] == [
        ("pg-x", "15.4", ""),
        ("BLUE_URL", "15.4", "pg-x"),
    ]


@pytest.mark.parametrize("name", ["DATABASE", "HEROKU_POSTGRESQL_RED", "HEROKU_POSTGRESQL_RED_URL"])
def test_a_follower_names_any_name_of_the_database(name: str) -> None:
    text = (
        "=== DATABASE_URL, HEROKU_POSTGRESQL_RED_URL\nPG Version:  15.4\n\n"
        f"=== HEROKU_POSTGRESQL_BLUE_URL\nPG Version: 14.9\nFollowing: {name}\n"
    )
    facts = cloud.parse([decode("heroku pg:info", text.encode(), asked=True)], Known()).facts
    assert [(fact.name, fact.part_of) for fact in facts] == [
        ("DATABASE_URL", ""),
        ("HEROKU_POSTGRESQL_BLUE_URL", "DATABASE_URL"),
    ]


KEYS = [
    "DBInstances",
    "DBInstanceIdentifier",
    "Parameters",
    "ParameterName",
    "settings",
    "databaseVersion",
    "name",
    "EngineType",
    "BrokerName",
    "DBParameterGroups",
    "ClusterInfo",
    "ClusterName",
    "Provisioned",
    "taskDefinition",
    "family",
    "containerDefinitions",
    "ConfigurationId",
    "Data",
    "PendingModifiedValues",
    "ParameterValue",
    "Source",
]
VALUES: Any = st.recursive(
    st.none() | st.text(max_size=5) | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner),
    max_leaves=20,
)


@given(VALUES)
def test_whatever_the_shape(value: Any) -> None:
    document = Document("x", "json", (value,))
    cloud.recognises(document)
    cloud.parse([document], Known())


def test_gcloud_prints_yaml_unless_it_is_asked_for_json() -> None:
    """A document for each instance, as ``gcloud sql instances list --format=yaml`` prints them."""
    text = """\
backendType: SECOND_GEN
databaseInstalledVersion: POSTGRES_15_4
databaseVersion: POSTGRES_15
name: shop
settings:
  databaseFlags:
  - name: max_connections
    value: '200'
---
databaseVersion: MYSQL_8_0
name: other
"""
    printed = decode("gcloud sql instances list", text.encode(), asked=True)
    assert cloud.recognises(printed)
    facts = cloud.parse([printed], Known()).facts
    assert [(fact.kind, fact.version, fact.name, dict(fact.settings)) for fact in facts] == [
        ("postgres", "15.4", "shop", {"max_connections": "200"}),
        ("mysql", "8.0", "other", {}),
    ]
    assert not cloud.recognises(decode("values.yaml", b"databaseVersion: POSTGRES_15\nname: x\n---\na: 1\n"))
