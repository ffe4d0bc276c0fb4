"""PostgreSQL's data across major versions: nothing is lost, and there is a way back."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

import psycopg
import pytest

from tests.engine.conftest import Make, Standin
from tests.engine.project import Project, own_port
from tests.engine.running import devenv, volumes, well
from tests.engine.upgrading import census, fill, version

MANIFEST = """\
[services.db]
kind = "postgres"
version = "{version}"
port = {port}
databases = ["shop", "other"]
extensions = ["pg_trgm", "hstore"]
users = {{ reader = "read'er" }}
"""


#: Functions with settings of their own: nothing is left of what they are given on the way.
PATHS = "SELECT proname, proconfig FROM pg_proc WHERE proconfig IS NOT NULL ORDER BY proname"

#: Those of projects, by name: nobody else's while one is moved.
PORTS: defaultdict[str, int] = defaultdict(own_port)


def at(own: Project, wanted: str, more: str = "") -> Project:
    text = MANIFEST.format(version=wanted, port=PORTS[own.name])
    own.write(text.replace('"hstore"]', f'"hstore"{more}]'))
    return own


def rows(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return list(connection.execute(query.encode()))


@pytest.mark.parametrize(
    ("path", "way"),
    [(("13", "17", "18"), "dump"), (("15", "17", "18"), "link")],
    ids=lambda value: value if isinstance(value, str) else "→".join(value),
)
def test_everything_comes_along(project: Make, standins: tuple[Standin, ...], path: tuple[str, ...], way: str) -> None:
    """Two ways: a dump is restored, or pg_upgrade converts a copy, whose indexes another C library then orders."""
    releases = [version(standins, "postgres", series) for series in path]
    own = at(project(""), releases[0])
    own.up()
    fill(own.url("db"))
    orders = rows(own.url("db"), "SELECT id, name, doc::text, price, raw, length FROM app.orders ORDER BY id")
    for before, release in pairwise(releases):
        at(own, release)
        refused = devenv(own, "up")
        assert (refused.code, "devenv sync   move it" in refused.err) == (5, True), refused
        said = well(devenv(own, "sync", "--yes", "--way", way)).err
        assert f"postgres {before} → {release}" in said
        assert ("pg_upgrade" in said) is (way == "link")
        counted = census(own, "db")
        assert counted[0].count("\n") > 80
        assert "in latin: table app.orders\t2000 " in counted[0]
        assert "in shop: table app.pages\t200 " in counted[0]
        own.up()
        url = own.url("db")
        assert str(rows(url, "SHOW server_version")[0][0]).split()[0] == release
        assert rows(url, "SELECT id, name, doc::text, price, raw, length FROM app.orders ORDER BY id") == orders
        assert rows(url, "SHOW work_mem") == [("17MB",)]
        assert rows(url, "SHOW log_line_prefix") == [("%m 'quoted' ",)]
        assert rows(url, PATHS) == [("is_named", ["work_mem=5MB"])]
        assert rows(url, "SELECT count(*) FROM app.pages WHERE app.slug(title) = 'page 7'") == [(1,)]
        cannot = int(release.split(".")[0]) >= 17
        assert ("cannot analyze app.pages in shop or rebuild its indexes: function folded(text)" in said) is cannot
        assert rows(f"{url.rpartition('/')[0]}/latin", "SHOW default_transaction_read_only") == [("on",)]
        assert rows(url, "SELECT lo_get(4711)") == [(b"a large object",)]
        assert rows(url, "SELECT nextval('app.orders_id_seq') > 2001") == [(True,)]
        alice = Project.as_user(url, "alice", "al'ice")
        assert rows(alice, "SHOW statement_timeout") == [("7min",)]
        assert rows(Project.as_user(url, "reader", "read'er"), "SELECT 1") == [(1,)]
        assert all(step.startswith("keep") for step in own.plan().values())
        assert "nothing to do" in well(devenv(own, "sync")).err
    at(own, releases[0])  # as on an old branch
    own.up()
    assert rows(own.url("db"), "SELECT id, name, doc::text, price, raw, length FROM app.orders ORDER BY id") == orders


def test_what_the_new_image_lacks_is_said_and_nothing_is_changed(project: Make, standins: tuple[Standin, ...]) -> None:
    old, new = (version(standins, "postgres", series) for series in ("15", "17"))
    own = at(project(""), old)
    own.up()
    at(own, old, ', "semver"')
    own.up()
    there = volumes(own)
    at(own, new)
    ended = devenv(own, "sync", "--yes")
    assert ended.code == 1, ended
    assert "lacks the extension semver (in other), semver (in shop)" in ended.err
    assert "db is as before, with all data" in ended.err
    assert volumes(own) == there
    at(own, old, ', "semver"')
    assert own.plan()["db"] == "keep: is as devenv.toml says"
    assert rows(own.url("db"), "SELECT extname FROM pg_extension WHERE extname = 'semver'") == [("semver",)]


#: Index -> whether another C library may order it otherwise.
INDEXES = {
    "bigint_key ON things (id)": False,
    "uuid_key ON things (code, at)": False,
    "carries ON things (id) INCLUDE (name)": False,
    'bytewise ON things (name COLLATE "C")': False,
    "enumerated ON things (mood)": False,
    "named ON things (name)": True,
    "german ON things (name COLLATE own)": True,
    "expressed ON things ((length(name)))": True,
    "partly ON things (id) WHERE name < 'm'": True,
    "json ON things (doc)": True,
    "ranges ON things (span)": True,
}


def test_of_indexes_only_those_that_may_order_texts_are_made_anew(project: Make, standins: tuple[Standin, ...]) -> None:
    """And collations know the version of the library that they are ordered by now. A column that was generated by
    another function than today's stops the dump: pg_upgrade takes its place."""
    old, new = (version(standins, "postgres", series) for series in ("15", "17"))
    own = at(project(""), old)
    own.up()
    with psycopg.connect(own.url("db"), autocommit=True) as connection:
        for statement in (
            "CREATE TYPE mood AS ENUM ('sad', 'glad')",
            "CREATE COLLATION own (provider = libc, locale = 'en_US.utf8')",
            "CREATE TYPE span AS RANGE (subtype = text)",
            "CREATE TABLE things AS SELECT i AS id, gen_random_uuid() AS code, now() AS at, 'n' || i AS name,"
            " 'sad'::mood AS mood, to_jsonb('n' || i) AS doc, span('a', 'n' || i) AS span FROM generate_series(1, 500) i",
            *(f"CREATE INDEX {index}" for index in INDEXES),
            "CREATE FUNCTION doubled(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 2 * $1'",
            "CREATE TABLE changed AS SELECT 4 AS id",
            "ALTER TABLE changed ADD twice int GENERATED ALWAYS AS (doubled(id)) STORED",
            "CREATE OR REPLACE FUNCTION doubled(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 3 * $1'",
        ):
            connection.execute(statement.encode())
    files = (
        "SELECT c.relname, pg_relation_filenode(c.oid) FROM pg_class c WHERE relkind = 'i' AND relname = ANY('{{{}}}')"
    )
    files = files.format(",".join(index.split()[0] for index in INDEXES))
    before = dict(rows(own.url("db"), files))
    at(own, new)
    said = well(devenv(own, "sync", "--yes")).err
    assert "dump and restore did not work (what is there after the move is not what was there before" in said
    assert "moved by pg_upgrade, on a copy" in said
    own.up()
    assert rows(own.url("db"), "TABLE changed") == [(4, 8)]
    after = dict(rows(own.url("db"), files))
    anew = {index: after[index.split()[0]] != before[index.split()[0]] for index in INDEXES}
    assert anew == INDEXES
    stale = "SELECT collname FROM pg_collation WHERE collversion <> pg_collation_actual_version(oid)"
    assert rows(own.url("db"), stale) == []


