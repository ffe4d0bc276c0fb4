"""What is tried inside servers, of what a manifest says."""

from __future__ import annotations

from devenv import yamlio
from devenv.model.machine import Machine
from devenv.model.promise import Promise
from devenv.stages import asking
from devenv.targets import compose
from tests.making import resolved

MACHINE = Machine("shop", "/shop", {"DEVENV_IT_PORT": 5000, "DEVENV_IT__MANAGEMENT_PORT": 5001}, {})


def promise(text: str) -> Promise | None:
    return asking.promise(resolved(f"[services.it]\n{text}").services["it"], MACHINE)


def test_postgres() -> None:
    own = 'kind = "postgres"\nversion = "15.4"\ndatabases = ["shop", "more"]\n'
    assert promise(f'{own}users = {{ app = "a", postgres = "other" }}\nextensions = ["vector"]') == Promise(
        "postgres", "127.0.0.1", 5000, {"postgres": "devenv", "app": "a"}, ("shop", "more"), ("vector",)
    )


def test_mariadb_lets_root_in_too() -> None:
    assert promise('kind = "mariadb"\nversion = "11.8"') == Promise(
        "mysql", "127.0.0.1", 5000, {"devenv": "devenv", "root": "devenv"}, ("shop",)
    )


def test_root_as_the_application_s_user_has_one_password() -> None:
    found = promise('kind = "mysql"\nversion = "8.4"\nuser = "root"\npassword = "p"\nroot_password = "other"')
    assert found
    assert found.logins == {"root": "p"}


def test_rabbitmq() -> None:
    assert promise('kind = "rabbitmq"\nversion = "3.12.10"\nvhost = "shop"\nvhosts = ["/", "shop"]') == Promise(
        "amqp", "127.0.0.1", 5000, {"devenv": "devenv"}, ("shop", "/"), pages={"management": 5001, "prometheus": 15692}
    )


def test_clickhouse_over_http() -> None:
    assert promise(
        'kind = "clickhouse"\nversion = "25.3"\ndatabases = ["shop", "more"]\nports = { http = 1 }'
    ) == Promise("clickhouse", "127.0.0.1", 1, {"default": "devenv"}, ("shop", "more"))


def test_a_kind_whose_greeting_logs_in_promises_nothing_more() -> None:
    assert promise('kind = "redis"\nversion = "7.0.15"\npassword = "p"') is None


def test_what_only_data_that_was_there_may_need_is_no_part_of_the_images_first_start() -> None:
    """Indexes of an older C library: new data has none."""
    made = resolved('[services.db]\nkind = "postgres"\nversion = "15.4"\n')
    rule = made.services["db"].kind.ensure
    assert rule
    given = asking.command(made.services["db"], rule, "shop").input
    document = yamlio.parse(compose.files(made)[0].text)
    (first,) = [config["content"] for config in document["configs"].values()]
    assert "REINDEX DATABASE" in given.removesuffix(first)
    assert "REINDEX DATABASE" not in first
    assert "CREATE DATABASE" in first
