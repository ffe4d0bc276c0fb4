"""Dockerfiles, and what version managers and package managers are told."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.document import decode
from devenv.model.fact import Precision, Reading
from devenv.sources import registry
from devenv.sources.known import Known

KNOWN = Known({"python": "python", "node": "node", "golang": "go", "eclipse-temurin": "java", "postgres": "postgres"})


def read(name: str, text: str) -> Reading:
    return registry.parse([decode(f"app/{name}", text.encode(), day="2026-11-26")], KNOWN)


def told(name: str, text: str) -> list[tuple[str, str, str, str]]:
    return [(fact.kind, fact.version, fact.precision.value, fact.note) for fact in read(name, text).facts]


@pytest.mark.parametrize(
    ("name", "text", "kind", "version", "precision"),
    [
        (".python-version", "3.12.4\n", "python", "3.12.4", "patch"),
        (".python-version", "# ours\n3.12\n3.11\n", "python", "3.12", "minor"),
        (".nvmrc", "v20.11.1\n", "node", "20.11.1", "patch"),
        (".node-version", "20\n", "node", "20", "series"),
        (".ruby-version", "ruby-3.3.4\n", "ruby", "3.3.4", "patch"),
        ("Gemfile", 'source "https://rubygems.org"\nruby "3.3.4"\ngem "rails"\n', "ruby", "3.3.4", "patch"),
        ("go.mod", "module shop\n\ngo 1.22.0\n\ntoolchain go1.22.5\n", "go", "1.22.5", "patch"),
        ("go.mod", "module shop\n\ngo 1.22\n", "go", "1.22", "minor"),
        ("package.json", json.dumps({"name": "shop", "engines": {"node": "20.x"}}), "node", "20", "series"),
        ("composer.json", json.dumps({"require": {"php": "8.3.9"}}), "php", "8.3.9", "patch"),
        ("pyproject.toml", '[project]\nname = "shop"\nrequires-python = "==3.12.*"\n', "python", "3.12", "minor"),
    ],
)
def test_one_version(name: str, text: str, kind: str, version: str, precision: str) -> None:
    assert told(name, text) == [(kind, version, precision, "")]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pyproject.toml", '[project]\nrequires-python = ">=3.11"\n'),
        ("package.json", json.dumps({"engines": {"node": ">=18 <21"}})),
        (".python-version", ">=3.11\n"),
    ],
)
def test_a_range_is_no_version(name: str, text: str) -> None:
    ((_, version, precision, note),) = told(name, text)
    assert (version, precision) == ("", Precision.NONE)
    assert note.startswith("states only a range: >=")


def test_all_tools_of_asdf() -> None:
    text = "python 3.12.4 3.11.9\nnodejs 20.11.1 # as production\njava temurin-21.0.4\nterraform 1.9.0\n"
    assert [item[:2] for item in told(".tool-versions", text)] == [
        ("python", "3.12.4"),
        ("node", "20.11.1"),
        ("java", "21.0.4"),
    ]


DOCKERFILE = """\
# syntax=docker/dockerfile:1
ARG PYTHON_VERSION=3.12.4
FROM node:20.11.1-slim AS assets
RUN echo "a: b"
FROM --platform=$BUILDPLATFORM python:${PYTHON_VERSION}-slim-bookworm AS base
FROM base AS final
COPY --from=assets /app /app
"""


def test_a_dockerfile_is_what_its_last_stage_comes_down_to() -> None:
    for name in ("Dockerfile", "Dockerfile.prod", "api.Dockerfile"):
        assert told(name, DOCKERFILE) == [
            ("python", "3.12.4", "patch", ""),
            ("node", "20.11.1", "patch", "of a stage that builds"),
        ]


def test_what_a_dockerfile_does_not_say() -> None:
    unsaid = read("Dockerfile", "ARG TAG\nFROM python:${TAG}\n")
    assert unsaid.facts == ()
    assert "the variable TAG is not filled in" in str(unsaid.notes[0])
    assert read("Dockerfile", "FROM scratch\nCOPY shop /\n").facts == ()
    assert read("Dockerfile", "RUN true\n").notes[0].failed


@given(
    st.sampled_from([".python-version", ".tool-versions", "Gemfile", "go.mod", "Dockerfile", "package.json"]), st.text()
)
def test_whatever_is_written_is_read(name: str, text: str) -> None:
    try:
        document = decode(name, text.encode())
    except ValueError:
        return
    assert isinstance(registry.parse([document], KNOWN), Reading)
