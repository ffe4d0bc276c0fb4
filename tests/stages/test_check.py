"""What is wrong with a manifest. Every sentence has a golden case; here is what must hold for all of them."""

from __future__ import annotations

import copy
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devenv.errors import ManifestError
from devenv.kinds import runtimes
from devenv.model.machine import Machine
from devenv.schema.issue import Issue
from devenv.stages import connect
from devenv.stages.check import check_kind_folder, meaning_issues, output_names, shape_issues
from devenv.stages.load import Documents, build_manifest, check_documents
from devenv.stages.resolve import resolve
from devenv.targets import compose
from tests.making import kinds, lock_for, manifest

KINDS = kinds()
CASES = sorted((Path(__file__).parent.parent / "golden/render").glob("*/devenv.toml"))
MANIFESTS = [data for path in CASES if "catalogue" not in (data := tomllib.loads(path.read_text()))["project"]]

DB = {"kind": "postgres", "version": "15.4"}


def issues(data: dict[str, Any]) -> list[Issue]:
    """Of a whole manifest, as `devenv check` finds them."""
    data = {"project": {"name": "shop"}, **data}
    found = shape_issues(data, KINDS, sorted(KINDS))
    return found or meaning_issues(build_manifest(data, KINDS), KINDS, data)


def test_nothing_is_wrong_with_what_is_right() -> None:
    assert issues({"services": {"db": DB}, "env": {"URL": "{{ services.db.url }}"}}) == []


def test_a_service_of_no_known_kind_does_not_keep_the_others_from_being_checked() -> None:
    services = {"db": {"kind": "postgresql"}, "cache": {"kind": "redis"}}
    assert [issue.key for issue in issues({"services": services})] == ["services.db.kind", "services.cache.version"]


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (("services", "db", "port"), True),  # Python takes it for 1
        (("services", "db", "settings", "max_connections"), None),
        (("services", "db", "databases"), {}),
        (("env", "URL"), 5.0),
    ],
)
def test_values_are_not_bent_into_shape(path: tuple[str, ...], wrong: object) -> None:
    data: dict[str, Any] = {"services": {"db": {**DB, "settings": {}}}, "env": {}}
    place = data
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = wrong
    assert [issue.path for issue in issues(data)] == [path]


@pytest.mark.parametrize("spec", [">=0.1", ">=0.1, <1", "", "==0.1"])
def test_ranges_that_hold_this_devenv(spec: str) -> None:
    assert issues({"requires": spec}) == []


@pytest.mark.parametrize(
    ("kind", "version"),
    [
        ("postgres", "15"),
        ("postgres", "15.4"),
        ("postgres", "16beta1"),
        ("postgres", "18rc1"),
        ("postgres", "9.6.24"),
        ("postgres", "99.1"),
        ("redis", "7.0.15"),
        ("redis", "8.0-rc1"),
        ("redis", "7.4.2-v3"),
        ("rabbitmq", "4.0.0-rc.1"),
        ("rabbitmq", "4.0.0-beta.5"),
        ("mariadb", "10.11.6-MariaDB"),
        ("kafka", "0.11.0.3"),
        ("clickhouse", "25.8.1.5101"),
    ],
)
def test_versions_that_are_possible(kind: str, version: str) -> None:
    assert issues({"services": {"db": {"kind": kind, "version": version}}}) == []


@pytest.mark.parametrize(
    ("kind", "version"), [("postgres", "15.4.2"), ("postgres", "9.6.24.1"), ("redis", "7.0.15.1"), ("nats", "2.1.0.0")]
)
def test_versions_that_are_too_long(kind: str, version: str) -> None:
    (issue,) = issues({"services": {"db": {"kind": kind, "version": version}}})
    assert issue.path == ("services", "db", "version")
    assert "cannot be a version" in issue.message


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.versions])
def test_every_series_that_works_is_a_possible_version(name: str) -> None:
    for series in KINDS[name].versions:
        longer = series + ".1" * (KINDS[name].version_parts - series.count(".") - 1)
        assert issues({"services": {"db": {"kind": name, "version": longer}}}) == []


