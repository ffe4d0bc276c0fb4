"""Data that moves: what it is filled with, what became of it, and devenv killed at a given moment."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psycopg

from tests.engine.conftest import Standin
from tests.engine.project import Project, docker, own_port
from tests.engine.running import PATIENCE, environment

HERE = Path(__file__).parent


def version(standins: tuple[Standin, ...], kind: str, series: str) -> str:
    """The version of a series that there is an image of."""
    found = [item.version for item in standins if item.kind == kind and f"{item.version}.".startswith(f"{series}.")]
    assert found, f"there is no stand-in for {kind} {series}"
    return found[0]


def on_its_own_port(manifest: str) -> str:
    """A manifest whose version is still to be filled in, with a port for its first service."""
    return manifest.replace('{version}"\n', f'{{version}}"\nport = {own_port()}\n', 1)


def census(project: Project, service: str) -> tuple[str, str]:
    """What the last upgrade of a service counted before and after."""
    (folder,) = (project.root / "state" / "projects").glob(f"*/upgrades/{service}")
    return (folder / "census-before").read_text(), (folder / "census-after").read_text()


def journal(project: Project) -> str:
    """What a killed devenv left of the journal of upgrades; "" if the last one ended well."""
    found = list((project.root / "state" / "projects").glob("*/upgrade.jsonl"))
    return found[0].read_text() if found else ""


def killed(project: Project, moment: int | str, *words: str) -> tuple[bool, str]:
    """Run devenv and kill it (SIGKILL) at a moment of ``mortal.py``'s. False, and what it printed, if it came to its
    end before."""
    done = subprocess.run(
        [sys.executable, str(HERE / "mortal.py"), str(moment), *words],
        cwd=project.root,
        env=environment(project),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE * 2,
    )
    assert done.returncode in (0, -9), f"{done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.returncode == -9, done.stderr


def workbenches(project: Project) -> str:
    """What there is of a project's workbenches: containers, networks and volumes, running or not."""
    name = f"name={project.name}-upgrade"
    found = docker("ps", "--all", "--format", "{{.Names}}", "--filter", name)
    found += docker("network", "ls", "--format", "{{.Name}}", "--filter", name)
    return found + docker("volume", "ls", "--quiet", "--filter", name)


def fill(url: str) -> None:
    """Everything that a cluster can hold which people have lost in an upgrade."""
    split = url.rpartition("/")
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in ROLES:
            connection.execute(statement.encode())
    for base in ("shop", "other", "latin"):
        with psycopg.connect(f"{split[0]}/{base}", autocommit=True) as connection:
            for statement in TABLES:
                connection.execute(statement.encode())
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(b"ALTER DATABASE latin SET default_transaction_read_only = on")


ROLES = (
    "CREATE ROLE alice LOGIN PASSWORD 'al''ice'",
    'CREATE ROLE "Bob Smith" NOLOGIN',
    'GRANT alice TO "Bob Smith"',
    "ALTER ROLE alice SET statement_timeout = '7min'",
    "ALTER DATABASE other SET search_path = app, public",
    "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C' OWNER alice",
    "ALTER SYSTEM SET work_mem = '17MB'",
    "ALTER SYSTEM SET log_line_prefix = '%m ''quoted'' '",
)
TABLES = (
    "CREATE SCHEMA app AUTHORIZATION alice",
    "CREATE TABLE app.orders (id bigserial PRIMARY KEY, name text NOT NULL, at timestamptz DEFAULT now(), doc jsonb,"
    " price float8, raw bytea, length int GENERATED ALWAYS AS (length(name)) STORED, UNIQUE (name))",
    "ALTER TABLE app.orders OWNER TO alice",
    "INSERT INTO app.orders (name, doc, price, raw) SELECT 'order ' || i, jsonb_build_object('i', i), random() * i,"
    " decode(md5(i::text), 'hex') FROM generate_series(1, 2000) i",
    "SELECT nextval('app.orders_id_seq')",
    "CREATE TABLE parts (id int, body text) PARTITION BY RANGE (id)",
    "CREATE TABLE parts_low PARTITION OF parts FOR VALUES FROM (0) TO (100)",
    "CREATE TABLE parts_high PARTITION OF parts FOR VALUES FROM (100) TO (1000)",
    "INSERT INTO parts SELECT i, 'part ' || i FROM generate_series(1, 900) i",
    "CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM parts",
    "CREATE VIEW seen AS SELECT id FROM parts",
    "SELECT lo_from_bytea(4711, 'a large object'::bytea)",
    "SELECT lo_from_bytea(4712, decode(repeat('ff', 5000), 'hex'))",
    "CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "CREATE TRIGGER stamped BEFORE INSERT ON app.orders FOR EACH ROW EXECUTE FUNCTION stamp()",
    "GRANT SELECT ON parts TO alice",
    # Functions that need the search_path of who calls them, an extension's among them.
    "CREATE FUNCTION folded(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT lower($1)'",
    "CREATE FUNCTION app.slug(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT folded($1)'",
    "CREATE FUNCTION app.is_named(text) RETURNS bool IMMUTABLE LANGUAGE plpgsql SET work_mem = '5MB' AS"
    " 'BEGIN RETURN length(folded($1)) > 0; END'",
    "CREATE TABLE app.pages (title text CHECK (app.is_named(title)),"
    " slug text GENERATED ALWAYS AS (app.slug(title)) STORED)",
    "INSERT INTO app.pages SELECT 'Page ' || i FROM generate_series(1, 200) i",
    "CREATE INDEX pages_slug ON app.pages (app.slug(title))",
    "CREATE EXTENSION cube",
    "CREATE EXTENSION earthdistance",
    "CREATE TABLE app.places (x float, y float)",
    "INSERT INTO app.places SELECT i, i FROM generate_series(1, 90) i",
    "CREATE INDEX places_earth ON app.places USING gist (ll_to_earth(x, y))",
)
