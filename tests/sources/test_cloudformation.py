"""CloudFormation templates."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.document import Unreadable, decode
from devenv.model.fact import Evidence, Fact, Note, Precision, Reading, Status, Trust
from devenv.sources import cloudformation
from devenv.sources.known import Known
from devenv.sources.registry import source_of

KNOWN = Known({"redis": "redis", "postgres": "postgres"})
TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Version: {Type: String, Default: "15.4"}
  Secret: {Type: String, NoEcho: true, Default: c4n4ry}
  Nowhere: {Type: String}
Resources:
  Db:
    Type: AWS::RDS::DBInstance
    Properties:
      Engine: postgres
      EngineVersion: !Ref Version
      DBParameterGroupName: !Ref Group
      MasterUserPassword: !Ref Secret
      DBInstanceIdentifier: !Sub "shop-${AWS::StackName}"
  Group:
    Type: AWS::RDS::DBParameterGroup
    Properties: {Family: postgres15, Parameters: {jit: "off", primary_conninfo: c4n4ry}}
  Cluster:
    Type: AWS::RDS::DBCluster
    Properties: {Engine: aurora-mysql, EngineVersion: 8.0.mysql_aurora.3.04.0, MasterUserPassword: c4n4ry}
  Member:
    Type: AWS::RDS::DBInstance
    Properties: {Engine: aurora-mysql, DBClusterIdentifier: !Ref Cluster, DBInstanceIdentifier: m}
  Cache:
    Type: AWS::ElastiCache::ReplicationGroup
    Properties: {Engine: redis, EngineVersion: !Ref Nowhere, ReplicationGroupId: cache}
  Search:
    Type: AWS::OpenSearchService::Domain
    Properties: {EngineVersion: OpenSearch_2.11, DomainName: search}
  Bucket: {Type: AWS::S3::Bucket}
"""


def facts(text: str) -> list[Fact]:
    document = decode("template.yaml", text.encode(), day="2026-11-23")
    source = source_of(document)
    assert source
    assert source.name == "cloudformation"
    reading = cloudformation.parse([document], Known())
    assert "c4n4ry" not in repr(reading)
    return list(reading.facts)


def test_a_template() -> None:
    found = facts(TEMPLATE)
    assert [(fact.kind, fact.version, fact.name, fact.part_of, dict(fact.settings)) for fact in found] == [
        ("postgres", "15.4", "Db", "", {"jit": "off"}),
        ("mysql", "8.0.28", "Cluster", "", {}),
        ("mysql", "", "m", "Cluster", {}),
        ("redis", "", "cache", "", {}),
        ("opensearch", "2.11", "search", "", {}),
    ]
    assert {(fact.trust, fact.evidence.source) for fact in found} == {(Trust.DECLARED, "cloudformation")}


def test_what_has_no_default_is_told() -> None:
    reading = cloudformation.parse([decode("t.yaml", TEMPLATE.encode())], Known())
    assert [str(note) for note in reading.notes] == ["t.yaml: Cache: EngineVersion: unresolved variable Nowhere"]


def test_json_as_cdk_writes_it() -> None:
    properties = {"Engine": "memcached", "EngineVersion": {"Ref": "V"}, "ClusterName": "c"}
    template = {
        "Parameters": {"V": {"Default": "1.6.22"}},
        "Resources": {"C1A2": {"Type": "AWS::ElastiCache::CacheCluster", "Properties": properties}},
    }
    assert [(fact.kind, fact.version, fact.evidence.address) for fact in facts(json.dumps(template))] == [
        ("memcached", "1.6.22", "C1A2")
    ]


def template(resources: dict[str, Any], **more: Any) -> Reading:
    document = decode("t.json", json.dumps({"Resources": resources, **more}).encode())
    assert cloudformation.recognises(document)
    reading = cloudformation.parse([document], KNOWN)
    assert "c4n4ry" not in repr(reading)
    return reading


