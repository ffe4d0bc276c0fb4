from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.document import Document, decode
from devenv.model.fact import Evidence, Fact, Note, Precision, Reading, Status, Trust
from devenv.sources import registry
from devenv.sources.known import Known
from devenv.sources.workflows import parse, recognises

DAY = "2026-11-24"
KNOWN = Known({"postgres": "postgres", "redis": "redis", "mysql": "mysql"})
KEYS = [
    "jobs",
    "services",
    "container",
    "image",
    "runs-on",
    "default",
    "test",
    "script",
    "name",
    "alias",
    "variables",
    "db",
]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["postgres:16", "redis:${{ x }}", "$A", "uses"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner),
    max_leaves=25,
)


def yaml(text: str, file: str = "ci.yml") -> Document:
    return decode(file, text.encode(), day=DAY)


def fact(kind: str, version: str, precision: Precision, name: str, address: str, **more: Any) -> Fact:
    more.setdefault("status", Status.ACTUAL if version else Status.UNKNOWN)
    evidence = Evidence("ci", "ci.yml", address, "image", DAY)
    return Fact(kind, evidence, version, precision, name=name, trust=Trust.RENDERED, **more)


def test_github() -> None:
    document = yaml("""
on: push
jobs:
  test:
    runs-on: ubuntu-latest
    container: {image: "node:20"}
    services:
      db:
        image: postgres:15.4-alpine
        env: {POSTGRES_PASSWORD: canary}
        options: --health-cmd pg_isready
      cache: redis:7.2
      other: {image: "acme/stub:1"}
  again:
    uses: ./.github/workflows/other.yml
    services:
      db: postgres:15.4-alpine
  alone:
    runs-on: ubuntu-latest
    container: postgres:16
""")
    assert recognises(document)
    reading = parse([document], KNOWN)
    assert reading.facts == (
        fact("postgres", "15.4", Precision.PATCH, "db", "jobs.test.services.db", variant="alpine"),
        fact("redis", "7.2", Precision.MINOR, "cache", "jobs.test.services.cache"),
        fact("postgres", "16", Precision.SERIES, "postgres", "jobs.alone.container"),
    )
    assert reading.notes == ()
    assert "canary" not in repr(reading)


def test_a_matrix_that_is_worked_out_elsewhere() -> None:
    document = yaml("""
jobs:
  test:
    runs-on: ${{ matrix.os }}
    strategy: {matrix: "${{ fromJSON(needs.x.outputs.all) }}"}
    services:
      db: {image: "postgres:${{ matrix.pg }}"}
      web: {image: "${{ matrix.web }}"}
""")
    reading = parse([document], KNOWN)
    note = "its version is in the expression matrix.pg"
    assert reading.facts == (fact("postgres", "", Precision.NONE, "db", "jobs.test.services.db", note=note),)
    assert reading.notes == (
        Note(
            "the expression matrix.pg is not filled in, so the version is unknown",
            "ci.yml",
            address="jobs.test.services.db",
        ),
        Note("unresolved expression matrix.web", "ci.yml", address="jobs.test.services.web"),
    )


def test_what_is_written_out_is_filled_in() -> None:
    """Lists of a matrix, its ``include``, ``env`` of the workflow and of a job."""
    document = yaml("""
env: {REDIS: "7.2.4", SECRET: canary}
jobs:
  test:
    runs-on: x
    env: {MYSQL: "8.0.36"}
    strategy:
      matrix:
        pg: ["15.4", 16.1]
        include: [{pg: "14.9", os: x}, {os: y}]
        db: [{image: "mysql:5.7.44", port: 1}]
    services:
      db: {image: "postgres:${{ matrix.pg }}-alpine"}
      cache: {image: "redis:${{ env.REDIS }}"}
      old: {image: "${{ matrix.db.image }}"}
      my: {image: "mysql:${{ env.MYSQL }}"}
""")
    reading = parse([document], KNOWN)
    assert [(fact.name, fact.kind, fact.version) for fact in reading.facts] == [
        ("db", "postgres", "15.4"),
        ("db", "postgres", "16.1"),
        ("db", "postgres", "14.9"),
        ("cache", "redis", "7.2.4"),
        ("old", "mysql", "5.7.44"),
        ("my", "mysql", "8.0.36"),
    ]
    assert reading.notes == ()
    assert "canary" not in repr(reading)


def test_jobs_of_gitlab_that_extend_others() -> None:
    document = yaml("""
.one: {services: ["postgres:15.4"]}
.two: {extends: .one}
.three: {services: ["redis:7.2.4"]}
a: {extends: .two, script: [x]}
b: {extends: [.one, .three], script: [x]}
c: {extends: .three, script: [x], services: ["mysql:8.0.36"]}
d: {extends: d, script: [x]}
e: {extends: .nowhere, script: [x]}
""")
    assert [(fact.kind, fact.version, fact.evidence.address) for fact in parse([document], KNOWN).facts] == [
        ("postgres", "15.4", ".one.services[0]"),
        ("redis", "7.2.4", ".three.services[0]"),
        ("mysql", "8.0.36", "c.services[0]"),
    ]