@pytest.mark.parametrize(
    "image",
    [
        "postgres:15.4",
        "timescale/timescaledb-ha:pg16.3-ts2.15.2",
        "localhost:5000/a/b_c/d--e.f:X_1",
        "registry.acme.com:443/db:15",
        "",
    ],
)
def test_names_of_images(image: str) -> None:
    assert issues({"services": {"db": {**DB, "image": image}}}) == []


def test_an_image_of_the_users_own_is_taken_to_hold_extensions_that_devenv_does_not_know() -> None:
    service = {**DB, "extensions": ["our_own"]}
    assert [issue.path for issue in issues({"services": {"db": service}})] == [("services", "db", "extensions", 0)]
    assert issues({"services": {"db": {**service, "image": "acme/db:15"}}}) == []
    assert issues({"services": {"db": {**service, "packages": ["postgresql-15-our-own"]}}}) == []


def test_on_alpine_only_what_would_have_to_be_installed_is_wrong() -> None:
    service = {**DB, "variant": "alpine", "extensions": ["pg_stat_statements", "pgcrypto"]}
    assert issues({"services": {"db": service}}) == []
    service |= {"extensions": ["pgcrypto", "vector"]}
    (issue,) = issues({"services": {"db": service}})
    assert issue.message == "vector cannot be installed on the alpine variant"
    service |= {"image": "pgvector/pgvector:pg15"}
    assert issues({"services": {"db": service}}) == []
    service |= {"packages": ["postgresql-15-mimeo"]}
    assert [issue.path for issue in issues({"services": {"db": service}})] == [("services", "db", "packages")]


def test_one_port_for_several_services_is_told_at_all_but_the_first() -> None:
    services = {"a": {**DB, "port": 5000}, "b": {**DB, "ports": {"main": 5000}}, "c": {**DB, "port": 5000}}
    message, hint = "port 5000 is already a's", "each service needs a port of its own"
    assert issues({"services": services}) == [
        Issue(("services", "b", "ports", "main"), message, hint),
        Issue(("services", "c", "port"), message, hint),
    ]


def test_a_container_needs_an_image_with_a_name() -> None:
    assert [issue.message for issue in issues({"services": {"a": {"kind": "container", "image": ""}}})] == [
        "'' cannot be the name of an image"
    ]


@pytest.mark.parametrize("value", ["{{ services.db.url }}", "{{ db.url", "x {{ y }}"])
def test_references_are_not_for_containers(value: str) -> None:
    (issue,) = issues({"services": {"db": {**DB, "environment": {"A": value}}}})
    assert issue.path == ("services", "db", "environment", "A")


def test_outputs_that_have_a_value() -> None:
    made = manifest(
        '[services.a]\nkind = "redis"\nversion = "7.2"\n[services.b]\nkind = "redis"\nversion = "7.2"\npassword = "x"\n'
    )
    assert output_names(made.services["a"], KINDS["redis"]) == ("url", "host", "port", "database", "version")
    assert output_names(made.services["b"], KINDS["redis"]) == (
        "url",
        "host",
        "port",
        "password",
        "database",
        "version",
    )


@pytest.mark.parametrize(
    ("data", "path"),
    [
        ({"title": "x"}, ("summary",)),
        (
            {"title": "x", "summary": "y", "options": {"a": {"type": "text", "description": ""}}},
            ("options", "a", "type"),
        ),
        ({"title": "x", "summary": "y", "data": [{"format": "1", "paths": []}]}, ("data", 0, "paths")),
        ({"title": "x", "summary": "y", "stop_grace": "soon"}, ("stop_grace",)),
        ({"title": "x", "summary": "y", "ready": {"port": "main", "expect": "("}}, ("ready", "expect")),
        (
            {"title": "x", "summary": "y", "data": [{"versions": "all", "format": "1", "paths": ["/"]}]},
            ("data", 0, "versions"),
        ),
        ({"title": "x", "summary": "y", "version": {"most": {"all": 2}}}, ("version", "most", "all")),
    ],
)
def test_what_is_wrong_with_a_kind_of_the_projects_own(data: dict[str, Any], path: tuple[str | int, ...]) -> None:
    assert [issue.path for issue in check_kind_folder("own", data, {"compose.yaml.j2"})] == [path]


