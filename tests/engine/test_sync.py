"""A team follows production: read, synced, moved on, synced again, taken back."""

from __future__ import annotations

import copy
import json
import signal
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis

from tests.engine.conftest import Make, Standin
from tests.engine.project import Project
from tests.engine.running import Terminal, devenv, docker_that, well

CANARIES = ("canary-master-password", "canary-auth-token", "canary-parameter")
STATE = "infra/prod.tfstate"


def instance(kind: str, name: str, attributes: dict[str, Any]) -> dict[str, Any]:
    provider = 'provider["registry.terraform.io/hashicorp/aws"]'
    return {
        "mode": "managed",
        "type": kind,
        "name": name,
        "provider": provider,
        "instances": [{"schema_version": 2, "attributes": attributes, "sensitive_attributes": []}],
    }


def state(standins: tuple[Standin, ...]) -> dict[str, Any]:
    """Production as Terraform has it: Postgres 15 with two settings, Redis 7.0, secrets beside them."""
    parameters = [
        {"name": "max_connections", "value": "77", "apply_method": "pending-reboot"},
        {"name": "statement_timeout", "value": "61000", "apply_method": "immediate"},
        {"name": "primary_conninfo", "value": CANARIES[2], "apply_method": "immediate"},
    ]
    database = {
        "identifier": "shop-prod",
        "engine": "postgres",
        "engine_version": "15",
        "engine_version_actual": version(standins, "postgres", "15"),
        "parameter_group_name": "shop-pg15",
        "username": "admin",
        "password": CANARIES[0],
    }
    cache = {
        "replication_group_id": "shop-cache",
        "engine": "redis",
        "engine_version": "7.0",
        "engine_version_actual": version(standins, "redis", "7.0"),
        "auth_token": CANARIES[1],
    }
    group = {"name": "shop-pg15", "family": "postgres15", "parameter": parameters}
    return {
        "version": 4,
        "terraform_version": "1.11.4",
        "serial": 1,
        "lineage": "x",
        "outputs": {},
        "resources": [
            instance("aws_db_instance", "main", database),
            instance("aws_db_parameter_group", "main", group),
            instance("aws_elasticache_replication_group", "cache", cache),
        ],
        "check_results": None,
    }


def version(standins: tuple[Standin, ...], kind: str, series: str) -> str:
    return next(item.version for item in standins if item.kind == kind and f"{item.version}.".startswith(f"{series}."))


MANIFEST = f"""\
# What the shop needs.
[environments.production]
sources = [{{ path = "{STATE}" }}]

[services.db]            # orders
kind = "postgres"
version = "15.1"         # a guess
variant = "bookworm"

[services.cache]
kind = "redis"
version = '7.0.1'
variant = "bookworm"
"""


def plain(standins: tuple[Standin, ...], manifest: str) -> str:
    """Stand-ins have no variants everywhere."""
    have = {item.kind: item.variant for item in standins if item.version.startswith(("15", "7.0"))}
    return (
        manifest
        if all(have.get(kind) for kind in ("postgres", "redis"))
        else manifest.replace('variant = "bookworm"\n', "")
    )


@pytest.fixture
def shop(project: Make, standins: tuple[Standin, ...]) -> Project:
    made = project(plain(standins, MANIFEST))
    made.file(STATE, json.dumps(state(standins)))
    return made


def changed(made: Project, *words: str, code: int = 0) -> dict[str, Any]:
    report = made.json("sync", *words, code=code)
    return {f"{change['service']}.{change['key']}": change["new"] for change in report["changes"]}