def test_gitlab() -> None:
    document = yaml("""
stages: [test]
image: ruby:3.3
variables:
  PG: "15.4"
  MYSQL: {value: "8.0.36", description: where tests run}
  POSTGRES_PASSWORD: canary
services:
  - postgres:$PG
default:
  services: [redis:7.2.4]
.hidden:
  script: [x]
  services:
    - {name: "mysql:$MYSQL", alias: db, command: ["--sql-mode=ANSI", "--init-file=canary"]}
test:
  stage: test
  services:
    - !reference [.hidden, services]
    - name: registry.example.com:5000/library/redis:7.2.4
    - redis:$REDIS
workflow: {rules: []}
""")
    assert recognises(document)
    reading = parse([document], KNOWN)
    assert reading.facts == (
        fact("postgres", "15.4", Precision.PATCH, "postgres", "services[0]"),
        fact("redis", "7.2.4", Precision.PATCH, "redis", "default.services[0]"),
        fact("mysql", "8.0.36", Precision.PATCH, "db", ".hidden.services[0]", settings={"sql_mode": "ANSI"}),
        fact("redis", "", Precision.NONE, "redis", "test.services[2]", note="its version is in the variable REDIS"),
    )
    assert reading.notes == (
        Note("the variable REDIS is not filled in, so the version is unknown", "ci.yml", address="test.services[2]"),
    )
    assert "canary" not in repr(reading)


@pytest.mark.parametrize(
    "text",
    [
        "services: {db: {image: 'postgres:16'}}",  # Compose
        "services: [{name: db, type: pserv}]",  # Render
        "apiVersion: v1\nkind: ConfigMap\ndata: {script: x}",
        "jobs: {build: {docker: [{image: 'postgres:16'}], steps: [checkout]}}",  # CircleCI
        "- hosts: all\n  tasks: []",
    ],
)
def test_what_is_somebody_elses(text: str) -> None:
    assert not recognises(yaml(text))


@pytest.mark.parametrize(
    "value", ["jobs: [x]", "jobs: {a: {runs-on: x, services: [x]}}", "jobs: {a: {runs-on: x, container: [x]}}"]
)
def test_wrong_types_are_nothing(value: str) -> None:
    assert parse([yaml(value)], KNOWN).facts == ()


@given(ANYTHING)
def test_nothing_fails(value: Any) -> None:
    document = Document("ci.yml", "yaml", (value,))
    recognises(document)
    parse([document], KNOWN)


def test_bitbucket() -> None:
    document = yaml("""
image: node:20
pipelines: {default: [{step: {script: [make], services: [db, cache]}}]}
definitions:
  services:
    db: {image: "postgres:15.4", variables: {POSTGRES_PASSWORD: canary}}
    cache: {image: {name: "redis:7.2.4", password: canary}}
    docker: {memory: 2048}
""")
    assert recognises(document)
    reading = parse([document], KNOWN)
    assert reading.facts == (
        fact("postgres", "15.4", Precision.PATCH, "db", "definitions.services.db"),
        fact("redis", "7.2.4", Precision.PATCH, "cache", "definitions.services.cache"),
    )
    assert "canary" not in repr(reading)


def test_an_action_has_no_services() -> None:
    document = yaml("runs: {using: docker, image: 'docker://postgres:15'}", "action.yml")
    assert recognises(document)
    assert parse([document], KNOWN).facts == ()


WORKFLOW = "jobs: {t: {runs-on: x, services: {db: {image: 'postgres:15.4'}}}}"
OF_CI = "describes ci, not production; show it: devenv facts --environment ci ci.yml"


@pytest.mark.parametrize(
    "text",
    [
        WORKFLOW,
        "test: {script: [x], services: ['postgres:15.4']}",
        "pipelines: {default: []}\ndefinitions: {services: {db: {image: 'postgres:15.4'}}}",
    ],
    ids=["github", "gitlab", "bitbucket"],
)
def test_what_tests_run_against_is_not_what_production_runs(text: str) -> None:
    reading = registry.parse([yaml(text)], KNOWN, environment="production")
    assert reading == Reading(notes=(Note(OF_CI, "ci.yml"),))
    for asked in ({"environment": "ci"}, {"environment": "production", "kind": "ci"}, {}):
        assert [fact.version for fact in registry.parse([yaml(text)], KNOWN, **asked).facts] == ["15.4"]


def test_a_workflow_without_services_needs_no_word() -> None:
    text = "jobs: {t: {runs-on: x, steps: [{run: make}]}}"
    assert registry.parse([yaml(text)], KNOWN, environment="production") == Reading()
