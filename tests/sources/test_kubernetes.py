from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.document import Document, decode
from devenv.model.fact import Evidence, Fact, Note, Precision, Status, Trust
from devenv.sources.known import Known
from devenv.sources.kubernetes import parse, recognises
from devenv.sources.kubernetes_objects import objects_in
from devenv.stages.bring_together import folded

DAY = "2026-11-24"
PATCH, MINOR, SERIES, NONE = Precision.PATCH, Precision.MINOR, Precision.SERIES, Precision.NONE
KNOWN = Known(
    {
        "postgres": "postgres",
        "bitnami/postgresql": "postgres",
        "mysql": "mysql",
        "redis": "redis",
        "rabbitmq": "rabbitmq",
        "apache/kafka": "kafka",
        "memcached": "memcached",
    },
    {"postgresql": (("14.0.3", "16.2.0"),)},
)
KINDS = [
    "Pod", "StatefulSet", "List", "Secret", "ConfigMap", "Cluster", "postgresql", "Kafka", "RabbitmqCluster", "Database",
    "HelmRelease", "Application", "Kustomization", "ImageCatalog", "Redis", "RedisFailover", "PerconaPGCluster", "MariaDB",
]  # fmt: skip
GROUPS = [
    "v1", "apps/v1", "postgresql.cnpg.io/v1", "acid.zalan.do/v1", "kafka.strimzi.io/v1", "rabbitmq.com/v1beta1",
    "helm.toolkit.fluxcd.io/v2", "argoproj.io/v1alpha1", "kustomize.config.k8s.io/v1beta1",
    "redis.redis.opstreelabs.in/v1beta2", "databases.spotahome.com/v1", "pgv2.percona.com/v2", "k8s.mariadb.com/v1alpha1",
]  # fmt: skip
KEYS = [
    "metadata", "spec", "status", "items", "template", "containers", "image", "args", "command", "name", "namespace",
    "volumes", "volumeMounts", "configMap", "subPath", "mountPath", "data", "labels", "ownerReferences", "kind", "images",
    "newTag", "resources", "chart", "source", "sources", "helm", "values", "valuesObject", "parameters", "version",
    "postgresql", "kafka", "config", "imageName", "imageCatalogRef", "major", "extensions", "rabbitmq", "replicas",
    "additionalPlugins", "bootstrap", "initdb", "postInitSQL", "redis", "customConfig", "preparedDatabases", "history",
]  # fmt: skip
LEAVES = [
    "postgres:16.3",
    "redis:$A",
    "StatefulSet",
    "db",
    "a: b",
    "create extension x",
    "14.2.3",
    "postgresql",
    "true",
]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(LEAVES),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=25,
)
OBJECTS = st.builds(
    lambda group, kind, rest: {
        **(rest if isinstance(rest, dict) else {"spec": rest}),
        "apiVersion": group,
        "kind": kind,
    },
    st.sampled_from(GROUPS) | ANYTHING,
    st.sampled_from(KINDS) | ANYTHING,
    ANYTHING,
)


def yaml(text: str, file: str = "k8s/all.yaml") -> Document:
    return decode(file, text.encode(), day=DAY)


def asked(value: Any, file: str = "kubectl get all -o json") -> Document:
    return decode(file, json.dumps(value).encode(), asked=True, day=DAY)


def mounted(address: str, key: str, *names: str) -> dict[str, Evidence]:
    """The evidence of settings that stand in a mounted file."""
    return dict.fromkeys(names, Evidence("kubernetes", "k8s/all.yaml", address, f"data.{key}", DAY))


def fact(kind: str, version: str, precision: Precision, address: str, attribute: str, **more: Any) -> Fact:
    more.setdefault("status", Status.ACTUAL if version else Status.UNKNOWN)
    more.setdefault("trust", Trust.RENDERED)
    more.setdefault("name", address.rpartition("/")[2])
    evidence = Evidence("kubernetes", more.pop("file", "k8s/all.yaml"), address, attribute, DAY)
    return Fact(kind, evidence, version, precision, **more)


IMAGE = "spec.template.spec.containers[0].image"


