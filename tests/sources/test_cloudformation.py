"""CloudFormation templates."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from devenv.document import Unreadable, decode
from devenv.model.fact import Fact, Trust
from devenv.sources import cloudformation
from devenv.sources.known import Known
from devenv.sources.registry import source_of

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
        ("postgres", "15.4", "shop-", "", {"jit": "off"}),
        ("mysql", "8.0.28", "Cluster", "", {}),
        ("mysql", "", "m", "Cluster", {}),
        ("redis", "", "cache", "", {}),
        ("opensearch", "2.11", "search", "", {}),
    ]
    assert {(fact.trust, fact.evidence.source) for fact in found} == {(Trust.DECLARED, "cloudformation")}


def test_what_has_no_default_is_told() -> None:
    reading = cloudformation.parse([decode("t.yaml", TEMPLATE.encode())], Known())
    assert [str(note) for note in reading.notes] == ["t.yaml: Cache: the parameter Nowhere has no default"]


def test_json_as_cdk_writes_it() -> None:
    properties = {"Engine": "memcached", "EngineVersion": {"Ref": "V"}, "ClusterName": "c"}
    template = {
        "Parameters": {"V": {"Default": "1.6.22"}},
        "Resources": {"C1A2": {"Type": "AWS::ElastiCache::CacheCluster", "Properties": properties}},
    }
    assert [(fact.kind, fact.version, fact.evidence.address) for fact in facts(json.dumps(template))] == [
        ("memcached", "1.6.22", "C1A2")
    ]


VALUES: Any = st.recursive(
    st.none() | st.text(max_size=5) | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["Ref", "Fn::Sub", "Type", "Properties", "Engine", "EngineVersion", "Parameters"]), inner
        )
    ),
    max_leaves=15,
)


@given(VALUES, VALUES, VALUES)
def test_whatever_the_shape(properties: Any, parameters: Any, other: Any) -> None:
    entry = {"Type": "AWS::RDS::DBInstance", "Properties": properties}
    group = {"Type": "AWS::RDS::DBParameterGroup", "Properties": other}
    value = {"Resources": {"A": entry, "B": other, "C": group}, "Parameters": parameters}
    try:
        document = decode("t.json", json.dumps(value).encode())
    except Unreadable:
        return
    cloudformation.recognises(document)
    cloudformation.parse([document], Known())
