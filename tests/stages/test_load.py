"""Manifest text, in one layer or two, to values."""

from __future__ import annotations

import pytest

from devenv.errors import ManifestError
from devenv.kinds import runtimes
from devenv.model.manifest import Manifest, Service
from devenv.model.problem import Problem, Where
from devenv.model.version import parse_version
from devenv.stages.load import build_manifest, check_documents, option_value, parse_documents
from tests.making import kinds

WHOLE = """\
requires = ">=0.1"

[project]
name = "shop"
catalogue = "kinds"

[environments.production]
sources = [{ kind = "compose", path = "compose.yaml" }]

[services.db]
kind = "postgres"
version = "15.4"
variant = "bookworm"
image = "acme/db:15"
platform = "linux/amd64"
port = 5433
ports = { main = 5434 }
databases = ["shop", "test"]
users = { bob = "x" }
from = "aws_db_instance.main"
environment = { TZ = "UTC" }
settings = { max_connections = 200, fsync = false, search_path = ["a", "b"], random_page_cost = 1.1 }

[profiles]
data = ["db"]

[runtimes]
python = "3.12"

[env]
URL = "{{ services.db.url }}"

[devcontainer]
extensions = ["x.y"]

[hooks]
post_up = ["python manage.py 'migrate all'", ["echo", "a b"]]
"""


def test_a_whole_manifest() -> None:
    own = kinds("postgres")
    assert build_manifest(parse_documents(WHOLE).merged, own) == Manifest(
        project="shop",
        catalogue="kinds",
        services={
            "db": Service(
                name="db",
                kind="postgres",
                version=parse_version("15.4"),
                variant="bookworm",
                image="acme/db:15",
                platform="linux/amd64",
                port=5433,
                ports={"main": 5434},
                settings={
                    "max_connections": 200,
                    "fsync": False,
                    "search_path": ("a", "b"),
                    "random_page_cost": 1.1,
                },
                environment={"TZ": "UTC"},
                options={"databases": ("shop", "test"), "users": {"bob": "x"}},
                follows="aws_db_instance.main",
            )
        },
        profiles={"data": ("db",)},
        env={"URL": "{{ services.db.url }}"},
        post_up=(("python", "manage.py", "migrate all"), ("echo", "a b")),
        environments={"production": {"sources": [{"kind": "compose", "path": "compose.yaml"}]}},
        runtimes={"python": "3.12"},
        devcontainer={"extensions": ["x.y"]},
    )


def test_what_is_not_said_is_the_default() -> None:
    own = kinds("postgres")
    text = '[project]\nname = "shop"\n[services.db]\nkind = "postgres"\nversion = "15"\nuser = "me"\n'
    service = build_manifest(parse_documents(text).merged, own).services["db"]
    assert service == Service("db", "postgres", parse_version("15"), options={"user": "me"})
    assert option_value(service, own["postgres"], "user") == "me"
    assert option_value(service, own["postgres"], "databases") == ("{{ project }}",)


def test_a_layer_merges_tables_and_replaces_everything_else() -> None:
    base = '[services.db]\nkind = "postgres"\nsettings = { a = 1, b = [1, 2] }\n[env]\nX = "1"\n'
    local = '[services.db]\nport = 5\nsettings = { b = [3] }\n[services.mail]\nkind = "mailpit"\n[env]\nX = "2"\n'
    documents = parse_documents(base, local)
    assert documents.merged == {
        "services": {
            "db": {"kind": "postgres", "settings": {"a": 1, "b": [3]}, "port": 5},
            "mail": {"kind": "mailpit"},
        },
        "env": {"X": "2"},
    }
    assert documents.base["services"] == {"db": {"kind": "postgres", "settings": {"a": 1, "b": [1, 2]}}}
    assert documents.kinds() == ("mailpit", "postgres")


@pytest.mark.parametrize(
    ("text", "kinds_named", "catalogue"),
    [
        ("", (), ""),
        ("services = 5\nproject = 5\n", (), ""),
        ("[services]\na = 1\nb = { kind = 2 }\nc = { kind = 'x' }\n[project]\ncatalogue = 5\n", ("x",), ""),
        ("[project]\ncatalogue = 'own'\n", (), "own"),
    ],
)
def test_what_is_needed_before_anything_is_checked(text: str, kinds_named: tuple[str, ...], catalogue: str) -> None:
    documents = parse_documents(text)
    assert (documents.kinds(), documents.catalogue()) == (kinds_named, catalogue)


