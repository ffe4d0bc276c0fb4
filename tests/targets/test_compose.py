"""The Compose file: read back as Compose would."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devenv import yamlio
from devenv.errors import ManifestError
from devenv.targets import compose
from devenv.targets.mark import read_mark
from tests.making import DIGEST, resolved

DB = '[services.db]\nkind = "postgres"\nversion = "15.4"\nvariant = "bookworm"\n'
QUEUE = '[services.queue]\nkind = "rabbitmq"\nversion = "3.12"\n'


def document(text: str) -> dict[str, Any]:
    parsed: dict[str, Any] = yamlio.parse(compose.files(resolved(text))[0].text)
    return parsed


def test_what_every_service_has() -> None:
    service = document(DB)["services"]["db"]
    assert service["image"] == f"${{DEVENV_REGISTRY:-docker.io}}/library/postgres:15.4-bookworm@{DIGEST}"
    assert service["ports"] == ["127.0.0.1:${DEVENV_DB_PORT:-5432}:5432"]
    assert service["volumes"] == ["db-postgres-15:/var/lib/postgresql/data"]
    assert (service["hostname"], service["stop_grace_period"]) == ("db", "60s")
    assert "container_name" not in service


def test_the_stamp_on_a_volume_holds_only_what_names_the_data() -> None:
    """Compose wants to replace a volume whose labels changed."""
    assert document(DB)["volumes"] == document(DB.replace("15.4", "15.6"))["volumes"]
    assert document(DB)["volumes"]["db-postgres-15"]["labels"]["devenv.format"] == "15"


def test_nothing_of_one_machine_is_in_it() -> None:
    text = compose.files(resolved(DB + QUEUE))[0].text
    assert "/work" not in text
    assert "/root" not in text


def test_configuration_is_inline_so_that_it_reaches_any_engine() -> None:
    made = document(QUEUE)
    assert made["configs"]["queue-etc-rabbitmq-enabled_plugins"] == {
        "content": "[rabbitmq_management,rabbitmq_prometheus].\n"
    }
    assert {"source": "queue-etc-rabbitmq-enabled_plugins", "target": "/etc/rabbitmq/enabled_plugins"} in made[
        "services"
    ]["queue"]["configs"]


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ("", "management_agent.disable_metrics_collector = false"),
        ("plugins = []\n", ""),
        (
            'settings = { "management_agent.disable_metrics_collector" = true }\n',
            "management_agent.disable_metrics_collector = true",
        ),
    ],
)
def test_the_management_plugin_shows_numbers(options: str, line: str) -> None:
    """The image without the plugin switches them off, in a file that the last one by name overrules."""
    content = document(QUEUE + options)["configs"]["queue-etc-rabbitmq-conf.d-zz-devenv.conf"]["content"]
    assert [text for text in content.splitlines() if "metrics_collector" in text] == ([line] if line else [])


@pytest.mark.parametrize(
    ("table", "path"),
    [
        (DB, "db-docker-entrypoint-initdb.d-00-devenv.sql"),
        ('[services.db]\nkind = "clickhouse"\nversion = "24.3"\n', "db-docker-entrypoint-initdb.d-00-devenv.sql"),
        ('[services.db]\nkind = "kafka"\nversion = "3.9.1"\ntopics = ["orders"]\n', "db-etc-devenv-kafka-topics"),
    ],
)
def test_what_the_manifest_promises_is_made_without_devenv(table: str, path: str) -> None:
    made = document(table)
    assert path in made["configs"]


#: Lines that a file with one service of each of these kinds may have. It had 449 when this was written.
MOST = 460
ELEVEN = {
    "postgres": "15.4",
    "mysql": "8.0.36",
    "mariadb": "10.11.6",
    "redis": "7.0.15",
    "valkey": "8.1.1",
    "rabbitmq": "3.12.10",
    "memcached": "1.6.38",
    "mongodb": "7.0.5",
    "mailpit": "1.20.0",
    "nats": "2.10.16",
    "kafka": "3.7.0",
}


def test_people_can_read_the_file() -> None:
    tables = [f'[services.{kind}]\nkind = "{kind}"\nversion = "{version}"\n' for kind, version in ELEVEN.items()]
    lines = compose.files(resolved("".join(tables)))[0].text.splitlines()
    assert len(lines) <= MOST


def test_health_checks_share_how_often_they_run() -> None:
    """One that has a word of its own on it keeps that; a file without any says nothing of them."""
    text = compose.files(resolved(DB + QUEUE))[0].text
    assert text.count("interval:") == 1
    check = document(DB)["services"]["db"]["healthcheck"]
    assert {key: check[key] for key in ("interval", "timeout", "start_period")} == {
        "interval": "60s",
        "timeout": "10s",
        "start_period": "120s",
    }
    assert "x-health" not in document('[services.bus]\nkind = "nats"\nversion = "2.10.16"\n')


def test_settings_reach_the_server_by_its_command() -> None:
    made = document(
        DB + '[services.db.settings]\nmax_connections = 200\njit = false\nsearch_path = ["app", "public"]\n'
    )
    command = made["services"]["db"]["command"]
    assert command == ["postgres", "-c", "max_connections=200", "-c", "jit=off", "-c", "search_path=app, public"]


def test_extensions_that_must_be_loaded_are_loaded() -> None:
    made = document(
        DB + 'extensions = ["pg_stat_statements"]\n[services.db.settings]\nshared_preload_libraries = "auto_explain"\n'
    )
    assert made["services"]["db"]["command"] == [
        "postgres",
        "-c",
        "shared_preload_libraries=auto_explain,pg_stat_statements",
    ]


@pytest.mark.parametrize(
    ("extensions", "libraries"),
    [
        (["pg_stat_kcache"], "pg_stat_statements,pg_stat_kcache"),
        (["pg_stat_kcache", "pg_stat_statements"], "pg_stat_statements,pg_stat_kcache"),
        (["pg_qualstats", "hstore"], "pg_qualstats"),
    ],
)
def test_a_library_is_loaded_behind_what_it_builds_on(extensions: list[str], libraries: str) -> None:
    made = document(f"{DB}extensions = {extensions}\n")
    assert made["services"]["db"]["command"] == ["postgres", "-c", f"shared_preload_libraries={libraries}"]


@pytest.mark.parametrize(("said", "database"), [("", "app"), ('"cron.database_name" = "postgres"\n', "postgres")])
def test_what_an_extension_needs_of_the_server_is_set_unless_the_manifest_says_it(said: str, database: str) -> None:
    settings = f"[services.db.settings]\n{said}"
    made = document(f'{DB}databases = ["app", "test"]\nextensions = ["pg_cron"]\n{settings}')
    assert made["services"]["db"]["command"] == [
        "postgres",
        "-c",
        "shared_preload_libraries=pg_cron",
        "-c",
        f"cron.database_name={database}",
    ]


def test_a_derived_image_is_built_from_the_pinned_one() -> None:
    main, dockerfile = compose.files(resolved(DB + 'extensions = ["vector"]\n'))
    service = yamlio.parse(main.text)["services"]["db"]
    assert service["build"] == {
        "context": "./services/db",
        "args": {"DEVENV_REGISTRY": "${DEVENV_REGISTRY:-docker.io}"},
    }
    assert dockerfile.path == ".devenv/services/db/Dockerfile"
    assert f"FROM ${{DEVENV_REGISTRY}}/library/postgres:15.4-bookworm@{DIGEST}\n" in dockerfile.text
    assert "postgresql-15-pgvector" in dockerfile.text


def test_environment_of_the_users_own_is_not_read_as_variables() -> None:
    made = document(DB + '[services.db.environment]\nA = "cost: $5 ${B}"\n')
    assert made["services"]["db"]["environment"]["A"] == "cost: $$5 $${B}"


@settings(max_examples=50)
@given(st.text(st.characters(blacklist_characters="\0", blacklist_categories=("Cs", "Cc")), min_size=1, max_size=20))
def test_any_password_reaches_the_container_as_it_is(password: str) -> None:
    quoted = "".join(f"\\U{ord(char):08x}" for char in password)
    made = document(f'{DB}password = "{quoted}"\n')
    assert made["services"]["db"]["environment"]["POSTGRES_PASSWORD"].replace("$$", "$") == password


def test_paths_and_inputs_are_known_without_rendering() -> None:
    made = resolved(DB + 'extensions = ["vector"]\n' + QUEUE)
    files = compose.files(made)
    assert tuple(file.path for file in files) == compose.paths(made)
    assert {file.inputs for file in files} == {compose.inputs(made)}
    assert all(read_mark(file.text).intact and read_mark(file.text).inputs == file.inputs for file in files)


def test_the_same_values_give_the_same_text() -> None:
    assert compose.files(resolved(DB + QUEUE)) == compose.files(resolved(DB + QUEUE))


def test_another_port_makes_other_inputs() -> None:
    assert compose.inputs(resolved(DB)) != compose.inputs(resolved(DB + "port = 6000\n"))


def test_other_registries_have_variables_of_their_own() -> None:
    assert compose.registry_variable("docker.io") == "DEVENV_REGISTRY"
    assert compose.registry_variable("quay.io") == "DEVENV_REGISTRY_QUAY_IO"


def test_what_an_override_says_of_each_service() -> None:
    one = compose.overrides("services:\n  db: {mem_limit: 1g}\n  cache: {}\n")
    two = compose.overrides("services:\n  db: {mem_limit: 2g}\n  cache: {}\n")
    assert one["db"] != two["db"]
    assert one["cache"] == two["cache"]
    assert compose.overrides("services:\n  cache: {}\nnetworks: {x: {}}\n")["cache"] != one["cache"]
    assert compose.overrides("") == {}


def test_volumes_that_the_users_own_file_describes() -> None:
    text = "volumes:\n  db-postgres-15: {driver_opts: {type: tmpfs}}\n  cache-redis-7.0:\n"
    assert compose.described_volumes(text) == {"db-postgres-15"}
    for nothing in ("", "volumes: [db]\n", "services: {}\n"):
        assert compose.described_volumes(nothing) == frozenset()


def test_an_override_that_is_no_yaml_is_told_with_its_line() -> None:
    with pytest.raises(ManifestError, match=r"compose\.override\.yaml:3: is not valid YAML"):
        compose.overrides("services:\n  db: {\n")


@pytest.mark.parametrize(
    "text",
    [
        "services: &a\n  db: *a\n",
        "services:\n  db: {cpus: " + "9" * 5000 + "}\n",
        "services:\n  db: " + "[" * 5000 + "]" * 5000 + "\n",
        "a0: &a0 [x, y]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)),
        "services:\n  db: {x: 2001-99-99}\n",
    ],
)
def test_an_override_that_nobody_could_walk(text: str) -> None:
    with pytest.raises(ManifestError, match=r"compose.override.yaml.*: is not valid YAML: "):
        compose.overrides(text)


def test_an_override_with_composes_own_tags_and_an_anchor_twice() -> None:
    text = "x: &x 1\ny: &x 2\nservices:\n  db: {ports: !reset null, command: !override [a]}\n"
    assert compose.overrides(text) != compose.overrides(text.replace("!override", ""))
