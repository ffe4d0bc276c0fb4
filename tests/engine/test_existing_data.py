"""What the manifest says comes true on data that is already there, which the images themselves leave as it is."""

from __future__ import annotations

from typing import Any

from tests.engine import clients
from tests.engine.clients import VALUE
from tests.engine.conftest import Make, Standin
from tests.engine.dialects import OTHER, PASSWORD, SECOND, elsewhere, toml
from tests.engine.project import Project
from tests.engine.running import devenv, well
from tests.engine.test_first_connection import at_once, manifest, newest


def test_another_user_of_postgres(project: Make, standins: tuple[Standin, ...]) -> None:
    """The user is the cluster's only superuser; another one has to come in all the same."""
    own, image = project(""), newest(standins, "postgres")
    own.write(manifest(image, toml(user="app", password=PASSWORD)))
    own.up()
    clients.postgres_write(own.url("it"))
    for user in ("owner", "postgres", "app"):
        own.write(manifest(image, toml(user=user, password=OTHER)))
        own.up()
        assert clients.postgres_read(own.url("it")) == VALUE


def test_indexes_that_another_c_library_ordered_are_made_anew(project: Make, standins: tuple[Standin, ...]) -> None:
    """As after a tag that moved to another system, or another variant: no database could be made any more, either."""
    own, image = project(""), newest(standins, "postgres")
    own.write(manifest(image, toml(databases=["shop"])))
    own.up()
    url = own.url("it")
    clients.postgres(url, "CREATE TABLE words (word text PRIMARY KEY)")
    named = "SELECT relfilenode::bigint FROM pg_class WHERE relname = 'words_pkey'"
    before = clients.postgres(url, named)
    for version in ("'2.1'", "NULL"):  # musl has none
        clients.postgres(url, f"UPDATE pg_database SET datcollversion = {version}")
    own.write(manifest(image, toml(databases=["shop", SECOND])))
    own.up()
    current = "SELECT count(*) FROM pg_database WHERE datcollversion <> '2.1'"
    assert clients.postgres(url, current) == 4
    assert clients.postgres(url, named) != before


def test_a_wal_level_that_there_are_slots_against(project: Make, standins: tuple[Standin, ...]) -> None:
    """What looks like a setting: the server refuses it on such data, its words are shown, and nothing is lost."""
    own, image = project(""), newest(standins, "postgres")
    logical = 'databases = ["shop"]\nsettings = { wal_level = "logical" }\n'
    own.write(manifest(image, logical))
    own.up()
    clients.postgres_write(own.url("it"))
    clients.postgres(own.url("it"), "SELECT pg_create_logical_replication_slot('follower', 'pgoutput')")
    own.write(manifest(image, logical.replace("logical", "replica")))
    refused = devenv(own, "up", "--wait-timeout", "30")
    assert refused.code == 4
    assert 'logical replication slot "follower" exists, but "wal_level" < "logical"' in refused.err
    own.write(manifest(image, logical))
    own.up()
    assert clients.postgres_read(own.url("it")) == VALUE


def test_passwords_of_root(project: Make, standins: tuple[Standin, ...]) -> None:
    """Whatever becomes of root's password, devenv gets in, and so do people with what the manifest says now.

    Data that came from elsewhere has another password for root inside too: root_password once lets devenv in by it.
    """
    stories = (
        {"root_password": PASSWORD},
        {"root_password": OTHER, "user": "another"},
        {"user": "root", "password": PASSWORD},
        {"root_password": "theirs"},
        {"root_password": OTHER},
    )

    def tell(own: Project, kind: str) -> list[Any]:
        image, found = newest(standins, kind), []
        for options in stories:
            own.write(manifest(image, toml(databases=["shop"], **options)))
            own.up()
            url = own.url("it")
            password = options.get("root_password", options.get("password", ""))
            root = Project.as_user(url, "root", password)
            found.append((clients.mysql(url, "SELECT 1"), clients.mysql(root, "SELECT current_user()")))
            if options.get("user") == "root":
                clients.mysql(root, "ALTER USER 'root'@'localhost' IDENTIFIED BY 'theirs'", "SELECT 1")
        clients.mysql(url, "DROP DATABASE shop", "SELECT 1")
        own.up()  # and what was dropped is there again
        return [*found, clients.mysql(url, "SELECT database()")]

    whole = [*[(1, "root@%")] * len(stories), "shop"]
    assert at_once(project, ("mysql", "mariadb"), tell) == {"mysql": whole, "mariadb": whole}


def test_data_that_was_thrown_away_is_made_again_as_a_whole(project: Make, standins: tuple[Standin, ...]) -> None:
    """The image makes one database and no extension; what devenv adds must not be taken for still there."""
    own = project(manifest(newest(standins, "postgres"), toml(databases=["shop", SECOND], extensions=["pg_trgm"])))
    extension = "SELECT count(*) FROM pg_extension WHERE extname = 'pg_trgm'"
    for _ in range(2):
        own.up()
        second = elsewhere(own.url("it"), f"/{SECOND}")
        assert clients.postgres(second, extension) == 1
        clients.postgres(second, "DROP SCHEMA public CASCADE")
        clients.postgres(second, "DROP DATABASE shop")
        clients.postgres(second, f"ALTER DATABASE {SECOND} SET default_transaction_read_only = on")
        lacking = f"lacks database shop, extension pg_trgm in database {SECOND}"
        status = devenv(own, "status", "--deep", "--exit-code")
        assert (status.code, lacking in status.out) == (3, True)
        waited = devenv(own, "wait")
        assert (waited.code, "database shop" in waited.err, "'devenv up it' makes that again" in waited.err) == (
            4,
            True,
            True,
        )
        again = well(devenv(own, "up"))
        assert f"it: was missing, and is made again: database shop, extension pg_trgm in database {SECOND}" in again.err
        assert [clients.postgres(url, extension) for url in (own.url("it"), second)] == [1, 1]
        assert "nothing to do" in well(devenv(own, "up")).err
        own.run("reset", "it", "--yes")


#: The server reads only the one or only the other file: each switch alone would start it empty.
SWITCHES: tuple[dict[str, Any], ...] = (
    {},
    {"appendonly": True},
    {"appendonly": True, "save": ""},
    {"appendonly": False, "save": "900 1"},
    {"appendonly": "yes", "save": ["60 1"]},
)


def test_append_only_files_are_switched_on_and_off(project: Make, standins: tuple[Standin, ...]) -> None:
    images = [item for item in standins if item.kind in ("redis", "valkey")]
    own = project("")
    for step, settings in enumerate(SWITCHES):
        tables = [
            manifest(item, toml(password=PASSWORD, settings=settings)).replace(
                "services.it", f"services.{item.service}"
            )
            for item in images
        ]
        urls = [f'{item.variable} = "{{{{ services.{item.service}.url }}}}"' for item in images]
        own.write("\n\n".join([*tables, "[env]", *urls]))
        own.up()
        env = own.json("env")["env"]
        found = {item.service: counted(env[item.variable], save=settings == {}) for item in images}
        assert found == {item.service: step + 1 for item in images}, settings


def counted(url: str, *, save: bool) -> int:
    """Count how often this was asked; each time only the file that is switched on at that time learns of it."""
    with clients.redis_client(url) as client:
        count = int(client.incr("asked"))
        if save:
            client.save()
        return count