def test_the_name_of_a_kind() -> None:
    (issue,) = check_kind_folder("Own Kind", {"title": "x", "summary": "y"}, set())
    assert issue.message == "'Own Kind' cannot be the name of a kind"


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, inner in items for place in [(*path, key), *places(inner, (*path, key))]]


WORDS = ["", "x", "services", "{{ services.db.url }}", "{{", "15.4", "a\nb", "€", "$HOME", "../x", "0"]
TEXTS = st.sampled_from(WORDS) | st.text(st.characters(exclude_categories=["C"]), max_size=5)
VALUES = st.recursive(
    st.booleans() | st.integers(-1, 70000) | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)


@st.composite
def damaged(draw: Any) -> dict[str, Any]:
    """A manifest that was right, with something in it replaced, added or taken away."""
    data: dict[str, Any] = copy.deepcopy(draw(st.sampled_from(MANIFESTS)))
    for _ in range(draw(st.integers(1, 2))):
        path = draw(st.sampled_from([*places(data), ("new",)]))
        place: Any = data
        for key in path[:-1]:
            place = place[key]
        deed = draw(st.sampled_from(["replace", "add", "remove"]))
        if deed == "remove" and path != ("new",):
            del place[path[-1]]
        elif deed == "add" and isinstance(place, dict):
            place[draw(TEXTS)] = draw(VALUES)
        else:
            place[path[-1]] = draw(VALUES)
    return data


def as_toml(value: Any) -> str:
    """A value as TOML in one line. JSON's strings are TOML's too."""
    if isinstance(value, dict):
        return (
            "{"
            + ", ".join(f"{json.dumps(key, ensure_ascii=False)} = {as_toml(item)}" for key, item in value.items())
            + "}"
        )
    if isinstance(value, list):
        return "[" + ", ".join(map(as_toml, value)) + "]"
    if isinstance(value, float):
        return repr(value)
    return json.dumps(value, ensure_ascii=False)


@given(damaged())
@settings(max_examples=150, deadline=None)
def test_what_is_found_right_can_be_rendered_and_the_rest_has_a_sentence(data: dict[str, Any]) -> None:
    own = {name: KINDS[name] for name in Documents("", "", data, data).kinds() if name in KINDS}
    text = "".join(f"{json.dumps(key, ensure_ascii=False)} = {as_toml(value)}\n" for key, value in data.items())
    found = shape_issues(data, own, sorted(KINDS))
    assert all(issue.message for issue in found)
    if found:  # the rest is checked all the same
        with pytest.raises(ManifestError) as raised:
            check_documents(Documents(text, "", data, data), own, sorted(KINDS), runtimes())
        assert len(raised.value.problems) >= len(found)
        return
    made = build_manifest(data, own)
    if meaning_issues(made, own, data):
        return
    resolved = resolve(made, own, lock_for(made))
    assert compose.files(resolved)
    connect.environment(made, resolved, Machine("shop", "/shop"))


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ({"files": {"/etc/x.conf": {"template": "x.j2"}}}, "files./etc/x.conf.template"),
        ({"ensure": {"command": ["true"], "input": "x.j2"}}, "ensure.input"),
        ({"ensure": {"command": ["true"], "existing": "x.j2"}}, "ensure.existing"),
        ({"build": {"dockerfile": "x.j2", "options": ["packages"]}}, "build.dockerfile"),
    ],
)
def test_a_template_that_is_not_there_is_told(table: dict[str, Any], key: str) -> None:
    (issue,) = check_kind_folder("own", {"title": "x", "summary": "y"} | table, {"service.toml", "y.j2"})
    assert (issue.key, issue.message) == (key, "file 'x.j2' not found in this kind's folder")