def test_workloads_with_their_mounted_files() -> None:
    document = yaml("""
apiVersion: v1
kind: Secret
metadata: {name: db}
stringData: {POSTGRES_PASSWORD: canary1, image: "postgres:canary2"}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: conf, namespace: prod}
data:
  postgresql.conf: |
    max_connections = 300
    jit = on
    primary_conninfo = 'password=canary3'
  pg_hba.conf: "host all all canary4"
  app.env: "DATABASE_URL=postgres://me:canary5@db/app"
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: prod}
spec:
  replicas: 2
  template:
    spec:
      initContainers: [{name: wait, image: "redis:5"}]
      containers:
        - name: db
          image: postgres:16.3-alpine
          args: [-c, config_file=/etc/postgresql/postgresql.conf, -c, jit=off]
          env: [{name: POSTGRES_PASSWORD, value: canary6}]
          volumeMounts: [{name: conf, mountPath: /etc/postgresql}]
        - {name: exporter, image: "quay.io/prometheuscommunity/postgres-exporter:v0.15"}
        - {name: again, image: "postgres:16.3-alpine"}
      volumes: [{name: conf, configMap: {name: conf}}]
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: backup}
spec: {jobTemplate: {spec: {template: {spec: {containers: [{image: "postgres:15"}]}}}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec: {template: {spec: {containers: [{image: "acme/web:1"}, {image: "memcached:1.6.26", args: ["-I", "2m"]}]}}}
""")
    assert recognises(document)
    reading = parse([document], KNOWN)
    assert reading.facts == (
        fact(
            "postgres", "16.3", PATCH, "prod/StatefulSet/db", IMAGE, variant="alpine",
            settings={"jit": "off", "max_connections": "300"},
            setting_evidence=mounted("prod/ConfigMap/conf", "postgresql.conf", "max_connections"),
        ),
        fact(
            "memcached", "1.6.26", PATCH, "Deployment/web", "spec.template.spec.containers[1].image",
            settings={"max_item_size": "2m"},
        ),
    )  # fmt: skip
    assert (reading.notes, reading.wants) == ((), ())
    assert "canary" not in repr(reading)


def test_files_of_other_servers() -> None:
    document = yaml("""
apiVersion: v1
kind: ConfigMap
metadata: {name: rabbit}
data:
  enabled_plugins: "[rabbitmq_management,rabbitmq_stomp]."
  rabbitmq.conf: "consumer_timeout = 60000\\ndefault_pass = canary"
---
apiVersion: v1
kind: ConfigMap
metadata: {name: other}
data: {settings: "[mysqld]\\nsql_mode = ANSI", unmounted: "[mysqld]\\nlocal_infile = 1", redis.conf: "appendonly yes", sentinel.conf: "timeout 5"}
---
apiVersion: v1
kind: Pod
metadata: {name: queue}
spec:
  containers: [{image: "rabbitmq:3.13.7", volumeMounts: [{name: c, mountPath: /etc/rabbitmq}]}]
  volumes: [{name: c, projected: {sources: [{configMap: {name: rabbit}}, {secret: {name: x}}]}}]
---
apiVersion: v1
kind: Pod
metadata: {name: my}
spec:
  containers: [{image: "mysql:8.0.36", volumeMounts: [{name: c, mountPath: /etc/mysql/conf.d/my.cnf, subPath: my.cnf}]}]
  volumes:
    - {name: c, configMap: {name: other, items: [{key: settings, path: my.cnf}, {key: unmounted, path: z.cnf}]}}
---
apiVersion: v1
kind: Pod
metadata: {name: cache}
spec:
  containers: [{image: "redis:7.2.4", volumeMounts: [{name: c, mountPath: /etc/redis}, {name: gone, mountPath: /x}]}]
  volumes: [{name: c, configMap: {name: other}}]
""")
    reading = parse([document], KNOWN)
    image = "spec.containers[0].image"
    assert reading.facts == (
        fact(
            "rabbitmq", "3.13.7", PATCH, "Pod/queue", image, settings={"consumer_timeout": "60000"},
            setting_evidence=mounted("ConfigMap/rabbit", "rabbitmq.conf", "consumer_timeout"),
            plugins=("rabbitmq_management", "rabbitmq_stomp"),
        ),
        fact(
            "mysql", "8.0.36", PATCH, "Pod/my", image, settings={"sql_mode": "ANSI"},
            setting_evidence=mounted("ConfigMap/other", "settings", "sql_mode"),
        ),
        fact(
            "redis", "7.2.4", PATCH, "Pod/cache", image, settings={"appendonly": "yes"},
            setting_evidence=mounted("ConfigMap/other", "redis.conf", "appendonly"),
        ),
    )  # fmt: skip
    assert "canary" not in repr(reading)