def test_a_team_follows_production(shop: Project, standins: tuple[Standin, ...]) -> None:
    postgres, cache = version(standins, "postgres", "15"), version(standins, "redis", "7.0")
    wanted = {
        "db.version": postgres,
        "db.settings.max_connections": 77,
        "db.settings.statement_timeout": 61000,
        "cache.version": cache,
    }
    assert changed(shop, "--check", code=3) == wanted
    before = (shop.root / "devenv.toml").read_text()
    refused = devenv(shop, "sync")
    assert (refused.code, "devenv sync --yes" in refused.err) == (6, True), refused
    assert (shop.root / "devenv.toml").read_text() == before
    assert not (shop.root / "devenv.lock").exists()

    said = well(devenv(shop, "sync", "--yes")).err
    assert f"~ services.db.version: 15.1 → {postgres}" in said
    assert f"terraform-state aws_db_instance.main (engine_version_actual) in {STATE}" in said
    text = (shop.root / "devenv.toml").read_text()
    assert text.startswith(before.split("[services.db]")[0])
    assert "[services.db]            # orders\n" in text
    assert f'version = "{postgres}"         # a guess; from terraform-state aws_db_instance.main' in text
    assert f"version = '{cache}'" in text
    shop.up()
    with psycopg.connect(shop.url("db"), autocommit=True) as connection:
        assert connection.execute("SHOW max_connections").fetchone() == ("77",)
        assert connection.execute("SHOW statement_timeout").fetchone() == ("61s",)
        assert connection.execute("SHOW server_version").fetchone()[0].startswith(postgres)  # type: ignore[index]
        connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
    with redis.Redis.from_url(shop.url("cache")) as client:
        assert client.info("server")["redis_version"] == cache
    assert changed(shop, "--check") == {}
    assert "nothing to do" in well(devenv(shop, "sync")).err

    production_moves(shop, standins)
    report = shop.json("sync", "--check", code=3)
    evidence = {f"{c['service']}.{c['key']}": c["evidence"]["address"] for c in report["changes"]}
    assert evidence == dict.fromkeys(
        ["db.settings.max_connections", "db.settings.timezone"], "aws_db_parameter_group.main"
    )
    said = well(devenv(shop, "sync", "--yes")).err
    assert "± recreate db" in said
    assert "= keep cache" in said
    with psycopg.connect(shop.url("db")) as connection:
        assert connection.execute("SHOW timezone").fetchone() == ("Europe/Berlin",)
        assert connection.execute("SELECT one FROM kept").fetchone() == (1,)
    assert changed(shop, "--check") == {}
    assert all(step.startswith("keep") for step in shop.plan().values())

    well(devenv(shop, "sync", "--rollback", "--yes"))
    assert (shop.root / "devenv.toml").read_text() == text
    with psycopg.connect(shop.url("db")) as connection:
        assert connection.execute("SHOW max_connections").fetchone() == ("77",)
        assert connection.execute("SELECT one FROM kept").fetchone() == (1,)
    verbs = [(entry["verb"], entry["undone"]) for entry in shop.json("history")["history"]]
    assert [entry for entry in verbs if entry[0] != "up"] == [("sync", False), ("sync", True), ("rollback", False)]
    assert no_canary(shop)


def production_moves(shop: Project, standins: tuple[Standin, ...]) -> None:
    moved = copy.deepcopy(state(standins))
    parameters = moved["resources"][1]["instances"][0]["attributes"]["parameter"]
    parameters[0]["value"] = "88"
    parameters.append({"name": "timezone", "value": "Europe/Berlin", "apply_method": "immediate"})
    shop.file(STATE, json.dumps(moved))


def no_canary(shop: Project, *inputs: str) -> bool:
    """No secret of production is in any file that devenv wrote."""
    for path in shop.root.rglob("*"):
        if path.is_file() and path.relative_to(shop.root).as_posix() not in (STATE, *inputs):
            text = path.read_text(errors="replace")
            assert not [canary for canary in CANARIES if canary in text], path
    return True


BOOKS = """\
[services.books]
kind = "mariadb"
version = "{version}"
settings = {{ lower_case_table_names = {cases} }}

[services.cache]
kind = "redis"
version = "7.0"
settings = {{ maxmemory-policy = "{policy}" }}
"""


def test_what_acts_only_on_new_data_keeps_nobody_else_behind(project: Make, standins: tuple[Standin, ...]) -> None:
    running = version(standins, "mariadb", "10.11")
    made = project(BOOKS.format(version=running, cases=0, policy="noeviction"))
    made.up()
    made.write(BOOKS.format(version=running, cases=1, policy="allkeys-lru"))
    for word in ("recreate cache: maxmemory-policy noeviction → allkeys-lru", "nothing to do"):
        ended = devenv(made, "sync", "--yes")
        assert (ended.code, word in ended.err) == (5, True), ended
        assert "not done: books: there is data here already, and this acts only on new data: lower_case" in ended.err
    with redis.Redis.from_url(made.url("cache")) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "allkeys-lru"}


