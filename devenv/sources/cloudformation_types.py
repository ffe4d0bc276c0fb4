"""Which types of CloudFormation's are services, and which of their properties say what Terraform's attributes say.

Types and properties: the resource schemas that cfn-lint 1.58 carries.
"""

from __future__ import annotations

from collections.abc import Mapping

from devenv.model.record import record


@record
class Type:
    """``type`` is Terraform's name of it, ``words`` give for Terraform's attributes the properties."""

    type: str
    words: Mapping[str, str]
    #: A property that holds Base64 unless the template has it made of plain text.
    encoded: str = ""

    def word(self, path: str) -> str:
        """The property that says what Terraform says at a path; "" for none."""
        return self.words.get(path, "")


_ENGINE = {"engine": "Engine", "engine_version": "EngineVersion"}
_CLUSTER = {
    **_ENGINE,
    "cluster_identifier": "DBClusterIdentifier",
    "db_cluster_parameter_group_name": "DBClusterParameterGroupName",
    "replication_source_identifier": "ReplicationSourceIdentifier",
}
_MEMBER = {
    **_ENGINE,
    "identifier": "DBInstanceIdentifier",
    "cluster_identifier": "DBClusterIdentifier",
    "db_parameter_group_name": "DBParameterGroupName",
}
TYPES: Mapping[str, Type] = {
    "AWS::Lambda::Function": Type("aws_lambda_function", {"runtime": "Runtime", "function_name": "FunctionName"}),
    "AWS::Serverless::Function": Type("aws_lambda_function", {"runtime": "Runtime", "function_name": "FunctionName"}),
    "AWS::RDS::DBInstance": Type(
        "aws_db_instance",
        {
            **_ENGINE,
            "identifier": "DBInstanceIdentifier",
            "parameter_group_name": "DBParameterGroupName",
            "db_cluster_identifier": "DBClusterIdentifier",
            "replicate_source_db": "SourceDBInstanceIdentifier",
        },
    ),
    "AWS::RDS::DBCluster": Type("aws_rds_cluster", _CLUSTER),
    "AWS::RDS::GlobalCluster": Type(
        "aws_rds_global_cluster", {**_ENGINE, "global_cluster_identifier": "GlobalClusterIdentifier"}
    ),
    "AWS::DocDB::DBCluster": Type("aws_docdb_cluster", {**_CLUSTER, "engine": ""}),
    "AWS::DocDB::DBInstance": Type("aws_docdb_cluster_instance", {**_MEMBER, "engine": ""}),
    "AWS::Neptune::DBCluster": Type("aws_neptune_cluster", {**_CLUSTER, "engine": ""}),
    "AWS::Neptune::DBInstance": Type("aws_neptune_cluster_instance", {**_MEMBER, "engine": ""}),
    "AWS::Redshift::Cluster": Type("aws_redshift_cluster", {"cluster_identifier": "ClusterIdentifier"}),
    "AWS::ElastiCache::CacheCluster": Type(
        "aws_elasticache_cluster",
        {**_ENGINE, "cluster_id": "ClusterName", "parameter_group_name": "CacheParameterGroupName"},
    ),
    "AWS::ElastiCache::ReplicationGroup": Type(
        "aws_elasticache_replication_group",
        {
            **_ENGINE,
            "replication_group_id": "ReplicationGroupId",
            "parameter_group_name": "CacheParameterGroupName",
            "global_replication_group_id": "GlobalReplicationGroupId",
        },
    ),
    "AWS::ElastiCache::ServerlessCache": Type(
        "aws_elasticache_serverless_cache",
        {
            "engine": "Engine",
            "full_engine_version": "FullEngineVersion",
            "major_engine_version": "MajorEngineVersion",
            "name": "ServerlessCacheName",
        },
    ),
    "AWS::MemoryDB::Cluster": Type(
        "aws_memorydb_cluster", {**_ENGINE, "name": "ClusterName", "parameter_group_name": "ParameterGroupName"}
    ),
    "AWS::AmazonMQ::Broker": Type(
        "aws_mq_broker",
        {
            "engine_type": "EngineType",
            "engine_version": "EngineVersion",
            "broker_name": "BrokerName",
            "configuration.0.id": "Configuration.Id",
        },
    ),
    "AWS::MSK::Cluster": Type(
        "aws_msk_cluster",
        {
            "kafka_version": "KafkaVersion",
            "cluster_name": "ClusterName",
            "configuration_info.0.arn": "ConfigurationInfo.Arn",
        },
    ),
    "AWS::MSK::ServerlessCluster": Type("aws_msk_serverless_cluster", {"cluster_name": "ClusterName"}),
    "AWS::OpenSearchService::Domain": Type(
        "aws_opensearch_domain",
        {"engine_version": "EngineVersion", "domain_name": "DomainName", "advanced_options": "AdvancedOptions"},
    ),
    "AWS::Elasticsearch::Domain": Type(
        "aws_elasticsearch_domain",
        {
            "elasticsearch_version": "ElasticsearchVersion",
            "domain_name": "DomainName",
            "advanced_options": "AdvancedOptions",
        },
    ),
    "AWS::RDS::DBParameterGroup": Type(
        "aws_db_parameter_group", {"name": "DBParameterGroupName", "parameter": "Parameters"}
    ),
    "AWS::RDS::DBClusterParameterGroup": Type(
        "aws_rds_cluster_parameter_group", {"name": "DBClusterParameterGroupName", "parameter": "Parameters"}
    ),
    "AWS::DocDB::DBClusterParameterGroup": Type(
        "aws_docdb_cluster_parameter_group", {"name": "Name", "parameter": "Parameters"}
    ),
    "AWS::ElastiCache::ParameterGroup": Type(
        "aws_elasticache_parameter_group", {"name": "CacheParameterGroupName", "parameter": "Properties"}
    ),
    "AWS::MemoryDB::ParameterGroup": Type(
        "aws_memorydb_parameter_group", {"name": "ParameterGroupName", "parameter": "Parameters"}
    ),
    "AWS::AmazonMQ::Configuration": Type("aws_mq_configuration", {"id": "Name", "data": "Data"}, encoded="Data"),
    "AWS::MSK::Configuration": Type("aws_msk_configuration", {"arn": "Name", "server_properties": "ServerProperties"}),
    "AWS::ECS::TaskDefinition": Type("aws_ecs_task_definition", {"container_definitions": "ContainerDefinitions"}),
}
#: The properties by which others call a resource: the first that its type has.
NAMES = (
    "DBInstanceIdentifier",
    "DBClusterIdentifier",
    "GlobalClusterIdentifier",
    "ClusterIdentifier",
    "ClusterName",
    "ReplicationGroupId",
    "ServerlessCacheName",
    "BrokerName",
    "DomainName",
    "DBParameterGroupName",
    "DBClusterParameterGroupName",
    "CacheParameterGroupName",
    "ParameterGroupName",
    "Name",
)
#: Words of Terraform's that name the resource itself, not another.
OWN = frozenset(
    [
        "arn",
        "broker_name",
        "cluster_id",
        "cluster_identifier",
        "cluster_name",
        "domain_name",
        "global_cluster_identifier",
        "id",
        "identifier",
        "name",
        "replication_group_id",
    ]
)
#: Properties without which a fact is not whole.
NEEDED = frozenset(
    ["Engine", "EngineType", "EngineVersion", "ElasticsearchVersion", "KafkaVersion", "MajorEngineVersion", "Image"]
)