def test_what_a_cluster_answers_and_pods_that_are_part_of_their_workload() -> None:
    def owned(kind: str, name: str) -> dict[str, Any]:
        return {"ownerReferences": [{"kind": kind, "name": name, "controller": True}]}

    def template(image: str) -> dict[str, Any]:
        return {"template": {"spec": {"containers": [{"image": image}]}}}

    def item(kind: str, name: str, spec: Any, **metadata: Any) -> dict[str, Any]:
        return {
            "kind": kind,
            "apiVersion": "apps/v1",
            "metadata": {"name": name, "namespace": "prod", **metadata},
            "spec": spec,
        }

    pod = {"containers": [{"image": "redis:7.2.4", "env": [{"name": "P", "value": "canary"}]}]}
    value = {
        "apiVersion": "v1",
        "kind": "List",
        "items": [
            item("Deployment", "cache", template("redis:7.2.4")),
            item("ReplicaSet", "cache-aaa", {"replicas": 0, **template("redis:6.0")}, **owned("Deployment", "cache")),
            item("ReplicaSet", "cache-bbb", {"replicas": 1, **template("redis:7.2.4")}, **owned("Deployment", "cache")),
            item("Pod", "cache-bbb-x", pod, **owned("ReplicaSet", "cache-bbb")),
            item("Pod", "fast-ccc-y", pod, **owned("ReplicaSet", "fast-ccc")),
            item("Pod", "migrate-z", pod, **owned("Job", "migrate")),
            item("Pod", "db-1", {"containers": [{"image": "postgres:16.3"}]}, labels={"cnpg.io/cluster": "db"}),
            {"kind": "Secret", "data": {"image": "canary"}},
            "nonsense",
        ],
    }
    document = asked(value)
    assert recognises(document)
    reading = parse([document], KNOWN)
    where: dict[str, Any] = {"file": "kubectl get all -o json", "trust": Trust.ASKED}
    image = "spec.containers[0].image"
    assert reading.facts == (
        fact("redis", "7.2.4", PATCH, "prod/Deployment/cache", IMAGE, **where),
        fact("redis", "7.2.4", PATCH, "prod/ReplicaSet/cache-bbb", IMAGE, part_of="cache", **where),
        fact("redis", "7.2.4", PATCH, "prod/Pod/cache-bbb-x", image, part_of="cache", **where),
        fact("redis", "7.2.4", PATCH, "prod/Pod/fast-ccc-y", image, part_of="fast", **where),
        fact("postgres", "16.3", PATCH, "prod/Pod/db-1", image, part_of="db", **where),
    )
    assert "canary" not in repr(reading)
    assert [(item.kind, item.name) for item in folded(reading.facts)] == [
        ("redis", "cache"),
        ("redis", "fast"),
        ("postgres", "db"),
    ]


def test_who_is_asked_and_who_only_renders() -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "a"},
        "spec": {"containers": [{"image": "redis:7.2.4"}]},
    }
    live = {**pod, "metadata": {"name": "a", "uid": "1-2-3"}}

    def trust(document: Document) -> Trust:
        return parse([document], KNOWN).facts[0].trust

    assert trust(asked(pod)) == Trust.ASKED
    assert trust(decode("saved.json", json.dumps({"kind": "List", "items": [pod]}).encode())) == Trust.ASKED
    assert trust(decode("saved.json", json.dumps({"kind": "PodList", "items": [pod]}).encode())) == Trust.ASKED
    assert trust(decode("saved.yaml", json.dumps(live).encode())) == Trust.ASKED
    assert trust(decode("pod.json", json.dumps(pod).encode())) == Trust.RENDERED
    rendered = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{image: 'redis:7.2.4'}]}"
    assert trust(decode("helm template", rendered.encode(), asked=True)) == Trust.RENDERED


