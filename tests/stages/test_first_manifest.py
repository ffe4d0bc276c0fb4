"""A folder's name and what was typed -> a first devenv.toml."""

from __future__ import annotations

import pytest

from devenv.model.production import Place
from devenv.stages.first_manifest import first_manifest, project_name
from tests.making import manifest


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("shop", "shop"),
        ("My Shop_2", "my-shop-2"),
        ("24h", "project-24h"),
        ("Ü", "u"),
        ("été", "ete"),
        ("店", "project"),
        ("", "project"),
    ],
)
def test_a_name_after_the_folder(folder: str, name: str) -> None:
    assert project_name(folder) == name
    assert f'name = "{name}"' in first_manifest(name, ())


def test_names_are_not_too_long() -> None:
    assert project_name("a" * 39 + "-" * 3 + "b") == "a" * 39


def test_sources_are_where_sync_finds_them() -> None:
    text = first_manifest("shop", [Place(path='in fra/"prod".tfstate'), Place(url_env="PROD_URL")])
    sources = manifest(text.partition("\n\n")[2]).environments["production"]["sources"]
    assert sources == [{"path": 'in fra/"prod".tfstate'}, {"url_env": "PROD_URL"}]


def test_what_it_shows_is_right_where_it_is_no_comment() -> None:
    shown = first_manifest("shop", ()).partition("\n\n")[2].replace("\n# ", "\n").removeprefix("# ")
    made = manifest(shown)
    assert set(made.services) == {"db"}
    assert dict(made.env) == {"DATABASE_URL": "{{ services.db.url }}"}
    assert set(made.environments) == {"production"}
