"""What production states -> changes of the manifest."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devenv.model.change import Change, Said
from devenv.model.fact import Evidence, Fact, Status
from devenv.sources.precision import stated
from devenv.sources.setting_names import MIRRORED
from devenv.stages.additions import additions, missing_services, services_to_follow
from devenv.stages.bring_together import bind
from devenv.stages.plan_sync import Releases, later, normal, plan_sync
from tests.making import kinds, manifest

DB = '[services.db]\nkind = "postgres"\nversion = "15.4"\nvariant = "bookworm"\n'
QUEUE = '[services.queue]\nkind = "rabbitmq"\nversion = "3.13.7"\n'
CACHE = '[services.cache]\nkind = "redis"\nversion = "7.0.15"\n'
EVIDENCE = Evidence("terraform-state", "prod.tfstate", "aws_db_instance.main", "engine_version", "2026-11-23")
RELEASES = Releases("2026-08-21", {"postgres": ("15.9", "15.19", "16.4"), "rabbitmq": ("3.13.7", "4.0.9")})


def fact(kind: str, version: str = "", **more: object) -> Fact:
    text, precision = stated(kind, version)
    return Fact(kind, EVIDENCE, text, precision, status=Status.ACTUAL if text else Status.UNKNOWN, **more)  # type: ignore[arg-type]


def planned(text: str, *facts: Fact) -> tuple[list[tuple[str, Said, Said, str]], tuple[str, ...], tuple[str, ...]]:
    made = manifest(text)
    plan = plan_sync(made, kinds(), bind(made.services, facts), RELEASES, services=made.services)
    for change in plan.changes:
        assert change.evidence
        assert replace(change.evidence, attribute="engine_version") == EVIDENCE
    return [(".".join(c.path[1:]), c.old, c.new, c.reason) for c in plan.changes], plan.notes, plan.kept


def notes(text: str, *facts: Fact) -> dict[str, tuple[str, ...]]:
    """What is to be known of each changed value, by its key."""
    made = manifest(text)
    plan = plan_sync(made, kinds(), bind(made.services, facts), RELEASES, services=made.services)
    return {".".join(change.key): change.notes for change in plan.changes}


def differences(text: str, *facts: Fact) -> dict[str, str]:
    """What devenv leaves to a person, by its key."""
    made = manifest(text)
    plan = plan_sync(made, kinds(), bind(made.services, facts), RELEASES, services=made.services)
    return {".".join(item.path): item.message for item in plan.differences}


def test_what_is_the_same_is_kept() -> None:
    same = fact("postgres", "15.4", variant="bookworm", extensions={"plpgsql": "1.0"})
    assert planned(DB, same) == ([], (), ("db",))


def test_a_version() -> None:
    assert planned(DB, fact("postgres", "16.3"))[0] == [("db.version", "15.4", "16.3", "15.4 → 16.3")]
    mapped = fact("redis", "7.0.7", note="ElastiCache's 7.1 is Redis 7.0")
    assert planned(CACHE, mapped)[0] == [("cache.version", "7.0.15", "7.0.7", "7.0.15 → 7.0.7")]
    assert notes(CACHE, mapped) == {"version": ("ElastiCache's 7.1 is Redis 7.0",)}


def test_a_series_is_no_floating_tag() -> None:
    assert planned(DB, fact("postgres", "15")) == ([], (), ("db",))
    assert planned(DB, fact("postgres", "16"))[0] == [("db.version", "15.4", "16.4", "15.4 → 16.4")]
    chosen = "production states 16; 16.4 is the newest release known on 2026-08-21"
    assert notes(DB, fact("postgres", "16")) == {"version": (chosen,)}
    assert planned(DB, fact("postgres", "18"))[0] == [("db.version", "15.4", "18", "15.4 → 18")]
    assert notes(DB, fact("postgres", "18")) == {"version": ("production states 18; devenv knows no release of it",)}
    assert RELEASES.latest("postgres", "15") == "15.19"
    assert RELEASES.latest("rabbitmq", "4.1") == ""


def test_a_version_that_nobody_states_is_not_guessed() -> None:
    unknown = fact("postgres", note="the tag 'latest' names no version; ask the server itself")
    assert planned(DB, unknown)[:2] == (
        [],
        (
            "db: the tag 'latest' names no version; ask the server itself (terraform-state aws_db_instance.main (engine_version))",
        ),
    )


def test_a_variant() -> None:
    assert planned(DB, fact("postgres", "15.4", variant="alpine"))[0] == [
        ("db.variant", "bookworm", "alpine", "bookworm → alpine")
    ]
    assert planned(DB, fact("postgres", "15.4", variant="of-their-own"))[0] == []


def test_settings() -> None:
    text = (
        DB
        + '[services.db.settings]\nmax_connections = 100\njit = false\nstatement_timeout = "1min"\nwork_mem = "8MB"\n'
    )
    said = {
        "max_connections": "200",
        "jit": "off",
        "statement_timeout": "60000",
        "timezone": "UTC",
        "shared_buffers": "4GB",
    }
    assert planned(text, fact("postgres", "15.4", settings=said))[0] == [
        ("db.settings.max_connections", 100, 200, "100 → 200"),
        ("db.settings.timezone", None, "UTC", "not set → UTC"),
    ]


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("jit", False, "off"),
        ("jit", True, "TRUE"),
        ("lock_timeout", "5s", "5000"),
        ("lock_timeout", 5000, "5000ms"),
        ("datestyle", "ISO, MDY", "iso,mdy"),
        ("search_path", ("a", "b"), "a, b"),
        ("bytea_output", "'hex'", "hex"),
    ],
)
def test_values_that_mean_the_same(name: str, one: object, other: str) -> None:
    assert normal(name, one) == normal(name, other)  # type: ignore[arg-type]


def test_values_that_do_not() -> None:
    assert normal("max_connections", 100) != normal("max_connections", "200")
    assert normal("wait_timeout", "1") != normal("wait_timeout", "1000")


def test_what_cannot_be_had_here_is_told() -> None:
    assert planned(CACHE, fact("redis", "7.0.15", settings={"cluster-enabled": "yes"}))[:2] == (
        [],
        ("cache: cluster-enabled = yes in production: one server here is no cluster",),
    )
    assert planned(DB, fact("postgres", "15.4", extensions={"rds_tools": "1.4"}))[:2] == (
        [],
        ("db: production has the extension rds_tools, which PostgreSQL's image here lacks",),
    )
    assert planned(QUEUE, fact("rabbitmq", "3.13.7", plugins=("rabbitmq_delayed_message_exchange",)))[:2] == (
        [],
        ("queue: production has the plugin rabbitmq_delayed_message_exchange, which RabbitMQ's image here lacks",),
    )


def test_extensions_and_plugins_are_added_to_what_is_there() -> None:
    text = DB.replace("variant", 'extensions = ["hstore"]\nvariant')
    assert planned(text, fact("postgres", "15.4", extensions={"vector": "0.7", "hstore": ""}))[0] == [
        ("db.extensions", ("hstore",), ("hstore", "vector"), "production has vector")
    ]
    assert planned(QUEUE, fact("rabbitmq", "3.13", plugins=("rabbitmq_shovel", "rabbitmq_management")))[0] == [
        (
            "queue.plugins",
            ("rabbitmq_management", "rabbitmq_prometheus"),
            ("rabbitmq_management", "rabbitmq_prometheus", "rabbitmq_shovel"),
            "production has rabbitmq_shovel",
        )
    ]


def test_libraries_are_extensions() -> None:
    libraries = {"shared_preload_libraries": "pg_stat_statements, rdsutils"}
    assert planned(DB, fact("postgres", "15.4", settings=libraries))[:2] == (
        [("db.extensions", (), ("pg_stat_statements",), "production preloads pg_stat_statements")],
        ("db: production preloads rdsutils, which devenv does not know",),
    )


def test_a_library_is_the_extension_that_has_its_name() -> None:
    libraries = {"shared_preload_libraries": "pg_stat_statements,pg_stat_kcache"}
    wanted = ("pg_stat_statements", "pg_stat_kcache")
    assert planned(DB, fact("postgres", "15.4", settings=libraries))[0] == [
        ("db.extensions", (), wanted, "production preloads pg_stat_statements, pg_stat_kcache")
    ]


def test_what_devenv_decides_itself_is_never_written() -> None:
    settings = {"jetstream": "true", "max_payload": "8MB", "port": "4333"}
    nats = '[services.bus]\nkind = "nats"\nversion = "2.10.7"\n'
    assert planned(nats, fact("nats", "2.10.7", settings=settings))[0] == [
        ("bus.settings.max_payload", None, "8MB", "not set → 8MB")
    ]


@pytest.mark.parametrize("kind", sorted(MIRRORED))
def test_nothing_that_comes_home_is_devenvs_to_decide(kind: str) -> None:
    beside = {"jetstream"}  # an option of the kind
    assert [name for name in MIRRORED[kind] - beside if kinds(kind)[kind].instead_of(name)] == []


def test_another_engine_is_told() -> None:
    assert planned(CACHE, fact("valkey", "8.1.3")) == ([], (), ())
    assert differences(CACHE, fact("valkey", "8.1.3")) == {
        "services.cache.kind": "production runs valkey 8.1.3 (terraform-state aws_db_instance.main (engine_version)), "
        "devenv.toml says redis: move its data, then change kind by hand"
    }


def test_what_a_container_mirrors_is_not_compared() -> None:
    """Its image may hold anything; only ``from`` says that it is this service of production."""
    text = '[services.graph]\nkind = "container"\nimage = "acme/neptune:1"\nfrom = "graph"\n'
    found = fact("neptune", "1.3.0", name="graph")
    assert planned(text, found) == ([], (), ("graph",))
    assert bind(manifest(text).services, [found]).loose == ()


def test_what_sources_disagree_on_goes_where_the_value_goes() -> None:
    """Once: with the change, or in a note where nothing changes."""
    other = replace(fact("postgres", "17.2", settings={"jit": "on"}), evidence=replace(EVIDENCE, file="old.tfstate"))
    found = fact("postgres", "15.6", settings={"jit": "off"})
    doubt = "sources disagree on version: prod.tfstate says 15.6, old.tfstate says 17.2"
    of_jit = "sources disagree on jit: prod.tfstate says off, old.tfstate says on"
    assert notes(DB, found, other) == {"version": (doubt,), "settings.jit": (of_jit,)}
    assert planned(DB, found, other)[1] == ()
    same = DB.replace("15.4", "15.6")
    assert notes(same, found, other) == {"settings.jit": (of_jit,)}
    assert planned(same, found, other)[1] == (f"db: {doubt}",)
    (_, version, *_) = additions(
        kinds(), missing_services(manifest(""), bind({}, [found, other]).loose), RELEASES
    ).changes
    assert version.notes == (doubt,)


def test_what_will_come_is_told() -> None:
    then = Fact("postgres", EVIDENCE, "16.3", status=Status.PLANNED)
    assert planned(DB, fact("postgres", "15.4"), then) == (
        [],
        ("db: production will move 15.4 → 16.3 (terraform-state aws_db_instance.main (engine_version))",),
        ("db",),
    )


def test_a_service_that_is_added() -> None:
    made = manifest(DB)
    found = fact("memcached", "1.6.18", name="Sessions/EU")
    broker = fact("rabbitmq", "3.13", settings={"heartbeat": "30"})
    odd = fact("neptune", "1.3.0")
    missing = missing_services(made, bind(made.services, [found, broker, odd]).loose)
    added = additions(kinds(), missing, RELEASES)
    assert added.changes == (
        Change("sessions-eu", ("kind",), None, "memcached", "production runs it"),
        Change("sessions-eu", ("version",), None, "1.6.18", "none → 1.6.18", EVIDENCE),
        Change("sessions-eu", ("from",), None, "aws_db_instance.main", "production runs it"),
        Change("rabbitmq", ("kind",), None, "rabbitmq", "production runs it"),
        Change(
            "rabbitmq",
            ("version",),
            None,
            "3.13.7",
            "none → 3.13.7",
            EVIDENCE,
            ("production states 3.13; 3.13.7 is the newest release known on 2026-08-21",),
        ),
        Change("rabbitmq", ("from",), None, "aws_db_instance.main", "production runs it"),
        Change(
            "rabbitmq",
            ("settings", "heartbeat"),
            None,
            30,
            "not set → 30",
            replace(EVIDENCE, attribute="heartbeat"),
        ),
    )
    assert [(item.name, item.truth.fact, item.obstacle) for item in added.left] == [
        ("neptune", odd, 'devenv has no kind neptune; kind = "container" runs any image')
    ]


def test_nothing_is_left_to_be_done_for_what_was_added() -> None:
    """Also where extensions come from two places."""
    settings = {"shared_preload_libraries": "pg_stat_statements,pg_cron", "max_connections": "200"}
    found = fact("postgres", "15", name="terraform-20201015115018309600000001", settings=settings)
    found = replace(found, extensions={"plpgsql": "1.0", "hstore": "1.8", "pg_cron": "1.6"}, variant="bookworm")
    missing = missing_services(manifest(""), bind({}, [found]).loose)
    changes = additions(kinds(), missing, RELEASES).changes
    said = {change.key: change.new for change in changes}
    assert {change.service for change in changes} == {"postgres"}
    assert said[("extensions",)] == ("hstore", "pg_cron", "pg_stat_statements")
    text = (
        f'[services.postgres]\nkind = "postgres"\nversion = "{said[("version",)]}"\nvariant = "bookworm"\n'
        f"extensions = {list(said[('extensions',)])}\n"  # type: ignore[arg-type]
        f'from = "aws_db_instance.main"\n[services.postgres.settings]\nmax_connections = 200\n'
    )
    assert planned(text, found) == ([], (), ("postgres",))


def test_what_no_image_can_be_named_after_is_told() -> None:
    kafka = '[services.log]\nkind = "kafka"\nversion = "3.7.0"\n'
    words = (
        "production's version names no image: '3.6' is too short to tell which Apache Kafka it is; "
        "write it in devenv.toml by hand"
    )
    assert planned(kafka, fact("kafka", "3.6")) == ([], (), ())
    assert differences(kafka, fact("kafka", "3.6")) == {"services.log.version": words}
    missing = missing_services(manifest(""), bind({}, [fact("kafka", "3.6")]).loose)
    added = additions(kinds(), missing, RELEASES)
    assert (added.changes, added.notes, [item.obstacle for item in added.left]) == ((), (), [words])


def test_later_patches_of_a_series() -> None:
    newest = ("14.24", "15.19", "15.9", "16.2")
    assert later("15.6", newest) == ["15.9", "15.19"]
    assert later("15.19", newest) == []
    assert later("7.0.15", ("7.0.16", "7.2.1")) == ["7.0.16"]
    assert later("", newest) == []


def test_a_kind_that_stands_in_for_something_else_needs_no_version() -> None:
    """Production has a mail provider, or runs the same tool: its version changes nothing."""
    mail = fact("mailpit", name="mail", note="the image has no tag; ask the server itself")
    added = additions(kinds(), missing_services(manifest(""), bind({}, [mail]).loose), RELEASES)
    newest = kinds("mailpit")["mailpit"].versions[-1]
    version = next(change for change in added.changes if change.key == ("version",))
    assert (version.new, version.notes[0]) == (newest, f"any version will do; {newest} is the newest that devenv knows")
    assert added.left == ()
    text = '[services.mail]\nkind = "mailpit"\nversion = "1.21"\n'
    assert planned(text, mail) == ([], (), ("mail",))


@pytest.mark.parametrize(
    ("running", "expected"),
    [
        (("db",), ("db", "mail")),  # what is added is started beside what runs
        ((), ()),
        (("workspace",), ()),  # not one of devenv.toml's
        (("db", "queue", "mail"), ("db", "queue", "mail")),
    ],
)
def test_what_sync_starts(running: tuple[str, ...], expected: tuple[str, ...]) -> None:
    changes = [
        Change("mail", ("kind",), None, "mailpit", "production runs it"),
        Change("queue", ("version",), "3.13.6", "3.13.7", "3.13.6 → 3.13.7"),
    ]
    assert services_to_follow(("db", "queue", "mail"), running, changes) == expected
