"""Plans: what is true now, and what is coming."""

from __future__ import annotations

import json
from typing import Any

import pytest

from devenv.document import decode
from devenv.model.fact import Evidence, Fact, Note, Precision, Reading, Status, Trust
from devenv.sources import terraform
from devenv.sources.known import Known

Values = dict[str, Any]
DB = {"identifier": "shop", "engine": "postgres", "engine_version": "15", "engine_version_actual": "15.4"}
KNOWN = Known({"bitnami/postgresql": "postgres"}, {"postgresql": [("14.0.0", "16.1.0"), ("14.2.3", "16.2.0")]})


def entry(kind: str, values: Any, **more: Any) -> Values:
    return {"address": f"{kind}.main", "mode": "managed", "type": kind, "name": "main", **more, "values": values}


def tree(*entries: Values) -> Values:
    return {"root_module": {"resources": list(entries)}}


def change(kind: str, before: Any, after: Any, actions: list[str], **more: Any) -> Values:
    made = entry(kind, None, **more)
    return {
        **made,
        "change": {"actions": actions, "before": before, "after": after, "after_sensitive": {"x": "c4n4ry"}},
    }


def read(value: Values) -> Reading:
    document = decode("plan.json", json.dumps({"format_version": "1.2", **value}).encode(), keep=terraform.kept)
    assert terraform.recognises(document)
    reading = terraform.parse([document], KNOWN)
    assert "c4n4ry" not in repr(reading)
    return reading


def plan(kind: str, before: Values, after: Values, **more: Any) -> Reading:
    return read(
        {
            "variables": {"password": {"value": "c4n4ry"}},
            "prior_state": {"format_version": "1.0", "values": tree(entry(kind, before))},
            "planned_values": tree(entry(kind, after)),
            "resource_changes": [change(kind, before, after, ["update"])],
            **more,
        }
    )


def told(reading: Reading) -> list[tuple[str, str, Status]]:
    return [(fact.kind, fact.version, fact.status) for fact in reading.facts]


def test_the_whole_of_both_facts() -> None:
    after = {**DB, "engine_version": "16.3", "password": "c4n4ry"}
    at = Evidence("terraform-state", "plan.json", "aws_db_instance.main", "engine_version_actual")
    now = Fact("postgres", at, "15.4", Precision.PATCH, name="shop", trust=Trust.RECORDED)
    coming = Fact(
        "postgres",
        Evidence("terraform-state", "plan.json", "aws_db_instance.main", "engine_version"),
        "16.3",
        Precision.PATCH,
        name="shop",
        status=Status.PLANNED,
        trust=Trust.CONFIGURED,
    )
    assert plan("aws_db_instance", DB, after) == Reading((now, coming))


@pytest.mark.parametrize(
    ("kind", "before", "wanted", "expected"),
    [
        ("google_sql_database_instance", {"database_version": "POSTGRES_15", "maintenance_version": "POSTGRES_15_4.R1"}, {"database_version": "POSTGRES_16"}, ("postgres", "15.4", "postgres", "16")),
        ("aws_memorydb_cluster", {"engine": "redis", "engine_version": "6.2", "engine_patch_version": "6.2.6"}, {"engine_version": "7.0"}, ("redis", "6.2.6", "redis", "7.0")),
        ("aws_elasticache_serverless_cache", {"engine": "redis", "major_engine_version": "7", "full_engine_version": "7.0"}, {"engine": "valkey", "major_engine_version": "8"}, ("redis", "7.0", "valkey", "8")),
        ("mongodbatlas_cluster", {"mongo_db_version": "6.0.4", "mongo_db_major_version": "6.0"}, {"mongo_db_major_version": "7.0"}, ("mongodb", "6.0.4", "mongodb", "7.0")),
        ("helm_release", {"chart": "postgresql", "version": "14.0.0", "metadata": [{"app_version": "16.1.0"}]}, {"version": "14.2.3"}, ("postgres", "16.1", "postgres", "16.2")),
        ("aws_elasticache_replication_group", {"engine": "redis", "engine_version": "7.2", "engine_version_actual": "7.2.5"}, {"engine": "valkey"}, ("redis", "7.2.5", "valkey", "7.2")),
    ],
)  # fmt: skip
def test_what_was_seen_of_the_old_version_is_no_news(
    kind: str, before: Values, wanted: Values, expected: tuple[str, str, str, str]
) -> None:
    now, then = expected[:2], expected[2:]
    assert told(plan(kind, before, {**before, **wanted})) == [(*now, Status.ACTUAL), (*then, Status.PLANNED)]


