"""What the commands of clouds answer with: where the entries are, and under which words they say what Terraform says.

Field names of AWS: botocore 1.44.5.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from typing import Any

from devenv.document import table, text_at
from devenv.model.record import record


@record
class AnswerShape:
    """``key`` is what holds the entries, "" for an entry or a list by itself. Every entry has all of ``signs``, and
    text that they match. ``type`` is Terraform's, ``words`` map its attributes to the entry's, ``pending`` is where
    the version stands that it will have."""

    type: str
    signs: Mapping[str, str]
    words: Mapping[str, str] = field(default_factory=dict)
    key: str = ""
    pending: str = ""

    def fits(self, entry: Any) -> bool:
        """Whether an entry is one of this answer's."""
        held = table(entry)
        return all(name in held and re.search(sign, text_at(held, name)) for name, sign in self.signs.items())

    def word(self, path: str) -> str:
        """The entry's own path of an attribute; "" for what it does not say."""
        return self.words.get(path, "")

    def word_to_come(self, path: str) -> str:
        """The same for what it is going to be."""
        if path == "engine_version_actual":
            return ""
        return self.pending if path == "engine_version" else self.word(path)


_ENGINE = {"engine": "Engine", "engine_version": "EngineVersion"}
_PENDING = "PendingModifiedValues.EngineVersion"
_AWS = (
    AnswerShape(
        "aws_db_instance",
        {"DBInstanceIdentifier": ""},
        {
            **_ENGINE,
            "identifier": "DBInstanceIdentifier",
            "parameter_group_name": "DBParameterGroups.0.DBParameterGroupName",
            "db_cluster_identifier": "DBClusterIdentifier",
            "replicate_source_db": "ReadReplicaSourceDBInstanceIdentifier",
            "replicas": "ReadReplicaDBInstanceIdentifiers",
        },
        "DBInstances",
        _PENDING,
    ),
    AnswerShape(
        "aws_rds_cluster",
        {"DBClusterIdentifier": ""},
        {
            **_ENGINE,
            "cluster_identifier": "DBClusterIdentifier",
            "db_cluster_parameter_group_name": "DBClusterParameterGroup",
            "replication_source_identifier": "ReplicationSourceIdentifier",
            "cluster_members": "DBClusterMembers",
        },
        "DBClusters",
        _PENDING,
    ),
    AnswerShape(
        "aws_elasticache_cluster",
        {"CacheClusterId": ""},
        {
            **_ENGINE,
            "cluster_id": "CacheClusterId",
            "replication_group_id": "ReplicationGroupId",
            "parameter_group_name": "CacheParameterGroup.CacheParameterGroupName",
        },
        "CacheClusters",
        _PENDING,
    ),
    AnswerShape(
        "aws_elasticache_replication_group",
        {"ReplicationGroupId": ""},
        {
            "engine": "Engine",
            "replication_group_id": "ReplicationGroupId",
            "cluster_enabled": "ClusterEnabled",
            "member_clusters": "MemberClusters",
        },
        "ReplicationGroups",
    ),
    AnswerShape(
        "aws_elasticache_serverless_cache",
        {"ServerlessCacheName": ""},
        {
            "engine": "Engine",
            "full_engine_version": "FullEngineVersion",
            "major_engine_version": "MajorEngineVersion",
            "name": "ServerlessCacheName",
        },
        "ServerlessCaches",
    ),
    AnswerShape(
        "aws_memorydb_cluster",
        {"EnginePatchVersion": ""},
        {
            **_ENGINE,
            "engine_patch_version": "EnginePatchVersion",
            "name": "Name",
            "parameter_group_name": "ParameterGroupName",
        },
        "Clusters",
    ),
    AnswerShape(
        "aws_redshift_cluster",
        {"ClusterIdentifier": "", "ClusterVersion": ""},
        {"cluster_identifier": "ClusterIdentifier", "cluster_version": "ClusterVersion"},
        "Clusters",
    ),
    AnswerShape(
        "aws_mq_broker",
        {"EngineType": "(?i)^(rabbit|active)mq$", "BrokerName": ""},
        {
            "engine_type": "EngineType",
            "engine_version": "EngineVersion",
            "broker_name": "BrokerName",
            "configuration.0.id": "Configurations.Current.Id",
        },
        pending="PendingEngineVersion",
    ),
    AnswerShape(
        "aws_opensearch_domain",
        {"DomainName": "", "EngineVersion": ""},
        {"engine_version": "EngineVersion", "domain_name": "DomainName", "advanced_options": "AdvancedOptions"},
        "DomainStatus",
    ),
    AnswerShape(
        "aws_opensearch_domain",
        {"DomainName": "", "EngineVersion": ""},
        {"engine_version": "EngineVersion", "domain_name": "DomainName", "advanced_options": "AdvancedOptions"},
        "DomainStatusList",
    ),
    AnswerShape(
        "aws_ecs_task_definition",
        {"containerDefinitions": "", "family": ""},
        {"container_definitions": "containerDefinitions", "family": "family"},
        "taskDefinition",
    ),
)