def test_a_new_major_version_takes_its_data_along(shop: Project, standins: tuple[Standin, ...]) -> None:
    """And a sync that is taken back returns to the data of before."""
    well(devenv(shop, "sync", "--yes"))
    shop.up()
    with psycopg.connect(shop.url("db"), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
    moved, wanted = copy.deepcopy(state(standins)), version(standins, "postgres", "17")
    moved["resources"][0]["instances"][0]["attributes"]["engine_version_actual"] = wanted
    moved["resources"][1]["instances"][0]["attributes"]["parameter"][0]["value"] = "99"
    shop.file(STATE, json.dumps(moved))
    text = (shop.root / "devenv.toml").read_text().replace('variant = "bookworm"\n', "")
    (shop.root / "devenv.toml").write_text(text)
    ended = well(devenv(shop, "sync", "--yes"))
    assert "~ services.db.settings.max_connections: 77 → 99" in ended.err
    assert f"→ {wanted}, and nothing is missing" in ended.err
    with psycopg.connect(shop.url("db"), autocommit=True) as connection:
        assert connection.execute("SHOW max_connections").fetchone() == ("99",)
        assert connection.execute("SHOW server_version").fetchone()[0].startswith(wanted)  # type: ignore[index]
        assert connection.execute("SELECT one FROM kept").fetchone() == (1,)
        connection.execute("DROP TABLE kept")
    well(devenv(shop, "sync", "--rollback", "--yes"))
    with psycopg.connect(shop.url("db")) as connection:
        assert connection.execute("SHOW server_version").fetchone()[0].startswith("15.")  # type: ignore[index]
        assert connection.execute("SELECT one FROM kept").fetchone() == (1,)


def test_a_source_that_cannot_be_read_keeps_nobody_from_following(shop: Project) -> None:
    """A colleague who pulled and has no access to production: all is done, and that it is not all is told."""
    well(devenv(shop, "sync", "--yes"))
    (shop.root / STATE).unlink()
    ended = devenv(shop, "sync")
    assert ended.code == 7, ended
    assert f"note: {STATE}: there is no such file" in ended.err
    assert "nothing to do" in ended.err
    checked = devenv(shop, "sync", "--check")
    assert checked.code == 7, checked


def test_a_rollback_takes_nothing_of_anybody_elses_back(shop: Project) -> None:
    nothing = devenv(shop, "sync", "--rollback", "--yes")
    assert (nothing.code, "there is no sync to undo" in nothing.err) == (6, True)
    well(devenv(shop, "sync", "--yes"))
    text = (shop.root / "devenv.toml").read_text()
    (shop.root / "devenv.toml").write_text(text + "# mine\n")
    ended = devenv(shop, "sync", "--rollback", "--yes")
    assert (ended.code, "was edited after the sync" in ended.err) == (6, True), ended
    assert (shop.root / "devenv.toml").read_text() == text + "# mine\n"


def test_a_service_that_the_manifest_does_not_have(shop: Project, standins: tuple[Standin, ...]) -> None:
    known = state(standins)
    sessions = {"cluster_id": "sessions", "engine": "memcached", "engine_version": version(standins, "memcached", "1")}
    known["resources"].append(instance("aws_elasticache_cluster", "sessions", sessions))
    shop.file(STATE, json.dumps(known))
    said = well(devenv(shop, "sync", "--yes")).err
    assert f"Production also runs memcached {sessions['engine_version']}. Add it: devenv sync --add" in said
    shop.up()
    assert "+ create sessions" in well(devenv(shop, "sync", "--add", "--dry-run")).out
    well(devenv(shop, "sync", "--add", "--yes"))
    assert '[services.sessions]\nkind = "memcached"\n' in (shop.root / "devenv.toml").read_text()
    assert "nothing to do" in well(devenv(shop, "up")).err
    assert changed(shop, "--check") == {}


def test_somebody_is_asked(shop: Project) -> None:
    before = (shop.root / "devenv.toml").read_text()
    terminal = Terminal(shop, "sync")
    terminal.says("Do it? [y/N]: ")
    terminal.types("n\r")
    assert terminal.end() == 6
    assert "not confirmed" in terminal.said
    assert (shop.root / "devenv.toml").read_text() == before
    again = Terminal(shop, "sync")
    again.says("Do it? [y/N]: ")
    again.types("y\r")
    assert again.end() == 0
    assert (shop.root / "devenv.toml").read_text() != before


def test_killed_while_what_runs_is_brought_in_step(
    shop: Project, standins: tuple[Standin, ...], tmp_path: Path
) -> None:
    """The next sync goes on from there; a rollback takes it back all the same."""
    well(devenv(shop, "sync", "--yes"))
    shop.up()
    text = (shop.root / "devenv.toml").read_text()
    production_moves(shop, standins)
    path = docker_that(tmp_path / "bin", "case \"$*\" in *' up '*) kill -KILL $PPID; exit 1;; esac")
    assert devenv(shop, "sync", "--yes", PATH=path).code == -signal.SIGKILL
    assert changed(shop, "--check") == {}
    said = well(devenv(shop, "sync", "--yes")).err
    assert "recreate db" in said
    with psycopg.connect(shop.url("db")) as connection:
        assert connection.execute("SHOW max_connections").fetchone() == ("88",)
    well(devenv(shop, "sync", "--rollback", "--yes"))
    assert (shop.root / "devenv.toml").read_text() == text


def test_what_a_developers_own_layer_says_wins_here(shop: Project) -> None:
    shop.file("devenv.local.toml", '[services.cache]\nversion = "7.0.9"\n')
    assert "devenv.local.toml sets another value, which applies on this machine" in devenv(shop, "sync", "--check").out


def test_a_registry_that_lacks_the_version_holds_nothing_else_back(
    shop: Project, standins: tuple[Standin, ...]
) -> None:
    """Nor the one that devenv.toml has: that service stays as it is, unlocked, and the others follow."""
    moved = state(standins)
    moved["resources"][2]["instances"][0]["attributes"]["engine_version_actual"] = "7.0.99"
    shop.file(STATE, json.dumps(moved))
    ended = devenv(shop, "sync", "--yes")
    assert (ended.code, "not done: cache: no image redis:7.0.99" in ended.err) == (1, True), ended
    text = (shop.root / "devenv.toml").read_text()
    assert "version = '7.0.1'\n" in text
    assert f'version = "{version(standins, "postgres", "15")}"' in text
    assert "redis" not in (shop.root / "devenv.lock").read_text()


BROKER = """\
apiVersion: rabbitmq.com/v1beta1
kind: RabbitmqCluster
metadata: {{name: shop-queue}}
spec:
  image: rabbitmq:{version}
  rabbitmq:
    additionalPlugins: [{plugins}]
---
apiVersion: v1
kind: Secret
metadata: {{name: shop-queue}}
stringData: {{password: canary-auth-token}}
"""


def test_a_patch_and_a_plugin(project: Make, standins: tuple[Standin, ...]) -> None:
    """Two sources, each of which moves: a cache's patch in the state, a broker's plugin in its cluster's object."""
    old, new = sorted({item.version for item in standins if item.kind == "memcached"}, key=lambda v: v.split(".")[-1])[
        :2
    ]
    broker = version(standins, "rabbitmq", "3.10")
    made = project(
        f'[environments.production]\nsources = [{{ path = "{STATE}" }}, {{ path = "k8s" }}]\n'
        f'[services.sessions]\nkind = "memcached"\nversion = "{old}"\n'
        f'[services.queue]\nkind = "rabbitmq"\nversion = "{broker}"\n'
    )

    def production(sessions: str, plugins: str) -> None:
        attributes = {"cluster_id": "sessions", "engine": "memcached", "engine_version": sessions}
        known = state(standins) | {"resources": [instance("aws_elasticache_cluster", "sessions", attributes)]}
        made.file(STATE, json.dumps(known))
        made.file("k8s/queue.yaml", BROKER.format(version=broker, plugins=plugins))

    production(old, "")
    well(devenv(made, "sync", "--yes"))
    made.up()
    assert changed(made, "--check") == {}
    production(new, "rabbitmq_shovel")
    report = made.json("sync", "--check", code=3)
    told = {f"{c['service']}.{c['key']}": (c["new"], c["evidence"]["address"]) for c in report["changes"]}
    assert told["sessions.version"] == (new, "aws_elasticache_cluster.sessions")
    plugins, address = told["queue.plugins"]
    assert ("rabbitmq_shovel" in plugins, address) == (True, "RabbitmqCluster/shop-queue")
    well(devenv(made, "sync", "--yes"))
    assert {item["service"]: item["version"] for item in made.up()["services"]} == {"sessions": new, "queue": broker}
    enabled = made.run("exec", "queue", "--", "rabbitmq-plugins", "list", "--silent", "--minimal", "--enabled")
    assert "rabbitmq_shovel" in enabled.split()
    assert changed(made, "--check") == {}
    assert "nothing to do" in well(devenv(made, "sync")).err
    well(devenv(made, "sync", "--rollback", "--yes"))
    assert {item["service"]: item["version"] for item in made.up()["services"]} == {"sessions": old, "queue": broker}
    assert no_canary(made, "k8s/queue.yaml")


def test_what_has_no_image_holds_nothing_else_back(shop: Project, standins: tuple[Standin, ...]) -> None:
    """The service keeps what it had; all others follow, and a rollback takes that back."""
    well(devenv(shop, "sync", "--yes"))
    shop.up()
    before = (shop.root / "devenv.toml").read_text()
    moved = copy.deepcopy(state(standins))
    moved["resources"][2]["instances"][0]["attributes"]["engine_version_actual"] = "7.0.999"
    moved["resources"][1]["instances"][0]["attributes"]["parameter"][0]["value"] = "99"
    shop.file(STATE, json.dumps(moved))
    ended = devenv(shop, "sync", "--yes")
    assert ended.code == 1, ended
    assert "not done: cache: no image redis:7.0.999" in ended.err
    with psycopg.connect(shop.url("db")) as connection:
        assert connection.execute("SHOW max_connections").fetchone() == ("99",)
    assert "7.0.999" not in (shop.root / "devenv.toml").read_text()
    shown = well(devenv(shop, "sync", "--rollback", "--dry-run"))
    assert "± recreate db" in shown.out
    assert (shop.root / "devenv.toml").read_text() != before
    well(devenv(shop, "sync", "--rollback", "--yes"))
    assert (shop.root / "devenv.toml").read_text() == before