def entry(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::{kind}", "Properties": properties}


def test_the_whole_of_a_fact() -> None:
    db = entry("RDS::DBInstance", Engine="postgres", EngineVersion={"Ref": "V"}, DBInstanceIdentifier="shop")
    assert template({"Db": db}, Parameters={"V": {"Type": "String", "Default": "15.4"}}).facts == (
        Fact(
            "postgres",
            Evidence("cloudformation", "t.json", "Db", "EngineVersion"),
            "15.4",
            Precision.PATCH,
            name="shop",
            trust=Trust.DECLARED,
        ),
    )


@pytest.mark.parametrize(
    ("said", "parameters", "version", "note"),
    [
        ("15.4", {}, "15.4", ""),
        ({"Fn::Sub": "${A}.${B}"}, {"A": {"Default": "15"}, "B": {"Default": 4}}, "15.4", ""),
        ({"Fn::Sub": ["${A}.${B}", {"A": "15"}]}, {"B": {"Default": "4"}}, "15.4", ""),
        ({"!Sub": ["${A}", {"A": {"!Ref": "B"}}]}, {"B": {"Default": "15"}}, "15", ""),
        ({"Ref": "V"}, {"V": {"Type": "String"}}, "", "unresolved variable V"),
        ({"Ref": "V"}, {"V": {"Default": "15", "NoEcho": True}}, "", "unresolved variable V"),
        ({"Ref": "V"}, {"V": {"Default": "15", "NoEcho": "true"}}, "", "unresolved variable V"),
        ({"Ref": "V"}, {"V": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "15-v"}}, "", "unresolved variable V"),
        ({"Ref": "AWS::NoValue"}, {}, "", ""),
        ({"Fn::Sub": "15.${AWS::Region}"}, {}, "", "unresolved variable AWS::Region"),
        ({"Fn::If": ["c4n4ry", "15", "16"]}, {}, "", "is worked out by AWS (!If)"),
        ({"Fn::ImportValue": "x"}, {}, "", "is worked out by AWS (!ImportValue)"),
        ("{{resolve:ssm:/c4n4ry:1}}", {}, "", "is looked up by AWS when it deploys"),
    ],
)  # fmt: skip
def test_versions_that_a_template_fills_in(said: Any, parameters: Any, version: str, note: str) -> None:
    reading = template({"Db": entry("RDS::DBInstance", Engine="postgres", EngineVersion=said)}, Parameters=parameters)
    assert [(fact.version, fact.status is Status.UNKNOWN) for fact in reading.facts] == [(version, not version)]
    expected = (Note(f"EngineVersion: {note}", "t.json", address="Db", failed="variable" not in note),) if note else ()
    assert reading.notes == expected


def test_members_and_replicas_belong_to_their_primaries() -> None:
    reading = template(
        {
            "Cluster": entry("RDS::DBCluster", Engine="aurora-mysql", DBClusterIdentifier={"Ref": "Name"}),
            "Member": entry("RDS::DBInstance", Engine="aurora-mysql", DBClusterIdentifier={"Ref": "Cluster"}),
            "Docs": entry("DocDB::DBCluster", EngineVersion="5.0.0"),
            "Doc": entry("DocDB::DBInstance", DBClusterIdentifier={"Ref": "Docs"}),
            "Db": entry("RDS::DBInstance", Engine="mysql", EngineVersion="8.0.36"),
            "Copy": entry("RDS::DBInstance", Engine="mysql", SourceDBInstanceIdentifier={"Fn::GetAtt": ["Db", "DBInstanceArn"]}),
            "Plain": entry("RDS::DBInstance", SourceDBInstanceIdentifier={"Ref": "Db"}),
        },
        Parameters={"Name": {"Default": "main"}},
    )  # fmt: skip
    assert [(fact.kind, fact.name, fact.part_of) for fact in reading.facts] == [
        ("mysql", "main", ""),
        ("mysql", "Member", "main"),
        ("documentdb", "Docs", ""),
        ("documentdb", "Doc", "Docs"),
        ("mysql", "Db", ""),
        ("mysql", "Copy", "Db"),
    ]
    assert reading.notes == ()