def test_rows_that_another_library_puts_into_other_partitions(project: Make, standins: tuple[Standin, ...]) -> None:
    """Nobody would find them where they are. The order is another one when the collation is: the old server does not
    notice, as none notices when its library is exchanged."""
    old, new = (version(standins, "postgres", series) for series in ("15", "17"))
    own = at(project(""), old)
    own.up()
    with psycopg.connect(own.url("db"), autocommit=True) as connection:
        for statement in (
            "CREATE COLLATION own (provider = libc, locale = 'C')",
            "CREATE TABLE names (name text COLLATE own) PARTITION BY RANGE (name)",
            "CREATE TABLE early PARTITION OF names FOR VALUES FROM (MINVALUE) TO ('a')",
            "CREATE TABLE late PARTITION OF names FOR VALUES FROM ('a') TO (MAXVALUE)",
            "INSERT INTO names VALUES ('B'), ('c')",
            "UPDATE pg_collation SET collcollate = 'en_US.utf8', collctype = 'en_US.utf8' WHERE collname = 'own'",
        ):
            connection.execute(statement.encode())
    there = volumes(own)
    at(own, new)
    ended = devenv(own, "sync", "--yes", "--way", "link")
    assert ended.code == 1, ended
    assert "rows of early in shop belong to other partitions there" in ended.err
    assert "db is as before, with all data" in ended.err
    assert volumes(own) == there
