from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.document import Document, decode
from devenv.model.fact import Evidence, Fact, Note, Precision, Status, Trust
from devenv.sources.known import Known
from devenv.sources.nomad import parse, recognises

KNOWN = Known({"postgres": "postgres", "redis": "redis"})
WORDS = ["Job", "TaskGroups", "Tasks", "Config", "image", "args", "command", "Name", "ID"]
ANYTHING = st.recursive(
    st.none() | st.integers() | st.text(max_size=5) | st.sampled_from(["redis:7.2.4", "postgres:${X}"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner),
    max_leaves=25,
)
HCL = """
# the shop
variable "pg" {
  default = "16.3"
}

job "shop" {
  group "db" {
    task "postgres" {
      driver = "docker"
      config {
        image = "postgres:${var.pg}-alpine"
        args  = ["-c", "wal_level=logical"]
      }
      env {
        POSTGRES_PASSWORD = "c4n4ry"
      }
    }
    task "cache" {
      config {
        image = "redis:${var.redis}"
      }
    }
    task "app" {
      config {
        image = "acme/app:${var.tag}"
      }
    }
  }
}
"""


def job(*tasks: Any) -> Any:
    return {"ID": "shop", "TaskGroups": [{"Name": "db", "Tasks": list(tasks)}]}


def inspected(value: Any, *, asked: bool = False) -> Document:
    return decode("shop.json", json.dumps(value).encode(), asked=asked)


def hcl(text: str = HCL) -> Document:
    return decode("shop.nomad", text.encode())


def postgres(file: str, **more: Any) -> Fact:
    evidence = Evidence("nomad", file, "shop.db.postgres", "image")
    wanted: dict[str, Any] = {"precision": Precision.PATCH, "name": "postgres", "settings": {"wal_level": "logical"}}
    return Fact(kind="postgres", evidence=evidence, version="16.3", variant="alpine", **(wanted | more))


@pytest.mark.parametrize(("asked", "trust"), [(True, Trust.ASKED), (False, Trust.RENDERED)])
@pytest.mark.parametrize("wrapped", [True, False])
def test_a_job_that_is_inspected(wrapped: bool, asked: bool, trust: Trust) -> None:
    value = job(
        {
            "Name": "postgres",
            "Env": {"POSTGRES_PASSWORD": "c4n4ry"},
            "Config": {
                "image": "postgres:16.3-alpine",
                "args": ["-c", "wal_level=logical"],
                "auth": {"password": "c4n4ry"},
            },
        },
        {"Name": "app", "Config": {"image": "acme/app:2"}},
        {"Name": "script", "Driver": "raw_exec", "Config": {"command": "/bin/true"}},
        {"Name": "migrate", "Config": {"image": "postgres:16.3", "command": "psql", "args": ["-c", "SELECT 1"]}},
    )
    document = inspected({"Job": value} if wrapped else value, asked=asked)
    assert recognises(document)
    reading = parse([document], KNOWN)
    assert reading.facts == (postgres("shop.json", trust=trust),)
    assert reading.notes == ()
    assert "c4n4ry" not in repr(reading)


def test_a_job_file_and_its_variables() -> None:
    assert recognises(hcl())
    reading = parse([hcl()], KNOWN)
    assert reading.facts == (
        postgres("shop.nomad"),
        Fact(
            kind="redis",
            evidence=Evidence("nomad", "shop.nomad", "shop.db.cache", "image"),
            name="cache",
            status=Status.UNKNOWN,
            note="its version is in the variable redis",
        ),
    )
    assert reading.notes == (
        Note("the variable redis is not filled in, so the version is unknown", "shop.nomad", address="shop.db.cache"),
    )
    assert "c4n4ry" not in repr(reading)


def test_a_task_without_a_group() -> None:
    document = hcl('job "a" {\n  task "r" {\n    config {\n      image = "redis:7.2.4"\n    }\n  }\n}')
    assert [(fact.version, fact.evidence.address) for fact in parse([document], KNOWN).facts] == [("7.2.4", "a.r")]


def test_hcl_that_is_none() -> None:
    document = hcl('job "x" {\n password = c4n4ry c4n4ry {{{\n')
    assert recognises(document)
    said = "is no HCL that can be read: give what 'nomad job inspect JOB' prints instead"
    assert parse([document], KNOWN).notes == (Note(said, "shop.nomad", failed=True),)


@pytest.mark.parametrize(
    "document",
    [hcl('resource "aws_db_instance" "x" {\n}'), inspected({"Job": 7}), inspected([]), inspected({"TaskGroups": {}})],
)
def test_what_is_none_of_theirs(document: Document) -> None:
    assert not recognises(document)


@given(value=ANYTHING)
def test_whatever_is_written_is_read(value: Any) -> None:
    document = Document("x.json", "json", (value,))
    recognises(document)
    parse([document], KNOWN)


@given(text=st.text(alphabet='job "x" {}\ntask=[]', max_size=60))
def test_whatever_text_is_read(text: str) -> None:
    document = Document("x.nomad", "text", tuple(text.splitlines()))
    recognises(document)
    parse([document], KNOWN)