def _msk(key: str) -> tuple[AnswerShape, ...]:
    """``describe-cluster`` tells of brokers at once, its second version of what is provisioned and what is not."""
    name = {"cluster_name": "ClusterName"}

    def words(holder: str) -> dict[str, str]:
        info = f"{holder}CurrentBrokerSoftwareInfo"
        return {
            **name,
            "kafka_version": f"{info}.KafkaVersion",
            "configuration_info.0.arn": f"{info}.ConfigurationArn",
        }

    return (
        AnswerShape("aws_msk_cluster", {"ClusterName": "", "CurrentBrokerSoftwareInfo": ""}, words(""), key),
        AnswerShape("aws_msk_cluster", {"ClusterName": "", "Provisioned": ""}, words("Provisioned."), key),
        AnswerShape("aws_msk_serverless_cluster", {"ClusterName": "", "Serverless": ""}, name, key),
    )


GOOGLE = (
    AnswerShape(
        "google_sql_database_instance",
        {"databaseVersion": "^[A-Z]+_", "name": ""},
        {
            "name": "name",
            "maintenance_version": "databaseInstalledVersion",
            "database_version": "databaseVersion",
            "settings.0.database_flags": "settings.databaseFlags",
            "master_instance_name": "masterInstanceName",
            "replica_names": "replicaNames",
        },
    ),
    AnswerShape(
        "google_redis_instance",
        {"redisVersion": "^REDIS_", "name": ""},
        {"name": "name", "redis_version": "redisVersion", "redis_configs": "redisConfigs"},
    ),
    AnswerShape(
        "google_memcache_instance",
        {"memcacheVersion": "^MEMCACHE_", "name": ""},
        {
            "name": "name",
            "memcache_full_version": "memcacheFullVersion",
            "memcache_version": "memcacheVersion",
            "memcache_parameters.0.params": "parameters.params",
        },
    ),
)


def _azure(kind: str, name: str, host: str) -> tuple[AnswerShape, ...]:
    """A server tells what it is by its type, or at least by its address."""
    words = {
        "name": "name",
        "version": "version",
        "minor_version": "minorVersion",
        "source_server_id": "sourceServerResourceId",
    }
    of = f"azurerm_{kind}_flexible_server"
    by_type = AnswerShape(
        of, {"type": rf"(?i)^Microsoft\.DBfor{name}/(flexibleServers|servers)$", "version": ""}, words
    )
    by_address = AnswerShape(of, {"fullyQualifiedDomainName": rf"\.{host}\.database\.", "version": ""}, words)
    return by_type, by_address


ANSWERS: tuple[AnswerShape, ...] = (
    *_AWS,
    *_msk("ClusterInfo"),
    *_msk("ClusterInfoList"),
    *GOOGLE,
    *_azure("postgresql", "PostgreSQL", "postgres"),
    *_azure("mysql", "MySQL", "mysql"),
    AnswerShape(
        "azurerm_redis_cache",
        {"redisVersion": r"^\d", "name": ""},
        {"name": "name", "redis_version": "redisVersion", "redis_configuration.0": "redisConfiguration"},
    ),
    AnswerShape(
        "digitalocean_database_cluster",
        {
            "engine": "^(pg|mysql|redis|valkey|mongodb|kafka|opensearch)$",
            "version": "",
            "name": "",
            "maintenance_window": "",
        },
        {"name": "name", "engine": "engine", "version": "version"},
    ),
)
#: (Terraform's type, the key of its name, that of its text) of configurations that brokers refer to.
CONFIGURATIONS = (
    ("aws_mq_configuration", "ConfigurationId", "Data"),
    ("aws_msk_configuration", "Arn", "ServerProperties"),
)
