"""Routes and recipes for MySQL's data. Of most hops there is no server here: they are proved as plans."""

from __future__ import annotations

import pytest

from devenv.model.resolved import ResolvedService
from devenv.model.upgrade import Refusal, Route, Way
from devenv.upgrades import registry
from tests.making import resolved


def way_of(old: ResolvedService, new: ResolvedService) -> Route | Refusal:
    """The first way, or why there is none."""
    found = registry.routes(old, new)
    return found if isinstance(found, Refusal) else found[0]


def service(kind: str, version: str, more: str = "") -> ResolvedService:
    return resolved(f'[services.db]\nkind = "{kind}"\nversion = "{version}"\n{more}').services["db"]


@pytest.mark.parametrize(
    ("old", "new", "stops"),
    [
        ("5.7", "8.0", ()),
        ("8.0.36", "8.4", ()),
        ("5.7", "8.4", ("8.0",)),
        ("5.7.44", "9.7", ("8.0", "8.4")),
        ("8.0", "9.7", ("8.4",)),
        ("8.4", "9.7", ()),
        ("8.0", "9.4", ("8.4",)),
        ("8.4", "26.7", ("9.7",)),
        ("9.5", "26.7", ("9.7",)),
        ("9.7", "26.7", ()),
        ("8.1", "8.4", ()),
        ("8.3", "9.4", ("8.4",)),
    ],
)
def test_no_long_term_series_is_skipped(old: str, new: str, stops: tuple[str, ...]) -> None:
    way = way_of(service("mysql", old), service("mysql", new))
    assert isinstance(way, Route)
    assert (way.way, way.stops, way.verified) == (Way.STEPS if stops else Way.IN_PLACE, stops, False)


def test_what_real_servers_prove_is_said() -> None:
    way = way_of(service("mysql", "9.7.1"), service("mysql", "9.7.4"))
    assert way == Route(Way.IN_PLACE, fixed=15, per_gb=25, verified=True)


def test_older_than_any_server() -> None:
    said = way_of(service("mysql", "5.6"), service("mysql", "8.0"))
    assert isinstance(said, Refusal)
    assert said.message == "no MySQL that devenv can start opens data of 5.6"


def test_step_by_step_each_server_is_ended_before_the_next_opens_the_data() -> None:
    old = service("mysql", "5.7", "settings = { lower_case_table_names = 1, query_cache_size = 0 }\n")
    new = service("mysql", "9.7", "settings = { lower_case_table_names = 1 }\n")
    way = way_of(old, new)
    assert isinstance(way, Route)
    hops = [
        service("mysql", text, "settings = { lower_case_table_names = 1, query_cache_size = 0 }\n")
        for text in way.stops
    ]
    recipe = registry.recipe(way, old, new, hops)
    assert [(str(step.do), step.server, step.script) for step in recipe.steps] == [
        ("copy", "", ""),
        ("serve", "old", ""),
        ("census", "old", "mysql/census.sh"),
        ("run", "old", "mysql/end.sh"),
        ("stop", "old", ""),
        ("serve", "stop-8-0", ""),
        ("run", "stop-8-0", "mysql/end.sh"),
        ("stop", "stop-8-0", ""),
        ("serve", "stop-8-4", ""),
        ("run", "stop-8-4", "mysql/end.sh"),
        ("stop", "stop-8-4", ""),
        ("serve", "new", ""),
        ("census", "new", "mysql/census.sh"),
        ("run", "new", "mysql/end.sh"),
        ("stop", "new", ""),
    ]
    assert all(dict(server.mounts) == {"/var/lib/mysql": "copy"} for server in recipe.servers)
    images = {server.name: (server.service.image.familiar, server.service.settings) for server in recipe.servers}
    # The stops have what makes them able to open the data, and nothing that only another version knows.
    assert images["stop-8-0"] == ("mysql:8.0", {"lower_case_table_names": 1})
    assert images["stop-8-4"] == ("mysql:8.4", {"lower_case_table_names": 1})
    gone = [step.values.get("DEVENV_NO_NATIVE", "") for step in recipe.steps if step.script == "mysql/end.sh"]
    assert gone == ["", "MySQL 8.4", "MySQL 9.7", ""]


def test_accounts_may_go_on_as_they_were_where_the_server_is_told_to_let_them() -> None:
    old = service("mysql", "8.0")
    new = service("mysql", "8.4", "settings = { mysql-native-password = 'ON' }\n")
    recipe = registry.recipe(Route(Way.IN_PLACE), old, new)
    assert not any("DEVENV_NO_NATIVE" in step.values for step in recipe.steps)


def test_from_mariadb_by_a_logical_copy() -> None:
    old, new = service("mariadb", "11.8"), service("mysql", "9.7")
    way = way_of(old, new)
    assert isinstance(way, Route)
    assert (way.way, way.verified) == (Way.DUMP, True)
    recipe = registry.recipe(way, old, new)
    dump = next(step for step in recipe.steps if step.script == "mysql/dump.sh")
    assert dump.values["DEVENV_TO"] == "MySQL 9.7"
    assert "DEVENV_NATIVE" not in dump.values
    said = way_of(old, service("mysql", "5.7"))
    assert isinstance(said, Refusal)
    assert said.message == "devenv knows no way from MariaDB to MySQL 5.7"
