"""States and plans of Terraform and OpenTofu."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.document import Document, Unreadable, decode
from devenv.model.fact import Evidence, Fact, Note, Precision, Status, Trust
from devenv.sources import terraform
from devenv.sources.known import Known
from devenv.sources.registry import source_of
from devenv.sources.terraform_tables import READ, SERVICES

KNOWN = Known(
    {"redis": "redis", "postgres": "postgres", "bitnami/postgresql": "postgres"},
    {"postgresql": [("14.0.0", "16.1"), ("14.2.3", "16.2.0")]},
)
DB = {"identifier": "shop", "engine": "postgres", "engine_version": "15", "engine_version_actual": "15.4"}
Values = dict[str, Any]


def instance(values: Values, **more: Any) -> Values:
    return {"schema_version": 1, "attributes": values, "sensitive_attributes": [], **more}


def resource(kind: str, *instances: Values, **more: Any) -> Values:
    return {"mode": "managed", "type": kind, "name": "main", "instances": list(instances), **more}


def state(*resources: Values, version: int = 4) -> Values:
    return {
        "version": version,
        "terraform_version": "1.11.4",
        "serial": 1,
        "lineage": "x",
        "resources": list(resources),
    }


def document(value: Any) -> Document:
    return decode("prod.json", json.dumps(value).encode(), day="2026-11-23", keep=terraform.kept)


def parsed(*values: Any) -> tuple[tuple[Fact, ...], tuple[Note, ...]]:
    documents = [document(value) for value in values]
    assert [source and source.name for source in map(source_of, documents)] == ["terraform-state"] * len(values)
    reading = terraform.parse(documents, KNOWN)
    return reading.facts, reading.notes


def told(*values: Any) -> list[tuple[str, str, str, str]]:
    return [(fact.kind, fact.version, fact.name, fact.evidence.address) for fact in parsed(*values)[0]]


def one(kind: str, values: Values, *others: Values) -> Fact:
    (fact,), _ = parsed(state(resource(kind, instance(values)), *others))
    return fact


def shown(*resources: Values, children: list[Values] | None = None) -> Values:
    return {"root_module": {"resources": list(resources), "child_modules": children or []}}


def entry(address: str, values: Values, **more: Any) -> Values:
    return {"address": address, "type": address.split(".")[-2], "mode": "managed", "values": values, **more}


def test_a_state() -> None:
    assert one("aws_db_instance", DB) == Fact(
        "postgres",
        Evidence("terraform-state", "prod.json", "aws_db_instance.main", "engine_version_actual", "2026-11-23"),
        "15.4",
        Precision.PATCH,
        name="shop",
        trust=Trust.RECORDED,
    )


def test_what_was_configured_where_nothing_was_seen() -> None:
    """As states of the provider's version 2 have it."""
    fact = one("aws_db_instance", {**DB, "engine_version_actual": None})
    assert (fact.version, fact.precision, fact.trust, fact.evidence.attribute) == (
        "15",
        "series",
        Trust.CONFIGURED,
        "engine_version",
    )


def test_addresses_are_terraforms_own() -> None:
    many = [instance(DB, index_key=0), instance(DB, index_key="blue"), instance(DB, deposed="1234")]
    nested = resource("aws_db_instance", *many, module='module.a["eu"].module.b[0]', mode="data")
    assert [address for *_, address in told(state(nested))] == [
        'module.a["eu"].module.b[0].data.aws_db_instance.main[0]',
        'module.a["eu"].module.b[0].data.aws_db_instance.main["blue"]',
    ]


def test_what_terraform_show_prints() -> None:
    deep = {"resources": [entry("module.a.module.b.aws_db_instance.x", DB)]}
    value = shown(entry("aws_db_instance.main", DB), children=[{"resources": [], "child_modules": [deep]}])
    assert told({"format_version": "1.0", "terraform_version": "1.11.4", "values": value}) == [
        ("postgres", "15.4", "shop", "aws_db_instance.main"),
        ("postgres", "15.4", "shop", "module.a.module.b.aws_db_instance.x"),
    ]
    assert told({"format_version": "1.0"}) == []


