"""Services among a state's resources: what belongs together, and what cannot be told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from devenv.document import decode
from devenv.model.fact import Evidence, Fact, Note, Precision, Reading, Status, Trust
from devenv.sources import terraform
from devenv.sources.known import Known
from devenv.sources.terraform_tables import SERVICES

Values = dict[str, Any]
UNKNOWN = "its version is not stated: ask the server itself"
PG = {"identifier": "shop", "engine": "postgres", "engine_version": "15.4"}


def resource(kind: str, values: Any, name: str = "main", **more: Any) -> Values:
    return {"mode": "managed", "type": kind, "name": name, "instances": [{"attributes": values}], **more}


def states(*each: list[Values]) -> Reading:
    documents = [
        decode(
            f"{number}.tfstate",
            json.dumps({"version": 4, "lineage": "x", "resources": resources}).encode(),
            keep=terraform.kept,
        )
        for number, resources in enumerate(each)
    ]
    reading = terraform.parse(documents, Known())
    assert "c4n4ry" not in repr(reading)
    return reading


def state(*resources: Values) -> Reading:
    return states(list(resources))


def told(reading: Reading) -> list[tuple[str, str, str]]:
    return [(fact.kind, fact.name, fact.part_of) for fact in reading.facts]


def test_what_a_data_source_saw() -> None:
    values = {**PG, "identifier": None, "db_instance_identifier": "shop", "db_parameter_groups": ["pg"]}
    group = resource("aws_db_parameter_group", {"name": "pg", "parameter": [{"name": "jit", "value": "off"}]})
    assert state(resource("aws_db_instance", values, mode="data"), group).facts == (
        Fact(
            "postgres",
            Evidence("terraform-state", "0.tfstate", "data.aws_db_instance.main", "engine_version"),
            "15.4",
            Precision.PATCH,
            name="shop",
            settings={"jit": "off"},
            trust=Trust.RECORDED,
            setting_evidence={"jit": Evidence("terraform-state", "0.tfstate", "aws_db_parameter_group.main")},
        ),
    )


def test_an_unknown_version_is_said_to_be_unknown() -> None:
    assert state(resource("aws_msk_serverless_cluster", {"cluster_name": "k"})).facts == (
        Fact(
            "kafka",
            Evidence("terraform-state", "0.tfstate", "aws_msk_serverless_cluster.main"),
            name="k",
            status=Status.UNKNOWN,
            note=UNKNOWN,
            trust=Trust.CONFIGURED,
        ),
    )


@pytest.mark.parametrize("engine", [None, "", "postgres://me:c4n4ry@host/db", 5, ["postgres"]])
def test_a_database_of_no_engine_is_told(engine: Any) -> None:
    said = Note("does not say which engine it is", "0.tfstate", address="aws_db_instance.main", failed=True)
    assert state(resource("aws_db_instance", {**PG, "engine": engine})) == Reading(notes=(said,))


def test_a_cache_that_is_looked_up_may_be_of_either_engine() -> None:
    """Whoever makes one without naming the engine gets Redis; what is there says which it is, or nothing."""
    values = {"replication_group_id": "r"}
    assert [fact.kind for fact in state(resource("aws_elasticache_replication_group", values)).facts] == ["redis"]
    assert state(resource("aws_elasticache_replication_group", values, mode="data")).facts == ()


def test_members_replicas_and_regions() -> None:
    cluster = {"engine": "aurora-postgresql", "engine_version_actual": "15.4"}
    reading = state(
        resource("aws_rds_global_cluster", {**cluster, "global_cluster_identifier": "world"}),
        resource("aws_rds_cluster", {**cluster, "cluster_identifier": "eu", "global_cluster_identifier": "world"}),
        resource("aws_rds_cluster", {**cluster, "cluster_identifier": "us", "global_cluster_identifier": "elsewhere"}),
        resource("aws_rds_cluster_instance", {**cluster, "identifier": "eu-1", "cluster_identifier": "eu"}),
        resource("aws_db_instance", {**PG, "replicas": ["shop-2", "shop"]}),
        resource("aws_db_instance", {**PG, "identifier": "shop-2"}),
        resource("aws_db_instance", {**PG, "identifier": "shop-3", "replicate_source_db": "arn:aws:rds:eu:1:db:shop"}),
        resource("aws_docdb_cluster", {"cluster_identifier": "docs", "engine": "docdb"}),
        resource("aws_docdb_cluster_instance", {"identifier": "docs-1", "cluster_identifier": "docs"}),
        resource("aws_elasticache_replication_group", {"replication_group_id": "c", "member_clusters": ["c-001"]}),
        resource("aws_elasticache_cluster", {"cluster_id": "c-001", "engine": "redis"}),
        resource(
            "google_sql_database_instance", {"name": "q", "database_version": "MYSQL_8_0", "replica_names": ["r"]}
        ),
        resource("google_sql_database_instance", {"name": "r", "database_version": "MYSQL_8_0"}),
        resource(
            "azurerm_postgresql_flexible_server", {"name": "a", "version": "15", "source_server_id": "/x/servers/b"}
        ),
    )
    assert told(reading) == [
        ("postgres", "world", ""),
        ("postgres", "eu", "world"),
        ("postgres", "us", ""),
        ("postgres", "eu-1", "eu"),
        ("postgres", "shop", ""),
        ("postgres", "shop-2", "shop"),
        ("postgres", "shop-3", "shop"),
        ("documentdb", "docs", ""),
        ("documentdb", "docs-1", "docs"),
        ("redis", "c", ""),
        ("redis", "c-001", "c"),
        ("mysql", "q", ""),
        ("mysql", "r", "q"),
        ("postgres", "a", "b"),
    ]
    assert reading.notes == ()


def group(kind: str, value: str, **more: Any) -> Values:
    return resource(kind, {"name": "pg", "parameter": [{"name": "jit", "value": value}]}, **more)


def test_a_group_may_be_in_another_state() -> None:
    user = resource("aws_db_instance", {**PG, "parameter_group_name": "pg"})
    assert [dict(f.settings) for f in states([user], [group("aws_db_parameter_group", "off")]).facts] == [
        {"jit": "off"}
    ]


def test_groups_of_clusters_instances_and_caches_have_names_of_their_own() -> None:
    others = [
        group("aws_rds_cluster_parameter_group", "cluster"),
        group("aws_db_parameter_group", "instance"),
        group("aws_elasticache_parameter_group", "cache"),
    ]
    cluster = {"cluster_identifier": "c", "engine": "aurora-postgresql", "db_cluster_parameter_group_name": "pg"}
    reading = state(
        resource("aws_db_instance", {**PG, "parameter_group_name": "pg"}), resource("aws_rds_cluster", cluster), *others
    )
    assert [dict(fact.settings) for fact in reading.facts] == [{"jit": "instance"}, {"jit": "cluster"}]


def test_of_groups_of_one_name_the_nearest_counts() -> None:
    """Names are those of one region, and a state may be of several."""
    modules = [f'module.db["{region}"]' for region in ("eu", "us")]
    user = {**PG, "parameter_group_name": "pg"}
    reading = state(
        *(group("aws_db_parameter_group", module[11:13], module=module) for module in modules),
        *(resource("aws_db_instance", user, module=module) for module in modules),
    )
    assert [dict(fact.settings) for fact in reading.facts] == [{"jit": "eu"}, {"jit": "us"}]


def test_settings_as_other_clouds_hold_them() -> None:
    reading = state(
        resource("digitalocean_database_cluster", {"id": "u", "name": "d", "engine": "pg", "version": "15"}),
        resource("digitalocean_database_postgresql_config", {"cluster_id": "u", "timezone": "UTC", "x": "c4n4ry"}),
        resource("aiven_kafka", {"service_name": "k", "kafka_user_config": [{"kafka": [{"num_partitions": 3}]}]}),
        resource(
            "aiven_valkey", {"service_name": "v", "valkey_user_config": [{"valkey_maxmemory_policy": "noeviction"}]}
        ),
        resource(
            "aws_elasticache_replication_group",
            {"replication_group_id": "c", "engine": "valkey", "cluster_enabled": True},
        ),
        resource(
            "google_alloydb_instance", {"instance_id": "i", "cluster": "p/clusters/a", "database_flags": {"jit": "off"}}
        ),
    )
    assert {fact.name: dict(fact.settings) for fact in reading.facts} == {
        "d": {"timezone": "UTC"},
        "k": {"num.partitions": "3"},
        "v": {"maxmemory-policy": "noeviction"},
        "c": {"cluster-enabled": "yes"},
        "i": {"jit": "off"},
    }


def test_vendors_numbers_are_read_as_theirs() -> None:
    reading = state(
        resource("digitalocean_database_cluster", {"name": "d", "engine": "mysql", "version": "8"}),
        resource("azurerm_mysql_flexible_server", {"name": "a", "version": "8.0.21"}),
        resource("aws_memorydb_cluster", {"name": "m", "engine": "valkey", "engine_patch_version": "7.3.0"}),
        resource(
            "google_sql_database_instance",
            {"name": "g", "database_version": "POSTGRES_15", "maintenance_version": "x.1"},
        ),
        resource("google_memcache_instance", {"name": "c", "memcache_full_version": "memcached-1.5.16"}),
    )
    assert [(fact.name, fact.version, bool(fact.note)) for fact in reading.facts] == [
        ("d", "8.0", True),
        ("a", "8.0", True),
        ("m", "7.2", True),
        ("g", "15", False),
        ("c", "1.5.16", False),
    ]


def test_names_are_the_ends_of_addresses() -> None:
    values = {"name": "projects/p/locations/l/instances/cache", "redis_version": "REDIS_7_2"}
    assert [fact.name for fact in state(resource("google_redis_instance", values)).facts] == ["cache"]


def test_states_of_which_a_part_is_broken() -> None:
    broken = {**resource("aws_db_instance", {}, "a"), "instances": "c4n4ry"}
    listed = {**resource("aws_db_instance", {}, "b"), "instances": [{"attributes": ["c4n4ry"]}, {"attributes": PG}]}
    flat = {**resource("aws_db_instance", {}, "c"), "instances": [{"attributes_flat": PG}]}
    reading = state(broken, listed, flat)
    assert [fact.evidence.address for fact in reading.facts] == ["aws_db_instance.b", "aws_db_instance.c"]
    assert [str(note) for note in reading.notes if note.failed] == [
        "0.tfstate: its instances cannot be read",
        "0.tfstate: aws_db_instance.b: its attributes cannot be read",
    ]


@pytest.mark.parametrize("resources", [{}, "c4n4ry", 5])
def test_resources_that_are_none(resources: Any) -> None:
    value = {"version": 4, "lineage": "x", "resources": resources}
    reading = terraform.parse([decode("x.json", json.dumps(value).encode())], Known())
    assert reading == Reading(notes=(Note("its resources cannot be read", "x.json", failed=True),))


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("eu", '["eu"]'),
        (0, "[0]"),
        ('a"b', '["a\\"b"]'),
        ("${x}%{y}", '["$${x}%%{y}"]'),
        ("é", '["é"]'),
        (None, ""),
        (True, ""),
    ],
)
def test_keys_are_quoted_as_terraform_does(key: Any, shown: str) -> None:
    one = {**resource("aws_db_instance", PG), "instances": [{"attributes": PG, "index_key": key}]}
    assert [fact.evidence.address for fact in state(one).facts] == [f"aws_db_instance.main{shown}"]


@pytest.mark.parametrize("kind", sorted(SERVICES))
def test_no_attribute_beside_those_of_the_table_is_kept(kind: str) -> None:
    values = {"engine": "postgres", "secret": "c4n4ry", "master_password": "c4n4ry", "master_username": "c4n4ry"}
    made = {"mode": "managed", "type": kind, "values": dict(values), "change": {"before": None, "after": dict(values)}}
    made["instances"] = [{"attributes": dict(values)}]
    assert "c4n4ry" not in repr(terraform.kept(made))


def test_what_is_no_resource_is_kept_as_it_is() -> None:
    for made in ({"type": "aws_iam_policy", "values": 1}, {"mode": 420, "type": "x", "values": 1}, {"mode": "managed"}):
        assert terraform.kept(dict(made)) == made
    written = {"mode": "managed", "type": "aws_db_instance", "expressions": {"password": {"constant_value": "c4n4ry"}}}
    assert terraform.kept(written) == {"type": "aws_db_instance"}


def test_extensions_that_azure_lets_in() -> None:
    server = resource("azurerm_postgresql_flexible_server", {"id": "/x/servers/a", "name": "a", "version": "15"})
    entry = {"server_id": "/x/servers/a", "name": "azure.extensions", "value": "VECTOR, pg_stat_statements,"}
    (fact,) = state(server, resource("azurerm_postgresql_flexible_server_configuration", entry)).facts
    assert (fact.extensions, fact.settings) == ({"pg_stat_statements": "", "vector": ""}, {})
