"""Routes and recipes for MariaDB's data: manifests in, whole values out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devenv.model.resolved import ResolvedService
from devenv.model.upgrade import Do, Recipe, Refusal, Route, Way
from devenv.upgrades import registry
from tests.making import resolved


def way_of(old: ResolvedService, new: ResolvedService) -> Route | Refusal:
    """The first way, or why there is none."""
    found = registry.routes(old, new)
    return found if isinstance(found, Refusal) else found[0]


def service(kind: str, version: str, more: str = "") -> ResolvedService:
    return resolved(f'[services.db]\nkind = "{kind}"\nversion = "{version}"\n{more}').services["db"]


def steps(recipe: Recipe) -> list[tuple[str, str, str]]:
    """What is done, where, by which script."""
    return [(str(step.do), step.server, step.script) for step in recipe.steps]


@pytest.mark.parametrize(("old", "new"), [("10.5", "10.11"), ("10.5", "11.8"), ("10.11", "11.8"), ("11.8.3", "12.3")])
def test_any_newer_version_opens_the_copy(old: str, new: str) -> None:
    assert way_of(service("mariadb", old), service("mariadb", new)) == Route(Way.IN_PLACE, fixed=12, per_gb=25)


def test_an_older_version_does_not_touch_it() -> None:
    said = way_of(service("mariadb", "11.8.9"), service("mariadb", "10.11"))
    hint = "say mariadb 10.11 in devenv.toml, then: devenv up --fresh db   starts empty; the old data is kept"
    assert said == Refusal("data of 11.8.9 cannot go back to 10.11", hint)


def test_in_place_both_servers_open_one_copy_in_turn() -> None:
    old = service("mariadb", "10.5", "settings = { read-only = true, max_connections = 57 }\n")
    new = service("mariadb", "11.8", 'user = "app"\nusers = { reader = "x" }\nroot_password = "theirs"\n')
    way = way_of(old, new)
    assert isinstance(way, Route)
    recipe = registry.recipe(way, old, new)
    assert steps(recipe) == [
        ("copy", "", ""),
        ("serve", "old", ""),
        ("census", "old", "mysql/census.sh"),
        ("run", "old", "mysql/end.sh"),
        ("stop", "old", ""),
        ("serve", "new", ""),
        ("run", "new", "mariadb/upgrade.sh"),
        ("census", "new", "mysql/census.sh"),
        ("stop", "new", ""),
    ]
    assert [(server.name, dict(server.mounts), server.flags) for server in recipe.servers] == [
        ("old", {"/var/lib/mysql": "copy"}, ("--event-scheduler=OFF",)),
        ("new", {"/var/lib/mysql": "copy"}, ("--event-scheduler=OFF",)),
    ]
    assert (recipe.result, recipe.scratch, recipe.more) == ("copy", (), ("grant ",))
    # What would keep it from writing is not set; the rest is as production has it, so that a wrong setting shows here.
    assert recipe.servers[0].service.settings == {"max_connections": 57}
    values = {step.script: step.values for step in recipe.steps if step.script}["mysql/census.sh"]
    own = ",".join(f"x'{name.encode().hex()}'" for name in ("app", "devenv", "reader", "root"))
    assert values == {"DEVENV_OWN": own, "DEVENV_NEXT_PASSWORD": "theirs"}


@pytest.mark.parametrize(
    ("version", "collation"), [("11.8", "utf8mb4_uca1400_nopad_"), ("10.5", "utf8mb4_unicode_520_nopad_ci")]
)
def test_from_mysql_by_a_logical_copy(version: str, collation: str) -> None:
    old, new = service("mysql", "9.7"), service("mariadb", version)
    way = way_of(old, new)
    assert isinstance(way, Route)
    assert (way.way, way.verified) == (Way.DUMP, version == "11.8")
    recipe = registry.recipe(way, old, new)
    assert steps(recipe) == [
        ("start", "new", ""),
        ("copy", "", ""),
        ("serve", "old", ""),
        ("census", "old", "mysql/census.sh"),
        ("serve", "new", ""),
        ("run", "old", "mysql/dump.sh"),
        ("run", "new", "mysql/load.sh"),
        ("census", "new", "mysql/census.sh"),
        ("run", "new", "mysql/end.sh"),
        ("stop", "new", ""),
        ("stop", "old", ""),
    ]
    assert (recipe.result, recipe.scratch, recipe.more) == ("new", ("copy", "dump"), ("grant ", "database "))
    dump = next(step for step in recipe.steps if step.script == "mysql/dump.sh")
    assert collation in dump.values["DEVENV_COLLATIONS"]
    assert (dump.values["DEVENV_TO"], dump.values["DEVENV_NATIVE"]) == (f"MariaDB {version}", "yes")
    assert all(step.values["DEVENV_OTHER"] == "yes" for step in recipe.steps if step.do is Do.CENSUS)


@pytest.mark.parametrize(("old", "new"), [("mariadb", "mariadb"), ("mysql", "mariadb"), ("mariadb", "mysql")])
def test_names_of_tables_are_kept_as_they_were_made(old: str, new: str) -> None:
    before = service(old, "9.7" if old == "mysql" else "10.5", "settings = { lower-case-table-names = 1 }\n")
    after = service(new, "9.7" if new == "mysql" else "11.8")
    said = way_of(before, after)
    assert isinstance(said, Refusal)
    assert said.message == "lower_case_table_names acts only on new data: it is 1 there, and 0 is wanted"
    same = replace(after, settings={"lower_case_table_names": 1})
    assert isinstance(way_of(before, same), Route)