def plan(before: Values | None, after: Values, actions: list[str], **more: Any) -> Values:
    prior = {"prior_state": {"format_version": "1.0", "values": shown(entry("aws_db_instance.main", before))}}
    change = {
        "address": "aws_db_instance.main",
        "type": "aws_db_instance",
        "change": {"actions": actions, "after": after},
    }
    head = {"format_version": "1.2", "planned_values": shown(entry("aws_db_instance.main", after)), "variables": {}}
    return {**head, "resource_changes": [change], **(prior if before else {}), **more}


def test_a_plan_to_upgrade() -> None:
    """What was seen of the old version stands beside the new one; the truth is the state before."""
    after = {**DB, "engine_version": "16.3"}
    facts, _ = parsed(plan(DB, after, ["update"]))
    assert [(fact.version, fact.status) for fact in facts] == [("15.4", Status.ACTUAL), ("16.3", Status.PLANNED)]


def test_a_plan_of_something_else() -> None:
    facts, _ = parsed(plan(DB, {**DB, "allocated_storage": 5}, ["update"]))
    assert [(fact.version, fact.status) for fact in facts] == [("15.4", Status.ACTUAL)]


def test_a_plan_to_create() -> None:
    facts, _ = parsed(plan(None, {**DB, "engine_version": "15.4"}, ["create"]))
    assert [(fact.version, fact.status, fact.note) for fact in facts] == [
        ("15.4", Status.PLANNED, "a plan will make it")
    ]


def test_drift_that_a_refresh_saw() -> None:
    drift = {"address": "aws_db_instance.main", "type": "aws_db_instance"}
    drift["change"] = {"actions": ["update"], "after": {**DB, "engine_version_actual": "15.5"}}  # type: ignore[assignment]
    facts, _ = parsed(plan(DB, DB, ["no-op"], resource_drift=[drift]))
    assert [(fact.version, fact.status) for fact in facts] == [("15.5", Status.ACTUAL)]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (
            {"encryption_version": "v0", "meta": {}},
            "is an encrypted state of OpenTofu: give 'tofu state pull' or 'tofu show -json'",
        ),
        (state(version=3), "is a state of version 3, not 4: let a newer Terraform write it first"),
        (state(version=5), "is a state of version 5, not 4: a newer devenv may read it"),
        (
            {"format_version": "2.0", "values": {}},
            "has format_version 2.0, which this devenv cannot read: a newer one may",
        ),
    ],
)
def test_what_cannot_be_read(value: Values, said: str) -> None:
    assert parsed(value) == ((), (Note(said, "prod.json", failed=True),))


def test_groups_of_parameters_are_joined_by_name() -> None:
    parameters = [
        {"name": "timezone", "value": "UTC", "apply_method": "immediate"},
        {"name": "max_connections", "value": "LEAST({DBInstanceClassMemory/9531392},5000)"},
        {"name": "jit", "value": "0"},
        {"name": "primary_conninfo", "value": "password=c4n4ry"},
    ]
    group = resource("aws_db_parameter_group", instance({"name": "pg", "parameter": parameters}))
    other = resource(
        "aws_db_parameter_group", instance({"name": "other", "parameter": [{"name": "jit", "value": "1"}]})
    )
    fact = one("aws_db_instance", {**DB, "parameter_group_name": "pg"}, other, group)
    assert fact.settings == {"jit": "0", "timezone": "UTC"}


