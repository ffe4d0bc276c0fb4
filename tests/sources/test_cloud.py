"""What the command lines of clouds print."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.document import Document, decode
from devenv.model.fact import Reading, Status, Trust
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


KEYS = [
    "DBInstances",
    "DBInstanceIdentifier",
    "Parameters",
    "ParameterName",
    "settings",
    "databaseVersion",
    "name",
    "EngineType",
    "DBParameterGroups",
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
