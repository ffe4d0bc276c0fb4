"""CloudFormation templates, CDK's output among them: what somebody wants AWS to have.

Types and properties: the resource schemas that cfn-lint 1.58 carries.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from devenv.document import Document, at, items, table, text_at
from devenv.model.fact import Fact, Note, Reading, Trust
from devenv.sources.known import Known
from devenv.sources.terraform_resources import Resource, resource_facts

NAME = "cloudformation"

_RDS = {"Engine": "engine", "EngineVersion": "engine_version"}
#: Type -> (Terraform's name of it, property -> Terraform's attribute).
_TYPES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "AWS::RDS::DBInstance": (
        "aws_db_instance",
        {
            **_RDS,
            "DBInstanceIdentifier": "identifier",
            "DBParameterGroupName": "parameter_group_name",
            "SourceDBInstanceIdentifier": "replicate_source_db",
        },
    ),
    "AWS::RDS::DBCluster": (
        "aws_rds_cluster",
        {
            **_RDS,
            "DBClusterIdentifier": "cluster_identifier",
            "DBClusterParameterGroupName": "db_cluster_parameter_group_name",
        },
    ),
    "AWS::ElastiCache::CacheCluster": (
        "aws_elasticache_cluster",
        {**_RDS, "ClusterName": "cluster_id", "CacheParameterGroupName": "parameter_group_name"},
    ),
    "AWS::ElastiCache::ReplicationGroup": (
        "aws_elasticache_replication_group",
        {**_RDS, "ReplicationGroupId": "replication_group_id", "CacheParameterGroupName": "parameter_group_name"},
    ),
    "AWS::ElastiCache::ServerlessCache": (
        "aws_elasticache_serverless_cache",
        {
            "Engine": "engine",
            "MajorEngineVersion": "major_engine_version",
            "FullEngineVersion": "full_engine_version",
            "ServerlessCacheName": "name",
        },
    ),
    "AWS::MemoryDB::Cluster": (
        "aws_memorydb_cluster",
        {**_RDS, "ClusterName": "name", "ParameterGroupName": "parameter_group_name"},
    ),
    "AWS::AmazonMQ::Broker": (
        "aws_mq_broker",
        {"EngineType": "engine_type", "EngineVersion": "engine_version", "BrokerName": "broker_name"},
    ),
    "AWS::MSK::Cluster": ("aws_msk_cluster", {"KafkaVersion": "kafka_version", "ClusterName": "cluster_name"}),
    "AWS::OpenSearchService::Domain": (
        "aws_opensearch_domain",
        {"EngineVersion": "engine_version", "DomainName": "domain_name", "AdvancedOptions": "advanced_options"},
    ),
    "AWS::Elasticsearch::Domain": (
        "aws_elasticsearch_domain",
        {"ElasticsearchVersion": "elasticsearch_version", "DomainName": "domain_name"},
    ),
    "AWS::DocDB::DBCluster": (
        "aws_docdb_cluster",
        {"EngineVersion": "engine_version", "DBClusterIdentifier": "cluster_identifier"},
    ),
    "AWS::Neptune::DBCluster": (
        "aws_neptune_cluster",
        {"EngineVersion": "engine_version", "DBClusterIdentifier": "cluster_identifier"},
    ),
}
#: Groups of parameters, and under which property each has them as a table.
_GROUPS = {
    "AWS::RDS::DBParameterGroup": "Parameters",
    "AWS::RDS::DBClusterParameterGroup": "Parameters",
    "AWS::ElastiCache::ParameterGroup": "Properties",
    "AWS::MemoryDB::ParameterGroup": "Parameters",
}


def recognises(document: Document) -> bool:
    """Whether it has resources of AWS' types."""
    resources = table(table(document.value).get("Resources"))
    return any(text_at(entry, "Type").startswith("AWS::") for entry in resources.values())


def parse(documents: Sequence[Document], known: Known) -> Reading:
    """Every service that templates want."""
    facts: list[Fact] = []
    notes: list[Note] = []
    for document in documents:
        template = _Template(document)
        found, said = resource_facts(document, list(template.resources()), known, source=NAME, trust=Trust.DECLARED)
        facts += found
        notes += (*template.notes, *said)
    return Reading(tuple(facts), tuple(notes))


class _Template:
    """One template, its parameters' defaults filled in."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._value = table(document.value)
        self.notes: list[Note] = []

    def resources(self) -> Iterator[Resource]:
        for name, entry in table(self._value.get("Resources")).items():
            kind, properties = text_at(entry, "Type"), table(at(entry, "Properties"))
            if kind in _GROUPS:
                held = table(properties.get(_GROUPS[kind]))
                pairs = [{"name": key, "value": self._filled(name, held[key])} for key in held]
                yield Resource(name, "aws_db_parameter_group", {"name": name, "parameter": pairs})
            elif kind in _TYPES:
                yield self._service(name, kind, properties)

    def _service(self, name: str, kind: str, properties: Mapping[str, Any]) -> Resource:
        ours, spelt = _TYPES[kind]
        values: dict[str, Any] = {}
        for theirs, attribute in spelt.items():
            if theirs in properties:
                value = properties[theirs]
                values[attribute] = value if theirs == "AdvancedOptions" else self._filled(name, value)
        if ours == "aws_db_instance" and (cluster := self._referred(properties.get("DBClusterIdentifier"))):
            ours, values = "aws_rds_cluster_instance", {**values, "cluster_identifier": self._name_of(cluster)}
        if ours == "aws_rds_cluster" and "cluster_identifier" not in values:
            values["cluster_identifier"] = name
        return Resource(name, ours, values)

    def _name_of(self, cluster: str) -> str:
        """What a cluster of this template is called, by itself or by its name in the template."""
        properties = at(self._value, "Resources", cluster, "Properties")
        return text_at(properties, "DBClusterIdentifier") or cluster

    def _referred(self, value: Any) -> str:
        """The resource or the text that a value is: ``Ref`` in JSON, ``!Ref`` in YAML."""
        return text_at(value, "Ref") or text_at(value, "!Ref") or (value if isinstance(value, str) else "")

    def _filled(self, address: str, value: Any) -> str:
        """A value as text: of a parameter its default, of a resource its name; "" for what only AWS will know."""
        if not isinstance(value, dict):
            return text_at(value)
        if name := self._referred(value):
            if name in table(self._value.get("Resources")):
                return name
            return self._default(address, name)
        text = value.get("Fn::Sub", value.get("!Sub"))
        text = items(text)[0] if items(text) else text
        if isinstance(text, str):
            return re.sub(r"\$\{([\w:]+)\}", lambda match: self._default(address, match[1]), text)
        return ""

    def _default(self, address: str, name: str) -> str:
        parameter = at(self._value, "Parameters", name)
        found = "" if text_at(parameter, "NoEcho") == "true" else text_at(parameter, "Default")
        if not found and not name.startswith("AWS::"):
            self.notes.append(Note(f"the parameter {name} has no default", self._document.file, None, address))
        return found