@pytest.mark.parametrize(
    "after", [{**DB, "engine_version": "15.4"}, {**DB, "instance_class": "x"}, {**DB, "engine_version": None}]
)
def test_what_comes_to_the_same_is_no_news(after: Values) -> None:
    assert told(plan("aws_db_instance", DB, after)) == [("postgres", "15.4", Status.ACTUAL)]


def test_settings_that_change() -> None:
    def parameters(value: str) -> Values:
        kind = "aws_db_parameter_group"
        return entry(kind, {"name": "pg", "parameter": [{"name": "jit", "value": value}]}, address=f"{kind}.pg")

    database = entry("aws_db_instance", {**DB, "parameter_group_name": "pg"})
    reading = read(
        {
            "prior_state": {"values": tree(database, parameters("on"))},
            "planned_values": tree(database, parameters("off")),
        }
    )
    assert [(fact.version, fact.status, dict(fact.settings)) for fact in reading.facts] == [
        ("15.4", Status.ACTUAL, {"jit": "on"}),
        ("15.4", Status.PLANNED, {"jit": "off"}),
    ]


def test_what_is_only_planned_is_never_unknown_production() -> None:
    reading = read({"planned_values": tree(entry("aws_msk_serverless_cluster", {"cluster_name": "k"}))})
    assert told(reading) == [("kafka", "", Status.PLANNED)]


def test_a_plan_of_which_only_the_changes_are_left() -> None:
    changes = [
        change("aws_db_instance", DB, {**DB, "engine_version": "16.3"}, ["update"]),
        change("aws_db_instance", DB, None, ["delete"], deposed="123"),
    ]
    assert told(read({"resource_changes": changes})) == [
        ("postgres", "15.4", Status.ACTUAL),
        ("postgres", "16.3", Status.PLANNED),
    ]


def test_what_a_plan_deletes_is_told() -> None:
    reading = read(
        {
            "prior_state": {"values": tree(entry("aws_db_instance", DB))},
            "planned_values": {"root_module": {}},
            "resource_changes": [change("aws_db_instance", DB, None, ["delete"])],
        }
    )
    assert told(reading) == [("postgres", "15.4", Status.ACTUAL)]
    assert reading.notes == (Note("a plan will delete it", "plan.json", address="aws_db_instance.main"),)


def test_what_a_refresh_found_gone_is_not_there() -> None:
    gone = change("aws_db_instance", DB, None, ["delete"])
    reading = plan("aws_db_instance", DB, DB, resource_drift=[gone])
    assert told(reading) == [("postgres", "15.4", Status.PLANNED)]


def test_a_refresh_that_saw_another_version() -> None:
    seen = change("aws_db_instance", DB, {**DB, "engine_version_actual": "15.6"}, ["update"])
    assert told(plan("aws_db_instance", DB, DB, resource_drift=[seen])) == [("postgres", "15.6", Status.ACTUAL)]


def test_data_sources_are_never_planned() -> None:
    looked_up = entry("aws_db_instance", {**DB, "engine_version_actual": None}, mode="data")
    assert told(read({"planned_values": tree(looked_up)})) == []


def test_a_plan_that_failed_is_told() -> None:
    reading = read({"planned_values": tree(), "errored": True})
    assert [str(note) for note in reading.notes] == [
        "plan.json: is of a plan that ended with an error: it may not tell everything"
    ]


def test_no_state_at_all_is_told() -> None:
    assert read({}).notes == (Note("holds no state: nothing has been applied yet", "plan.json"),)


@pytest.mark.parametrize("version", ["0.2", "1.0", "1.99"])
def test_formats_of_older_and_newer_releases(version: str) -> None:
    value = {"format_version": version, "values": tree(entry("aws_db_instance", DB)), "something_new": {}}
    assert told(read(value)) == [("postgres", "15.4", Status.ACTUAL)]
