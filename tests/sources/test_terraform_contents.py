"""Resources that hold something of another family."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.document import decode
from devenv.model.fact import Evidence, Fact, Note, Precision, Reading, Status, Trust
from devenv.sources import terraform
from devenv.sources.known import Known
from devenv.sources.terraform_tables import CONTAINERS, MANIFESTS

KNOWN = Known(
    {"redis": "redis", "postgres": "postgres", "bitnami/postgresql": "postgres"},
    {"postgresql": [("14.0.0", "16.1.0"), ("14.2.3", "16.2.0")]},
)
Values = dict[str, Any]


def read(*each: tuple[str, Any]) -> Reading:
    resources = [
        {"mode": "managed", "type": kind, "name": f"r{index}", "instances": [{"attributes": values}]}
        for index, (kind, values) in enumerate(each)
    ]
    value = {"version": 4, "lineage": "x", "resources": resources}
    document = decode("x.tfstate", json.dumps(value).encode(), keep=terraform.kept, day="2026-11-23")
    reading = terraform.parse([document], KNOWN)
    assert "c4n4ry" not in repr(reading)
    return reading


def evidence(address: str, attribute: str) -> Evidence:
    return Evidence("terraform-state", "x.tfstate", address, attribute, "2026-11-23")


def test_containers_of_ecs() -> None:
    containers = [
        {"name": "app", "image": "acme/app:1"},
        {"name": "cache", "image": "redis:7.0.15", "environment": [{"name": "P", "value": "c4n4ry"}], "command": ["--appendonly", "yes"]},
        {"name": "migrate", "image": "postgres:15.4", "entryPoint": ["psql"]},
    ]  # fmt: skip
    assert read(("aws_ecs_task_definition", {"container_definitions": json.dumps(containers)})).facts == (
        Fact(
            "redis",
            evidence("aws_ecs_task_definition.r0", "container_definitions[1].image"),
            "7.0.15",
            Precision.PATCH,
            name="cache",
            settings={"appendonly": "yes"},
            trust=Trust.CONFIGURED,
        ),
    )


@pytest.mark.parametrize("text", ["{c4n4ry", "5", "{}"])
def test_containers_that_are_none(text: str) -> None:
    said = Note("its containers cannot be read", "x.tfstate", address="aws_ecs_task_definition.r0", failed=True)
    assert read(("aws_ecs_task_definition", {"container_definitions": text})) == Reading(notes=(said,))


@pytest.mark.parametrize("kind", sorted(CONTAINERS))
def test_containers_of_kubernetes(kind: str) -> None:
    values: Any = [{"image": "postgres:15.4", "args": ["-c", "jit=off"], "env": [{"value": "c4n4ry"}]}]
    path = CONTAINERS[kind].split(".")
    for part in reversed(path):
        values = [values] if part.isdecimal() else {part: values}
    (fact,) = read((kind, {**values, "metadata": [{"name": "db"}]})).facts
    assert (fact.kind, fact.version, fact.name, dict(fact.settings)) == ("postgres", "15.4", "db", {"jit": "off"})
    assert fact.evidence.attribute.endswith("container[0].image")


def test_objects_of_kubernetes_are_read_together() -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"password": "c4n4ry"}}
    volumes = [{"name": "conf", "configMap": {"name": "conf"}}]
    container = {"image": "redis:7.0.15", "volumeMounts": [{"name": "conf", "mountPath": "/etc/redis"}]}
    cache = {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "cache"},
        "spec": {"template": {"spec": {"containers": [container], "volumes": volumes}}},
    }
    text = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\n"
        "data: {redis.conf: 'maxmemory-policy noeviction\n\n  requirepass c4n4ry'}\n"
    )
    reading = read(
        ("kubernetes_manifest", {"manifest": secret}),
        ("kubernetes_manifest", {"manifest": cache}),
        ("kubectl_manifest", {"yaml_body": text}),
        ("kubectl_manifest", {"yaml_body": "a: [c4n4ry"}),
    )
    assert reading.facts == (
        Fact(
            "redis",
            evidence("kubernetes_manifest.r1", "spec.template.spec.containers[0].image"),
            "7.0.15",
            Precision.PATCH,
            name="cache",
            settings={"maxmemory-policy": "noeviction"},
            trust=Trust.CONFIGURED,
            setting_evidence={"maxmemory-policy": evidence("kubectl_manifest.r2", "data.redis.conf")},
        ),
    )
    said = Note("its manifest is no valid YAML", "x.tfstate", address="kubectl_manifest.r3", failed=True)
    assert reading.notes == (said,)


RELEASE = {"name": "db", "chart": "postgresql", "version": "14.2.3", "repository": "https://charts.bitnami.com/bitnami"}


@pytest.mark.parametrize(
    ("values", "version", "attribute", "trust"),
    [
        ({}, "16.2", "version", Trust.CONFIGURED),
        ({"chart": "oci://registry-1.docker.io/bitnamicharts/postgresql", "repository": None}, "16.2", "version", Trust.CONFIGURED),
        ({"metadata": [{"app_version": "16.4.0", "values": "c4n4ry"}]}, "16.4", "metadata[0].app_version", Trust.RECORDED),
        ({"metadata": {"app_version": "16.4.0"}}, "16.4", "metadata[0].app_version", Trust.RECORDED),
        ({"values": ["image: {tag: 15.3.0}\nauth: {password: c4n4ry}", "image: {tag: 15.4.0}"]}, "15.4", "image.tag", Trust.CONFIGURED),
        ({"values": ["image: {tag: 15.4.0}"], "set": [{"name": "image.tag", "value": "15.5.0"}]}, "15.5", "image.tag", Trust.CONFIGURED),
        ({"metadata": [{"app_version": "16.4.0", "values": '{"image": {"tag": "15.4.0"}, "auth": "c4n4ry"}'}]}, "15.4", "image.tag", Trust.CONFIGURED),
    ],
)  # fmt: skip
def test_releases_of_charts(values: Values, version: str, attribute: str, trust: Trust) -> None:
    (fact,) = read(("helm_release", {**RELEASE, **values})).facts
    assert (fact.kind, fact.version, fact.name) == ("postgres", version, "db")
    assert (fact.evidence.attribute, fact.trust) == (attribute, trust)


def test_values_that_are_none() -> None:
    reading = read(
        ("helm_release", {**RELEASE, "values": ["c4n4ry: ["]}), ("helm_release", {"chart": "app", "values": ["["]})
    )
    assert [str(note) for note in reading.notes] == ["x.tfstate: helm_release.r0: its values are no valid YAML"]
    assert [fact.version for fact in reading.facts] == ["16.2"]


def test_addons_of_heroku() -> None:
    reading = read(
        (
            "heroku_addon",
            {"name": "a", "plan": "heroku-postgresql:standard-0", "config": {"version": "15", "x": "c4n4ry"}},
        ),
        ("heroku_addon", {"name": "b", "plan": "heroku-redis:mini", "config": {"version": "7.2"}}),
        ("heroku_addon", {"name": "c", "plan": "heroku-postgresql:essential-0", "config_var_values": {"U": "c4n4ry"}}),
        ("heroku_addon", {"name": "d", "plan": "scheduler:standard"}),
    )
    once = "the version to create it with: it may have been upgraded since"
    assert [(f.kind, f.version, f.name, f.status, f.note, f.evidence.attribute) for f in reading.facts] == [
        ("postgres", "15", "a", Status.ACTUAL, once, "config.version"),
        ("valkey", "7.2", "b", Status.ACTUAL, once, "config.version"),
        ("postgres", "", "c", Status.UNKNOWN, "a plan states no version: ask the server itself", "plan"),
    ]
    assert {fact.trust for fact in reading.facts} == {Trust.CONFIGURED}


ANYTHING: Any = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.sampled_from(["postgres:15", "[{}]", "a: [", "{}"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["image", "name", "value", "tag", "kind", "apiVersion", "spec", "plan"]), inner
        )
    ),
    max_leaves=15,
)
KINDS = ["aws_ecs_task_definition", "helm_release", "heroku_addon", *CONTAINERS, *MANIFESTS]
KEYS = [
    "container_definitions",
    "chart",
    "version",
    "metadata",
    "values",
    "set",
    "plan",
    "config",
    "spec",
    "manifest",
    "yaml_body",
]


@given(st.sampled_from(KINDS), st.dictionaries(st.sampled_from(KEYS), ANYTHING))
def test_whatever_the_shape(kind: str, values: Values) -> None:
    read((kind, values))


def test_services_below_an_applications_own_chart() -> None:
    values = "postgresql:\n  image: {repository: bitnami/postgresql, tag: 15.4.0}\n  auth: {password: c4n4ry}\n"
    reading = read(("helm_release", {"name": "app", "chart": "./charts/app", "version": "1.0.0", "values": [values]}))
    assert [(fact.kind, fact.version, fact.name, fact.evidence.attribute) for fact in reading.facts] == [
        ("postgres", "15.4", "postgresql", "values.postgresql.image")
    ]
    assert "c4n4ry" not in repr(reading)