BASE = '[project]\nname = "shop"\n\n[services.db]\nkind = "postgres"\nport = 1\n'
LOCAL = '[services.db]\nport = 2\n\n[services.mail]\nkind = "mailpit"\n'


@pytest.mark.parametrize(
    ("path", "where"),
    [
        (("services", "db", "port"), Where("devenv.local.toml", 2)),  # both say it, and the local layer wins
        (("services", "db", "kind"), Where("devenv.toml", 5)),
        (("services", "db", "version"), Where("devenv.toml", 4)),  # missing in both: to be put into the shared one
        (("services", "mail", "version"), Where("devenv.local.toml", 4)),
        (("project", "name"), Where("devenv.toml", 2)),
        (("env", "URL"), Where("devenv.toml", None)),
        (("services",), Where("devenv.local.toml", 1)),
    ],
)
def test_which_layer_a_problem_is_in(path: tuple[str, ...], where: Where) -> None:
    assert parse_documents(BASE, LOCAL).where(path) == where


def problems(manifest: str, local: str = "") -> tuple[Problem, ...]:
    with pytest.raises(ManifestError) as caught:
        documents = parse_documents(manifest, local)
        check_documents(documents, kinds(*documents.kinds()), ["mailpit", "postgres", "redis"], runtimes())
    return caught.value.problems


def test_all_layers_that_are_no_toml_are_told_at_once() -> None:
    assert [str(problem.where) for problem in problems("a = 1\nb =\n", "c = \n")] == [
        "devenv.toml:2",
        "devenv.local.toml:1",
    ]


def test_problems_come_in_the_order_in_which_they_are_read() -> None:
    manifest = (
        '[env]\nA = 5\n[project]\nname = "shop"\n[services.db]\nkind = "postgres"\nprot = 1\n'
        '[services.cache]\nkind = "redis"\nversion = "7"\n'
    )
    local = '[services.db]\nport = "x"\n'
    assert [(str(problem.where), problem.key) for problem in problems(manifest, local)] == [
        ("devenv.toml:2", "env.A"),
        ("devenv.toml:5", "services.db.version"),
        ("devenv.toml:7", "services.db.prot"),
        ("devenv.toml:10", "services.cache.version"),  # found although the shape of others is wrong
        ("devenv.local.toml:2", "services.db.port"),
    ]


def test_a_problem_has_a_place_a_sentence_and_something_to_do() -> None:
    assert problems('[project]\nname = "shop"\n[services.db]\nkind = "postgres"\nversion = 15\n') == (
        Problem(
            "must be text, not a number",
            'put it in quotes: version = "15"',
            Where("devenv.toml", 5),
            "services.db.version",
        ),
    )


def keys(manifest: str) -> list[str]:
    return [problem.key for problem in problems(f'[project]\nname = "shop"\n{manifest}')]


BROKEN = '[services.db]\nkind = "postgres"\nversion = 15\n'


def test_a_wrong_shape_does_not_hide_what_else_is_wrong() -> None:
    text = (
        f'{BROKEN}[services.a]\nkind = "redis"\nversion = "7.0"\nport = 5000\n[services.b]\nkind = "redis"\n'
        'version = "7.0"\nport = 5000\n[profiles]\nsmall = ["c"]\n[env]\nURL = "{{ services.c.url }}"\n'
    )
    assert keys(text) == ["services.db.version", "services.b.port", "profiles.small[0]", "env.URL"]


def test_a_service_of_a_wrong_shape_is_there_all_the_same() -> None:
    assert keys(f'{BROKEN}[profiles]\nsmall = ["db"]\n[env]\nURL = "{{{{ services.db.url }}}}"\n') == [
        "services.db.version"
    ]


def test_where_nobody_knows_the_services_nothing_that_names_one_is_wrong() -> None:
    text = 'services = 5\n[project]\nname = "shop"\n[env]\nURL = "{{ services.db.url }}"\n'
    assert [problem.key for problem in problems(text)] == ["services"]