def test_lists_of_the_api_say_only_once_what_they_hold() -> None:
    item = {"metadata": {"name": "db"}, "spec": {"template": {"spec": {"containers": [{"image": "postgres:16.3"}]}}}}
    found = parse([asked({"kind": "StatefulSetList", "apiVersion": "apps/v1", "items": [item]})], KNOWN).facts
    assert [(item.kind, item.evidence.address) for item in found] == [("postgres", "StatefulSet/db")]
    mixed = {"kind": "List", "items": [{"kind": "Secret"}, {"kind": "Pod"}]}
    assert [item.kind for item in objects_in([asked(mixed), asked({"kind": "Secret"})])] == ["Pod"]
    secret = {"kind": "SecretList", "apiVersion": "v1", "items": [{**item, "kind": "StatefulSet"}]}
    assert parse([asked(secret)], KNOWN).facts == ()


def test_variables_and_what_does_not_run() -> None:
    document = yaml("""
apiVersion: apps/v1
kind: Deployment
metadata: {name: cache}
spec: {template: {spec: {containers: [{image: "redis:${REDIS_TAG}"}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec: {template: {spec: {containers: [{image: "acme/web:${TAG}"}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: default}
spec: {template: {spec: {containers: [{image: "redis:${REDIS_TAG:=7.2.4}"}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: off}
spec: {replicas: 0, template: {spec: {containers: [{image: "redis:6"}]}}}
---
apiVersion: v1
kind: Pod
metadata: {name: test, annotations: {"helm.sh/hook": test}}
spec: {containers: [{image: "redis:6"}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: sentinel}
spec: {template: {spec: {containers: [{image: "redis:6", command: [redis-sentinel, /x]}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: sidecar}
spec: {template: {spec: {initContainers: [{image: "redis:7.4.1", restartPolicy: Always}], containers: [{image: "a/b:1"}]}}}
""")
    reading = parse([document], KNOWN)
    note = "its version is in the variable REDIS_TAG"
    assert reading.facts == (
        fact("redis", "", NONE, "Deployment/cache", IMAGE, note=note),
        fact("redis", "7.2.4", PATCH, "Deployment/default", IMAGE),
        fact("redis", "7.4.1", PATCH, "Deployment/sidecar", "spec.template.spec.initContainers[0].image"),
    )
    assert reading.notes == (
        Note(
            "the variable REDIS_TAG is not filled in, so the version is unknown",
            "k8s/all.yaml",
            address="Deployment/cache",
        ),
    )


@pytest.mark.parametrize(
    "text",
    [
        "kind: Namespace\napiVersion: v1\nmetadata: {name: x}",
        "kind: Kustomization\napiVersion: kustomize.config.k8s.io/v1beta1\nresources: []",
        "kind: Cluster\napiVersion: cluster.x-k8s.io/v1beta1\nspec: {imageName: 'postgres:16'}",
        "kind: Pod\napiVersion: v1\nspec: {containers: [x, {image: [x]}, {image: 'redis'}], volumes: x}\nmetadata: []",
    ],
)
def test_objects_without_a_service_give_next_to_nothing(text: str) -> None:
    document = yaml(text)
    assert recognises(document)
    assert [(item.kind, item.version) for item in parse([document], KNOWN).facts] in ([], [("redis", "")])


@pytest.mark.parametrize(
    "text", ["apiVersion: v2\nname: x\nversion: 1.0.0", "kind: x\nservices: {}", "- a", "resources: [a]\nprovider: x"]
)
def test_what_is_somebody_elses(text: str) -> None:
    assert not recognises(yaml(text))


def test_a_container_that_only_looks_after_the_server_is_none() -> None:
    text = """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  template:
    spec:
      containers:
        - {name: db, image: "postgres:16.3"}
        - {name: backup, image: "postgres:15.4"}
        - {name: check, image: "postgres:14.1", command: [sh, -c, "while pg_isready; do sleep 5; done"]}
"""
    assert [fact.version for fact in parse([yaml(text)], KNOWN).facts] == ["16.3"]


@given(st.lists(OBJECTS | ANYTHING, min_size=1, max_size=5))
def test_nothing_fails(values: list[Any]) -> None:
    documents = [
        Document("k8s/kustomization.yaml", "yaml", tuple(values)),
        Document("x.json", "json", (values,), asked=True),
    ]
    for document in documents:
        recognises(document)
    parse(documents, KNOWN)
