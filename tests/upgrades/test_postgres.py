"""Routes and recipes for PostgreSQL's data: by a dump, or by pg_upgrade where that is the faster way and can be had."""

from __future__ import annotations

import pytest

from devenv.model.problem import Problem
from devenv.model.resolved import ResolvedService
from devenv.model.upgrade import COPY, NEW, Do, Refusal, Route, Upgrade, Way
from devenv.stages.plan_upgrade import after_failure, choose, further_routes, without_way
from devenv.upgrades import postgres, registry
from tests.making import resolved


def db(version: str, more: str = "") -> ResolvedService:
    return resolved(f'[services.db]\nkind = "postgres"\nversion = "{version}"\n{more}').services["db"]


def chosen(old: ResolvedService, new: ResolvedService, size: int | None, wanted: Way | None = None) -> Way:
    found = choose(registry.routes(old, new), lambda stops: (), size=size, wanted=wanted)
    assert not isinstance(found, Refusal)
    return found[0].way


def test_much_data_goes_by_pg_upgrade() -> None:
    old, new = db("15.4"), db("17.2")
    assert chosen(old, new, postgres.LARGE - 1) is Way.DUMP
    assert chosen(old, new, postgres.LARGE) is Way.LINK
    assert chosen(old, new, None) is Way.DUMP  # nobody could look how much it is
    assert chosen(old, new, 1, Way.LINK) is Way.LINK
    assert chosen(old, new, postgres.LARGE, Way.DUMP) is Way.DUMP


def test_a_way_that_is_not_possible_is_refused() -> None:
    problem = without_way(db("13"), db("15.4"), Way.LINK)
    assert problem == Problem(
        "db: --way link is not possible from postgres 13 to postgres 15.4; possible: dump",
        "devenv sync db   chooses the way itself",
    )
    assert without_way(db("15.4"), db("17.2"), Way.LINK) is None
    assert without_way(db("17.2"), db("15.4"), Way.LINK) is None  # no way at all, which has its own refusal


def test_what_is_tried_where_a_way_does_not_work() -> None:
    old, new = db("15.4"), db("17.2")
    assert [route.way for route in further_routes(old, new, Route(Way.DUMP))] == [Way.LINK]
    assert [route.way for route in further_routes(old, new, Route(Way.LINK))] == [Way.DUMP]
    assert further_routes(db("13"), db("15.4"), Route(Way.DUMP)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (db("15.4", 'variant = "alpine"\n'), db("17.2")),
        (db("15.4"), db("17.2", 'variant = "alpine3.20"\n')),
        (db("15.4", 'image = "timescale/timescaledb:2.15-pg15"\n'), db("17.2")),
        (db("13"), db("15.4")),
    ],
    ids=["from alpine", "to alpine", "another image", "a version that does not take over locales"],
)
def test_where_pg_upgrade_cannot_be_had_a_dump_does(old: ResolvedService, new: ResolvedService) -> None:
    assert chosen(old, new, 10**12) is Way.DUMP
    assert without_way(old, new, Way.LINK)


@pytest.mark.parametrize(
    ("old", "hint"),
    [
        ("15.4", "devenv sync db --way link   moves it by pg_upgrade, on a copy"),
        (
            "17.2",
            "mend that in the data that 17.2 serves, then: devenv sync db\n"
            "  say postgres 18.1 in devenv.toml, then: devenv up --fresh db   starts empty; the old data is kept",
        ),
    ],
    ids=["another way", "no other way"],
)
def test_what_to_do_where_a_dump_does_not_work(old: str, hint: str) -> None:
    service, new = db(old, "" if old == "15.4" else 'variant = "alpine"\n'), db("18.1")
    recipe = registry.recipe(Route(Way.DUMP), service, new)
    assert after_failure(Upgrade(service, new, (), (), "", Route(Way.DUMP), recipe)) == hint


def test_a_dump_is_asked_of_the_old_server_by_the_new_tools() -> None:
    old, new = db("15.4", 'user = "app"\n'), db("18.1")
    recipe = registry.recipe(Route(Way.DUMP), old, new)
    scripts = [(step.server, step.script) for step in recipe.steps if step.script]
    assert scripts == [
        ("old", "postgres/pin.sh"),
        ("old", "postgres/census.sh"),
        ("new", "postgres/note.sh"),
        ("new", "postgres/dump.sh"),
        ("new", "postgres/restore.sh"),
        ("new", "postgres/configure.sh"),
        ("new", "postgres/census.sh"),
        ("new", "postgres/unpin.sh"),
    ]
    dump = next(step for step in recipe.steps if step.script == "postgres/dump.sh")
    assert dict(dump.values) == {"DEVENV_USER": "app", "PGHOST": "/devenv/old"}
    mounted = {server.name: dict(server.mounts) for server in recipe.servers}
    assert mounted["old"] == {"/var/lib/postgresql/data": COPY, "/var/run/postgresql": "sockets"}
    assert mounted["new"] == {"/var/lib/postgresql": NEW, "/devenv/old": "sockets", "/devenv/dump": "dump"}
    assert recipe.result == NEW


def test_pg_upgrade_works_in_the_copy_with_the_old_images_programs() -> None:
    old, new = db("15.4"), db("17.2", 'extensions = ["pg_stat_statements"]\n')
    recipe = registry.recipe(Route(Way.LINK), old, new)
    link = next(step for step in recipe.steps if step.script == "postgres/link.sh")
    assert dict(link.values) == {"DEVENV_OLD": "15", "DEVENV_NEW": "17", "DEVENV_PRELOAD": "pg_stat_statements"}
    tools = next(server for server in recipe.servers if server.name == "tools")
    assert tools.idle
    assert tools.mounts["/devenv/data"] == COPY
    assert {"/usr/lib/postgresql/15", "/usr/share/postgresql/15"} <= tools.mounts.keys()
    assert recipe.result == COPY
    # What needs no data is made while that is copied.
    first = next(number for number, step in enumerate(recipe.steps) if not step.beside)
    assert [step.server for step in recipe.steps[:first]] == ["lift", "lift", "tools"]
    assert recipe.steps[first].do is Do.COPY