def test_a_cluster_and_its_members() -> None:
    cluster = {"cluster_identifier": "c", "engine": "aurora-mysql", "engine_version_actual": "8.0.mysql_aurora.3.04.0"}
    member = {**cluster, "identifier": "c-1"}
    facts, _ = parsed(
        state(resource("aws_rds_cluster", instance(cluster)), resource("aws_rds_cluster_instance", instance(member)))
    )
    assert [(fact.kind, fact.version, fact.name, fact.part_of) for fact in facts] == [
        ("mysql", "8.0.28", "c", ""),
        ("mysql", "8.0.28", "c-1", "c"),
    ]
    replica = one("aws_db_instance", {**DB, "replicate_source_db": "arn:aws:rds:eu-west-1:1:db:shop"})
    assert replica.part_of == "shop"


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        ("aws_elasticache_replication_group", {"engine_version": "7.0"}, ("redis", "7.0")),
        ("aws_elasticache_cluster", {"engine": "memcached", "engine_version": "1.6.22"}, ("memcached", "1.6.22")),
        ("aws_elasticache_serverless_cache", {"engine": "valkey", "major_engine_version": "8"}, ("valkey", "8")),
        ("aws_memorydb_cluster", {"engine_version": "7.1", "engine_patch_version": "7.1.1"}, ("redis", "7.0")),
        ("aws_mq_broker", {"engine_type": "RabbitMQ", "engine_version": "3.13"}, ("rabbitmq", "3.13")),
        ("aws_mq_broker", {"engine_type": "ACTIVEMQ", "engine_version": "5.18"}, ("activemq", "5.18")),
        ("aws_msk_cluster", {"kafka_version": "3.7.x.kraft"}, ("kafka", "3.7")),
        ("aws_msk_serverless_cluster", {}, ("kafka", "")),
        ("aws_opensearch_domain", {"engine_version": "OpenSearch_2.11"}, ("opensearch", "2.11")),
        ("aws_opensearch_domain", {"engine_version": "Elasticsearch_7.10"}, ("elasticsearch", "7.10")),
        ("aws_elasticsearch_domain", {"elasticsearch_version": "7.10"}, ("elasticsearch", "7.10")),
        ("aws_docdb_cluster", {"engine_version": "5.0.0"}, ("documentdb", "5.0.0")),
        ("google_sql_database_instance", {"database_version": "POSTGRES_15"}, ("postgres", "15")),
        (
            "google_sql_database_instance",
            {"database_version": "POSTGRES_14", "maintenance_version": "POSTGRES_14_4.R20220710.01_07"},
            ("postgres", "14.4"),
        ),
        ("google_sql_database_instance", {"database_version": "MYSQL_8_0_31"}, ("mysql", "8.0.31")),
        ("google_redis_instance", {"redis_version": "REDIS_6_X"}, ("redis", "6")),
        ("google_redis_cluster", {}, ("redis", "")),
        ("google_memorystore_instance", {"engine_version": "VALKEY_8_0"}, ("valkey", "8.0")),
        ("google_memcache_instance", {"memcache_version": "MEMCACHE_1_5"}, ("memcached", "1.5")),
        ("google_alloydb_cluster", {"database_version": "POSTGRES_15"}, ("postgres", "15")),
        ("azurerm_postgresql_flexible_server", {"version": "15"}, ("postgres", "15")),
        ("azurerm_mysql_flexible_server", {"version": "8.0.21"}, ("mysql", "8.0")),
        ("azurerm_redis_cache", {"redis_version": "6"}, ("redis", "6")),
        ("digitalocean_database_cluster", {"engine": "pg", "version": "15"}, ("postgres", "15")),
        ("aiven_pg", {"pg_user_config": [{"pg_version": "16"}]}, ("postgres", "16")),
        ("render_postgres", {"version": "16"}, ("postgres", "16")),
        ("mongodbatlas_cluster", {"mongo_db_version": "7.0.12"}, ("mongodb", "7.0.12")),
        ("cloudamqp_instance", {"rmq_version": "3.13.2"}, ("rabbitmq", "3.13.2")),
        ("neon_project", {"pg_version": 16}, ("postgres", "16")),
        ("heroku_addon", {"plan": "heroku-postgresql:standard-0", "config": {"version": "15"}}, ("postgres", "15")),
        ("heroku_addon", {"plan": "heroku-postgresql:essential-0"}, ("postgres", "")),
        ("helm_release", {"chart": "postgresql", "version": "14.2.3"}, ("postgres", "16.2")),
        (
            "helm_release",
            {"chart": "postgresql", "version": "14.2.3", "metadata": [{"app_version": "16.4.0", "values": "c4n4ry"}]},
            ("postgres", "16.4"),
        ),
        (
            "aws_ecs_task_definition",
            {"container_definitions": '[{"image": "redis:7.0.15", "environment": [{"value": "c4n4ry"}]}]'},
            ("redis", "7.0.15"),
        ),
        (
            "kubernetes_stateful_set_v1",
            {"spec": [{"template": [{"spec": [{"container": [{"image": "postgres:15.4"}]}]}]}]},
            ("postgres", "15.4"),
        ),
    ],
)
def test_providers(kind: str, values: Values, expected: tuple[str, str]) -> None:
    fact = one(kind, values)
    assert (fact.kind, fact.version) == expected
    assert (fact.status is Status.UNKNOWN) == (expected[1] == "")
    assert "c4n4ry" not in repr(fact)