def test_groups_of_parameters_by_reference_and_by_name() -> None:
    reading = template(
        {
            "G": entry("RDS::DBParameterGroup", DBParameterGroupName="pg", Parameters={"jit": "off", "x_password": "c4n4ry"}),
            "A": entry("RDS::DBInstance", Engine="postgres", DBParameterGroupName={"Ref": "G"}),
            "B": entry("RDS::DBInstance", Engine="postgres", DBParameterGroupName="pg"),
            "C": entry("RDS::DBCluster", Engine="aurora-postgresql", DBClusterParameterGroupName="pg"),
            "R": entry("ElastiCache::ReplicationGroup", Engine="redis", CacheParameterGroupName={"Ref": "P"}),
            "P": entry("ElastiCache::ParameterGroup", Properties={"maxmemory-policy": "noeviction"}),
            "Q": entry("AmazonMQ::Broker", EngineType="RABBITMQ", Configuration={"Id": {"Ref": "K"}, "Revision": 1}),
            "K": entry("AmazonMQ::Configuration", Data={"Fn::Base64": {"Fn::Sub": "consumer_timeout = ${T}"}}),
            "M": entry("AmazonMQ::Broker", EngineType="RABBITMQ", Configuration={"Id": {"Ref": "L"}}),
            "L": entry("AmazonMQ::Configuration", Name="l", Data=base64.b64encode(b"heartbeat = 30").decode()),
            "S": entry("MSK::Cluster", KafkaVersion="3.6.0", ConfigurationInfo={"Arn": {"Fn::GetAtt": "N.Arn"}}),
            "N": entry("MSK::Configuration", Name="n", ServerProperties="num.partitions=3\nsasl.jaas.config=c4n4ry"),
        },
        Parameters={"T": {"Default": "900000"}},
    )  # fmt: skip
    assert {fact.name: dict(fact.settings) for fact in reading.facts} == {
        "A": {"jit": "off"},
        "B": {"jit": "off"},
        "C": {},
        "R": {"maxmemory-policy": "noeviction"},
        "Q": {"consumer_timeout": "900000"},
        "M": {"heartbeat": "30"},
        "S": {"num.partitions": "3"},
    }


def test_tasks_whose_containers_are_servers() -> None:
    containers = [
        {"Name": "cache", "Image": {"Fn::Sub": "redis:${V}"}, "Environment": [{"Name": "P", "Value": {"Ref": "Secret"}}]},
        {"Name": "cli", "Image": "redis:6", "Command": ["redis-cli", "ping"]},
    ]  # fmt: skip
    reading = template(
        {"Task": entry("ECS::TaskDefinition", ContainerDefinitions=containers)}, Parameters={"V": {"Default": "7.0.15"}}
    )
    assert [(fact.kind, fact.version, fact.name, fact.evidence.attribute) for fact in reading.facts] == [
        ("redis", "7.0.15", "cache", "ContainerDefinitions[0].image")
    ]
    assert reading.notes == ()


def test_names_that_refer_to_one_another() -> None:
    ring = {
        "A": entry("RDS::DBCluster", Engine="mysql", DBClusterIdentifier={"Ref": "B"}),
        "B": entry("RDS::DBCluster", Engine="mysql", DBClusterIdentifier={"Ref": "A"}),
    }
    assert [fact.name for fact in template(ring).facts] == ["B", "A"]


VALUES: Any = st.recursive(
    st.none() | st.text(max_size=5) | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "Ref",
                    "Fn::Sub",
                    "!GetAtt",
                    "Fn::Base64",
                    "Type",
                    "Properties",
                    "Engine",
                    "EngineVersion",
                    "Parameters",
                    "Data",
                ]
            ),
            inner,
        )
    ),
    max_leaves=15,
)


@given(VALUES, VALUES, VALUES)
def test_whatever_the_shape(properties: Any, parameters: Any, other: Any) -> None:
    kinds = ["RDS::DBInstance", "RDS::DBParameterGroup", "AmazonMQ::Configuration", "ECS::TaskDefinition"]
    made = {kind: {"Type": f"AWS::{kind}", "Properties": properties} for kind in kinds}
    value = {"Resources": {**made, "B": other}, "Parameters": parameters}
    try:
        document = decode("t.json", json.dumps(value).encode())
    except Unreadable:
        return
    cloudformation.recognises(document)
    cloudformation.parse([document], Known())
