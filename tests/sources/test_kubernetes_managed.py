from __future__ import annotations

import pytest

from devenv.document import decode
from devenv.model.fact import Precision, Trust
from devenv.sources.kubernetes import parse
from tests.sources.test_images import KNOWN

PATCH, MINOR, SERIES = Precision.PATCH, Precision.MINOR, Precision.SERIES


@pytest.mark.parametrize(
    ("group", "kind", "rest", "expected"),
    [
        (
            "sql.cnrm.cloud.google.com/v1beta1",
            "SQLInstance",
            "spec: {databaseVersion: POSTGRES_15, rootPassword: {value: canary},"
            " settings: {databaseFlags: [{name: jit, value: 'off'}]}}",
            ("postgres", "15", SERIES, "spec.databaseVersion", {"jit": "off"}),
        ),
        (
            "redis.cnrm.cloud.google.com/v1beta1",
            "RedisInstance",
            "spec: {redisVersion: REDIS_7_0, authString: canary}",
            ("redis", "7.0", MINOR, "spec.redisVersion", {}),
        ),
        (
            "rds.services.k8s.aws/v1alpha1",
            "DBInstance",
            "spec: {engine: postgres, engineVersion: '15.4', masterUserPassword: {name: canary}}",
            ("postgres", "15.4", PATCH, "spec.engineVersion", {}),
        ),
        (
            "memorydb.services.k8s.aws/v1alpha1",
            "Cluster",
            "spec: {engineVersion: '7.0', aclName: canary}\nstatus: {enginePatchVersion: 7.0.7}",
            ("redis", "7.0.7", PATCH, "status.enginePatchVersion", {}),
        ),
        (
            "memcache.cnrm.cloud.google.com/v1beta1",
            "MemcacheInstance",
            "spec: {memcacheVersion: MEMCACHE_1_6_15}\nstatus: {memcacheFullVersion: memcached-1.6.15}",
            ("memcached", "1.6.15", PATCH, "status.memcacheFullVersion", {}),
        ),
        (
            "elasticache.services.k8s.aws/v1alpha1",
            "ReplicationGroup",
            "spec: {replicationGroupID: it, engine: redis, engineVersion: '7.1', authToken: {name: canary}}",
            ("redis", "7.0", MINOR, "spec.engineVersion", {}),
        ),
        (
            "rds.aws.upbound.io/v1beta1",
            "Instance",
            "spec: {forProvider: {engine: mysql, engineVersion: '8.0', passwordSecretRef: {name: canary}}}",
            ("mysql", "8.0", MINOR, "spec.forProvider.engineVersion", {}),
        ),
        (
            "rds.aws.m.upbound.io/v1beta1",
            "Instance",
            "spec: {forProvider: {engine: postgres, engineVersion: '15'}}\n"
            "status: {atProvider: {engineVersionActual: '15.4'}}",
            ("postgres", "15.4", PATCH, "status.atProvider.engineVersionActual", {}),
        ),
        (
            "database.gcp.crossplane.io/v1beta1",
            "CloudSQLInstance",
            "spec: {forProvider: {databaseVersion: MYSQL_8_0}}",
            ("mysql", "8.0", MINOR, "spec.forProvider.databaseVersion", {}),
        ),
        (
            "dbforpostgresql.azure.upbound.io/v1beta1",
            "FlexibleServer",
            "spec: {forProvider: {version: '16', administratorLogin: canary}}",
            ("postgres", "16", SERIES, "spec.forProvider.version", {}),
        ),
        (
            "apps.kubeblocks.io/v1",
            "Cluster",
            "spec: {clusterDef: postgresql, componentSpecs: [{name: postgresql, serviceVersion: 16.4.0}]}",
            ("postgres", "16.4", PATCH, "spec.componentSpecs[0].serviceVersion", {}),
        ),
        (
            "apps.kubeblocks.io/v1alpha1",
            "Cluster",
            "spec: {clusterDefinitionRef: apecloud-mysql, clusterVersionRef: ac-mysql-8.0.30,"
            " componentSpecs: [{name: mysql, componentDefRef: mysql}]}",
            ("mysql", "8.0.30", PATCH, "spec.clusterVersionRef", {}),
        ),
        (
            "stackgres.io/v1alpha1",
            "SGShardedCluster",
            "spec: {postgres: {version: '15.3'}}",
            ("postgres", "15.3", PATCH, "spec.postgres.version", {}),
        ),
        (
            "moco.cybozu.com/v1beta2",
            "MySQLCluster",
            "spec: {podTemplate: {spec: {containers: [{name: mysqld, image: 'ghcr.io/cybozu-go/moco/mysql:8.0.36'}]}}}",
            ("mysql", "8.0.36", PATCH, "spec.podTemplate.spec.containers.0.image", {}),
        ),
    ],
)
def test_objects_that_ask_for_a_server(
    group: str, kind: str, rest: str, expected: tuple[str, str, Precision, str, dict[str, str]]
) -> None:
    text = f"apiVersion: {group}\nkind: {kind}\nmetadata: {{name: it, namespace: prod}}\n{rest}"
    reading = parse([decode("db.yaml", text.encode(), day="2026-11-30")], KNOWN)
    (found,) = reading.facts
    assert (found.kind, found.version, found.precision, found.evidence.attribute, found.settings) == expected
    assert (found.name, found.evidence.source, found.evidence.address) == ("it", "kubernetes", f"prod/{kind}/it")
    assert found.trust is not Trust.LIVE
    assert "canary" not in repr(reading)


def test_what_a_cloud_answered_outranks_what_was_asked_for() -> None:
    text = "apiVersion: memorydb.services.k8s.aws/v1alpha1\nkind: Cluster\nmetadata: {name: it}\nspec: {engineVersion: '7.0'}"
    (wanted,) = parse([decode("db.yaml", text.encode())], KNOWN).facts
    (answered,) = parse([decode("db.yaml", f"{text}\nstatus: {{enginePatchVersion: 7.0.7}}".encode())], KNOWN).facts
    assert (wanted.trust, answered.trust) == (Trust.DECLARED, Trust.ASKED)


def test_settings_of_moco() -> None:
    text = """
apiVersion: moco.cybozu.com/v1beta2
kind: MySQLCluster
metadata: {name: it, namespace: prod}
spec:
  mysqlConfigMapName: options
  podTemplate: {spec: {containers: [{name: mysqld, image: "ghcr.io/cybozu-go/moco/mysql:8.0.36"}]}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: options, namespace: prod}
data:
  max_connections: "500"
  init_file: canary
  _include: "sql_mode = ANSI\\nperformance-schema-instrument='canary'"
"""
    (found,) = parse([decode("db.yaml", text.encode())], KNOWN).facts
    assert (found.version, found.settings) == ("8.0.36", {"max_connections": "500", "sql_mode": "ANSI"})


def test_what_stands_beside_a_server_of_kubeblocks_is_none() -> None:
    text = """
apiVersion: apps.kubeblocks.io/v1
kind: Cluster
metadata: {name: cache}
spec:
  componentSpecs:
    - {name: redis, componentDef: redis-7-1.0.0, serviceVersion: 7.2.4}
    - {name: redis-sentinel, componentDef: redis-sentinel-7-1.0.0, serviceVersion: 7.2.4}
    - {name: web}
"""
    reading = parse([decode("db.yaml", text.encode())], KNOWN)
    assert [(fact.kind, fact.version, fact.name) for fact in reading.facts] == [("redis", "7.2.4", "cache-redis")]