def test_settings_of_other_clouds() -> None:
    flags = {"settings": [{"database_flags": [{"name": "jit", "value": "off"}, {"name": "cloudsql.x", "value": "1"}]}]}
    assert one("google_sql_database_instance", {"database_version": "POSTGRES_15", **flags}).settings == {"jit": "off"}
    azure = {
        "redis_version": "6",
        "redis_configuration": [{"maxmemory_policy": "noeviction", "primary_access_key": "c4n4ry"}],
    }
    assert one("azurerm_redis_cache", azure).settings == {"maxmemory-policy": "noeviction"}
    single = resource(
        "azurerm_postgresql_flexible_server_configuration", instance({"server_id": "/x", "name": "jit", "value": "off"})
    )
    assert one("azurerm_postgresql_flexible_server", {"id": "/x", "version": "15"}, single).settings == {"jit": "off"}
    broker = {"engine_type": "RabbitMQ", "engine_version": "3.13", "configuration": [{"id": "c-1", "revision": 2}]}
    text = resource("aws_mq_configuration", instance({"id": "c-1", "data": "consumer_timeout = 900000\nx = y\n"}))
    assert one("aws_mq_broker", broker, text).settings == {"consumer_timeout": "900000"}


def test_no_secret_comes_out() -> None:
    secret = dict.fromkeys(
        ["password", "master_password", "auth_token", "username", "endpoint", "user", "connection"], "c4n4ry"
    )
    for kind in SERVICES:
        values = {**secret, "engine": "postgres", "engine_version": "15.4", "version": "15", "user": [secret]}
        facts, notes = parsed(state(resource(kind, instance(values))))
        assert "c4n4ry" not in f"{facts}{notes}"
    assert "c4n4ry" not in repr(parsed(plan(DB, DB, ["no-op"], variables={"password": {"value": "c4n4ry"}})))


def test_resources_that_nobody_reads_are_not_kept() -> None:
    whole = document(
        state(resource("aws_iam_policy", instance({"policy": "x" * 100})), resource("aws_db_instance", instance(DB)))
    )
    assert whole.value["resources"][0] == {"type": "aws_iam_policy"}
    assert whole.value["resources"][1]["instances"][0]["attributes"] == DB


SHAPES: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(sorted(READ)),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "resources",
                    "instances",
                    "attributes",
                    "type",
                    "values",
                    "root_module",
                    "child_modules",
                    "change",
                    "after",
                    "engine",
                    "version",
                    "configuration",
                    "metadata",
                    "mode",
                    "settings",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


@given(
    st.dictionaries(
        st.sampled_from(["resources", "values", "planned_values", "prior_state", "resource_changes", "resource_drift"]),
        SHAPES,
    ),
    st.sampled_from([{"version": 4, "lineage": "x"}, {"format_version": "1.2"}]),
)
def test_whatever_the_shape(value: Values, head: Values) -> None:
    try:
        made = document({**value, **head})
    except Unreadable:
        return
    terraform.recognises(made)
    terraform.parse([made], KNOWN)


def test_the_runtime_of_a_function() -> None:
    """One in an image of its own has none, and that is nothing to speak of."""
    fact = one(
        "aws_lambda_function", {"function_name": "api", "runtime": "python3.12", "environment": [{"variables": {}}]}
    )
    assert (fact.kind, fact.version, fact.name) == ("python", "3.12", "api")
    own = instance({"function_name": "own", "package_type": "Image", "runtime": ""})
    assert parsed(state(resource("aws_lambda_function", own))) == ((), ())


@pytest.mark.parametrize("mode", [{"enum": ["a"]}, ["managed"], 1, None, True])
def test_a_mode_that_is_not_a_resources(mode: Any) -> None:
    """A JSON Schema has tables under any name; a resource's ``mode`` is text."""
    made = {"properties": {"mode": mode, "type": "aws_db_instance"}}
    assert document(made).value == made
