from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.sources.variables import GAP, Unresolved, filled, gap_in, with_gaps, without_gaps


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("postgres:16", "postgres:16"),
        ("postgres:${TAG:-16}", "postgres:16"),
        ("postgres:${TAG-16}", "postgres:16"),
        ("postgres:${TAG:=16}", "postgres:16"),
        ("${IMAGE:-postgres:${TAG:-16}}-alpine", "postgres:16-alpine"),
        ("postgres${TAG:+:16}", "postgres"),
        ("cost: $$5 $${TAG}", "cost: $5 ${TAG}"),
        ("${TAG:-}", ""),
        ("postgres:${TAG:-16", "postgres:16"),
        ("a $ b $1", "a $ b $1"),
    ],
)
def test_what_a_text_says_itself(text: str, whole: str) -> None:
    assert filled(text) == whole


@pytest.mark.parametrize(
    ("text", "variables", "whole"),
    [
        ("$TAG/${TAG}/${TAG:-15}", {"TAG": "16"}, "16/16/16"),
        ("${TAG:-15}", {"TAG": ""}, "15"),
        ("${TAG-15}", {"TAG": ""}, ""),
        ("${TAG:?say it}", {"TAG": "16"}, "16"),
        ("x${TAG:+-${TAG}}", {"TAG": "16"}, "x-16"),
    ],
)
def test_what_is_known_of_variables(text: str, variables: dict[str, str], whole: str) -> None:
    assert filled(text, variables) == whole


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("postgres:$TAG", "TAG"),
        ("postgres:${TAG}", "TAG"),
        ("postgres:${TAG:?canary}", "TAG"),
        ("${A:-${B}}", "B"),
        ("postgres:${{ matrix.pg }}", "matrix.pg"),
        ("postgres:{{ .Values.tag | default `canary` }}", ".Values.tag"),
        ('{{- include "x" . }}', "include"),
        ("{{ }}", "template"),
        ("postgres:$(PG_VERSION)", "PG_VERSION"),
        ("postgres:${TAG##*-}", "TAG"),
    ],
)
def test_a_variable_without_a_value_is_named_and_nothing_else_is(text: str, name: str) -> None:
    with pytest.raises(Unresolved) as caught:
        filled(text)
    assert (caught.value.name, caught.value.kind, str(caught.value)) == (name, "", name)


def test_a_value_that_is_to_be_cut_is_not_known() -> None:
    assert gap_in(with_gaps("${TAG##*-}", {"TAG": "pg-16"})) == "TAG"


def test_gaps_hold_names_and_cannot_be_smuggled_in() -> None:
    assert with_gaps("a$B") == f"a{GAP}B{GAP}"
    assert gap_in(with_gaps(f"a{GAP}x{GAP}")) == ""


def test_no_text_takes_long() -> None:
    for text in ("${A:-" * 10_000, "{{" * 50_000, "{{ " + "a" * 100_000, "{{" + " " * 100_000, "$" * 100_001):
        with_gaps(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("db", "db"),
        ("${APP}-redis", "redis"),
        ("redis-${ENV}", "redis"),
        ("$APP", ""),
        ("${APP:-shop}-db", "shop-db"),
        ("{{ .Release.Name }}-db", "db"),
        ("shop-${{ github.ref_name }}-db", "shop-db"),
    ],
)
def test_a_name_without_what_nobody_filled_in(text: str, expected: str) -> None:
    assert without_gaps(text) == expected


@pytest.mark.parametrize(("name", "shown"), [("TAG", "variable TAG"), ("matrix.pg", "expression matrix.pg")])
def test_a_template_is_no_variable(name: str, shown: str) -> None:
    assert Unresolved(name).shown == shown


@given(st.text(alphabet="${}:-=?+AB \0("))
def test_nothing_fails(text: str) -> None:
    with_gaps(text, {"A": "x"})
