"""What up decides: values in, whole plans out, reasons included."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devenv.errors import DataNeedsUpgrade, Refused
from devenv.model.file import FileState
from devenv.model.machine import Machine
from devenv.model.observed import Container, Engine, ExistingVolume, Observed, Use
from devenv.model.plan import Action, Plan, Step
from devenv.model.resolved import Resolved
from devenv.model.snapshot import Snapshot
from devenv.stages.plan_up import OVERRIDE, difference, half_made, plan_up, stale, start_hint
from tests.making import resolved

DB = '[services.db]\nkind = "postgres"\nversion = "15.4"\nvariant = "bookworm"\n'
CACHE = '[services.cache]\nkind = "redis"\nversion = "7.0.15"\n'
ENGINE = Engine("27.0.1", "linux/amd64")
PULLS = {"db": "postgres@sha256:1", "cache": "redis@sha256:1"}
PORTS = {"DEVENV_DB_PORT": 5432, "DEVENV_CACHE_PORT": 6379}


def container(wanted: Resolved, name: str, state: str = "running", **changes: object) -> Container:
    """The container that a service would have if it had just been started."""
    service = wanted.services[name]
    port = service.ports[0]
    made = Container(
        id=f"id-{name}",
        name=f"shop-{name}-1",
        project="shop",
        service=name,
        state=state,
        config=service.config[:16],
        version=service.version.text,
        root="/shop",
        ports={port.container: ("127.0.0.1", PORTS[port.variable])} if state == "running" else {},
        made_ports={port.container: PORTS[port.variable]},
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def volume(service: str, kind: str, format: str, path: str) -> ExistingVolume:
    return ExistingVolume(f"shop_{service}-{kind}-{format}", "shop", service, kind, format, path)


def plan(target: Resolved, observed: Observed, **options: object) -> Plan:
    arguments: dict[str, object] = {
        "wanted": tuple(target.services),
        "files": {".devenv/compose.yaml": "abc"},
        "pulls": PULLS,
        "overrides": {},
    } | options
    return plan_up(target, observed, Machine("shop", "/shop", PORTS), **arguments)  # type: ignore[arg-type]


def settled(wanted: Resolved, **changes: object) -> Observed:
    """A machine on which everything is as it should be."""
    return replace(
        Observed(
            ENGINE,
            containers=tuple(container(wanted, name) for name in wanted.services),
            images=frozenset(PULLS.values()),
            files={".devenv/compose.yaml": FileState("abc", intact=True)},
            applied={name: service.described for name, service in wanted.services.items()},
        ),
        **changes,  # type: ignore[arg-type]
    )


def test_a_new_machine_gets_everything() -> None:
    assert plan(resolved(DB + CACHE), Observed(ENGINE)) == Plan(
        (
            Step(Action.WRITE, ".devenv/compose.yaml", "does not exist yet"),
            Step(Action.PULL, "db", "postgres:15.4-bookworm is not on this machine yet"),
            Step(Action.PULL, "cache", "redis:7.0.15 is not on this machine yet"),
            Step(Action.CREATE, "db", "postgres 15.4 is not there yet"),
            Step(Action.CREATE, "cache", "redis 7.0.15 is not there yet"),
        )
    )


def test_a_service_whose_data_is_kept_has_been_there_before() -> None:
    observed = Observed(ENGINE, volumes=(volume("db", "postgres", "15", "/var/lib/postgresql/data"),))
    (step,) = plan(resolved(DB), observed, wanted=("db",)).steps[-1:]
    assert step == Step(Action.CREATE, "db", "postgres 15.4 has no container; its data is in shop_db-postgres-15")


def test_a_second_up_only_keeps() -> None:
    wanted = resolved(DB + CACHE)
    assert plan(wanted, settled(wanted)) == Plan(
        (Step(Action.KEEP, "db", "is as devenv.toml says"), Step(Action.KEEP, "cache", "is as devenv.toml says"))
    )


def test_a_kept_service_needs_no_image() -> None:
    """Images of what runs may have been pruned, or be called otherwise since a mirror was set."""
    wanted = resolved(DB)
    assert plan(wanted, settled(wanted, images=frozenset())).changes == ()


def test_a_container_that_another_checkout_replaced_is_made_again() -> None:
    wanted = resolved(CACHE)
    replaced = container(wanted, "cache", root="/clone")
    observed = settled(wanted, containers=(replaced,), elsewhere=frozenset({"/clone"}))
    assert plan(wanted, observed).changes == (
        Step(Action.RECREATE, "cache", "was started in /clone, another checkout"),
    )
    assert plan(wanted, settled(wanted, containers=(replaced,))).changes == (), "the checkout was moved"


def test_a_container_of_a_checkout_that_is_taken_over_is_made_again() -> None:
    target = resolved(CACHE)
    observed = settled(target, containers=(container(target, "cache", owner="another"),))
    assert plan(target, observed).steps[-1] == Step(
        Action.RECREATE, "cache", "was made by a checkout that this one takes over"
    )


def test_a_changed_setting_recreates_that_service_alone_and_says_which() -> None:
    before = resolved(DB + "[services.db.settings]\nmax_connections = 100\n" + CACHE)
    after = resolved(DB + "[services.db.settings]\nmax_connections = 200\n" + CACHE)
    assert plan(after, settled(before)).steps == (
        Step(Action.RECREATE, "db", "max_connections 100 → 200"),
        Step(Action.KEEP, "cache", "is as devenv.toml says"),
    )


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ('databases = ["shop"]', 'databases = ["shop9"]', 'databases ["shop"] → ["shop9"] (shop stays)'),
        ('databases = ["a", "b"]', 'databases = ["c"]', 'databases ["a", "b"] → ["c"] (a, b stay)'),
        ('databases = ["a"]', 'databases = ["a", "b"]', 'databases ["a"] → ["a", "b"]'),
        ('extensions = ["vector"]', "", 'extensions ["vector"] → default (vector stays)'),
    ],
)
def test_what_devenv_toml_no_longer_names_stays_in_the_server(before: str, after: str, reason: str) -> None:
    old, new = resolved(f"{DB}{before}\n"), resolved(f"{DB}{after}\n")
    words = difference(old.services["db"].described, new.services["db"].described)
    assert words.startswith(reason), words
    assert difference({"databases": "16"}, {"databases": "32"}) == "databases 16 → 32", (
        "a number of a kind of one's own"
    )


def test_a_patch_release_recreates_on_the_same_data() -> None:
    before, after = resolved(DB), resolved(DB.replace("15.4", "15.6"))
    data = volume("db", "postgres", "15", "/var/lib/postgresql/data")
    observed = settled(before, volumes=(data,))
    assert plan(after, observed).changes == (Step(Action.RECREATE, "db", "version 15.4 → 15.6"),)


def test_a_changed_password_is_told_without_being_shown() -> None:
    before, after = resolved(DB + 'password = "old-secret"\n'), resolved(DB + 'password = "new-secret"\n')
    (step,) = plan(after, settled(before)).changes
    assert step == Step(Action.RECREATE, "db", "password changed")


def test_without_a_memory_the_version_is_still_compared() -> None:
    before, after = resolved(DB), resolved(DB.replace("15.4", "15.6"))
    assert plan(after, settled(before, applied={})).changes[0].reason == "version 15.4 → 15.6"


def test_a_way_of_running_that_changed_is_a_reason_of_its_own() -> None:
    wanted = resolved(DB)
    changed = container(wanted, "db", config="0123456789abcdef")
    assert plan(wanted, settled(wanted, containers=(changed,))).changes == (
        Step(
            Action.RECREATE,
            "db",
            "this devenv runs postgres in another way than the one that made it; its data is kept",
        ),
    )


def test_a_stopped_container_is_started() -> None:
    wanted = resolved(DB)
    observed = settled(wanted, containers=(container(wanted, "db", "exited"),))
    assert plan(wanted, observed).changes == (Step(Action.START, "db", "has stopped"),)


def test_what_was_left_half_made_is_made_anew() -> None:
    """Compose was killed between making the new container and removing the old one."""
    wanted = resolved(DB)
    new = container(wanted, "db", "created", id="new")
    both = settled(wanted, containers=(new, container(wanted, "db", config="of before")))
    assert half_made(both) == (new,)
    assert plan(wanted, both).steps == (Step(Action.RECREATE, "db", "an interrupted run left it half made"),)
    assert half_made(settled(wanted, containers=(new,))) == ()


@pytest.mark.parametrize("state", ["running", "created"])
def test_another_port_recreates(state: str) -> None:
    """Also one that could never start, because somebody took its port first."""
    wanted = resolved(DB)
    observed = settled(wanted, containers=(container(wanted, "db", state, made_ports={5432: 5555}),))
    assert plan(wanted, observed).changes == (Step(Action.RECREATE, "db", "port 5555 → 5432"),)


def test_a_service_that_left_the_manifest_is_stopped() -> None:
    both, one = resolved(DB + CACHE), resolved(DB)
    assert plan(one, settled(both)).changes == (
        Step(Action.STOP, "cache", "no longer in devenv.toml; its data is kept"),
    )


def test_what_devenv_did_not_start_is_left_alone() -> None:
    """The IDE's workspace runs in the same Compose project."""
    wanted = resolved(DB)
    workspace = Container("id", "shop-workspace-1", "shop", "workspace", "running")
    assert plan(wanted, settled(wanted, containers=(container(wanted, "db"), workspace))).changes == ()


def test_only_what_was_asked_for_is_touched() -> None:
    both = resolved(DB + CACHE)
    made = plan(both, Observed(ENGINE), wanted=("cache",))
    assert made.subjects(Action.CREATE, Action.PULL) == ("cache", "cache")


def test_data_of_another_major_is_refused_with_the_way_out() -> None:
    after = resolved(DB.replace("15.4", "16.3"))
    observed = Observed(ENGINE, volumes=(volume("db", "postgres", "15", "/var/lib/postgresql/data"),))
    with pytest.raises(DataNeedsUpgrade) as caught:
        plan(after, observed)
    (problem,) = caught.value.problems
    assert problem.message == (
        "db: the data here is of postgres 15 (shop_db-postgres-15); devenv.toml says postgres 16.3"
    )
    assert "devenv up --fresh db" in problem.hint
    assert caught.value.exit_code == 5
    machine = Machine("shop", "/shop", PORTS)
    assert start_hint(after.services["db"], observed, machine) == problem.hint, "'devenv up db' would refuse"
    assert start_hint(after.services["db"], Observed(ENGINE), machine) == "devenv up db"


def test_an_old_branch_finds_its_old_data() -> None:
    wanted = resolved(DB)
    path = "/var/lib/postgresql/data"
    observed = Observed(ENGINE, volumes=(volume("db", "postgres", "15", path), volume("db", "postgres", "16", path)))
    assert Action.CREATE in {step.action for step in plan(wanted, observed).steps}


def test_fresh_starts_empty_beside_the_old_data() -> None:
    after = resolved(DB.replace("15.4", "16.3"))
    observed = Observed(ENGINE, volumes=(volume("db", "postgres", "15", "/var/lib/postgresql/data"),))
    assert plan(after, observed, fresh=("db",)).subjects(Action.CREATE) == ("db",)


def test_another_kind_of_server_does_not_start_on_nothing_silently() -> None:
    valkey = resolved('[services.cache]\nkind = "redis"\nversion = "7.2.4"\n')
    observed = Observed(ENGINE, volumes=(volume("cache", "valkey", "8.1", "/data"),))
    with pytest.raises(DataNeedsUpgrade, match=r"valkey 8\.1"):
        plan(valkey, observed, pulls={"cache": "redis@x"})


def test_an_edited_file_is_not_overwritten() -> None:
    wanted = resolved(DB)
    observed = settled(wanted, files={".devenv/compose.yaml": FileState("abc", intact=False)})
    with pytest.raises(Refused, match="was edited by hand"):
        plan(wanted, observed)
    assert plan(wanted, observed, force=True).subjects(Action.WRITE) == (".devenv/compose.yaml",)


def test_a_file_of_somebody_else_is_not_overwritten() -> None:
    wanted = resolved(DB)
    with pytest.raises(Refused, match="was not made by devenv"):
        plan(wanted, settled(wanted, files={".devenv/compose.yaml": FileState("", intact=False)}))


def test_a_stale_file_is_written() -> None:
    wanted = resolved(DB)
    made = plan(wanted, settled(wanted, files={".devenv/compose.yaml": FileState("old", intact=True)}))
    assert made.changes == (
        Step(Action.WRITE, ".devenv/compose.yaml", "devenv.toml, devenv.lock or this devenv has changed"),
    )


def test_a_derived_image_is_built_once() -> None:
    wanted = resolved(DB + 'extensions = ["vector"]\n')
    assert plan(wanted, Observed(ENGINE)).subjects(Action.BUILD) == ("db",)
    here = Observed(ENGINE, images=frozenset({wanted.services["db"].build}))
    assert plan(wanted, here).subjects(Action.BUILD, Action.PULL) == ()


def test_stale_tells_what_is_the_matter() -> None:
    found = {"a": FileState("1", intact=True), "b": FileState("1", intact=False), "c": FileState("0", intact=True)}
    assert stale(dict.fromkeys("abcd", "1"), found) == {"b": "edited", "c": "stale", "d": "missing"}


def test_a_version_explains_its_own_image() -> None:
    old = {"version": "15.4", "image": "postgres:15.4", "digest": "sha256:1"}
    new = {"version": "16.3", "image": "postgres:16.3", "digest": "sha256:2"}
    assert difference(old, new) == "version 15.4 → 16.3"
    assert difference(old, {**old, "digest": "sha256:3"}) == "digest changed"


def test_what_the_users_own_compose_file_says_counts_too() -> None:
    wanted = resolved(DB + CACHE)
    assert plan(wanted, settled(wanted), overrides={"db": "digest"}).changes == (
        Step(Action.RECREATE, "db", "compose.override.yaml says something else now"),
    )
    applied = {"db": {**wanted.services["db"].described, "compose.override.yaml": "digest"}}
    assert plan(wanted, settled(wanted, applied=applied), overrides={"db": "digest"}).changes == ()


def test_services_of_the_users_own_compose_file() -> None:
    """Started, kept, started again and stopped like the others; nothing of an IDE is touched."""
    wanted = resolved(DB)
    mine, ides = (Container(name, name, "shop", name, "running") for name in ("mail", "workspace"))
    there = settled(wanted, containers=(container(wanted, "db"), ides))
    assert plan(wanted, there, overrides={"mail": "said"}).changes == (
        Step(Action.ADD, "mail", "compose.override.yaml has it, and it is not there yet"),
    )
    applied = {"db": {**wanted.services["db"].described}, "mail": {"compose.override.yaml": "said"}}
    there = settled(wanted, containers=(container(wanted, "db"), mine, ides), applied=applied)
    assert plan(wanted, there, overrides={"mail": "said"}).changes == ()
    assert plan(wanted, there, overrides={"mail": "else"}).changes == (
        Step(Action.ADD, "mail", "compose.override.yaml says something else now"),
    )
    assert plan(wanted, there).changes == (
        Step(Action.STOP, "mail", "no longer in compose.override.yaml; its data is kept"),
    )
    stopped = settled(wanted, containers=(container(wanted, "db"), replace(mine, state="exited")), applied=applied)
    assert plan(wanted, stopped, overrides={"mail": "said"}).changes == (Step(Action.ADD, "mail", "has stopped"),)


MADE = {"memory limit": "512 MB", "restart policy": "no"}


@pytest.mark.parametrize(
    ("now", "made", "step"),
    [
        (MADE, MADE, Step(Action.KEEP, "db", "is as devenv.toml says")),
        ({}, MADE, Step(Action.KEEP, "db", "is as devenv.toml says")),
        (MADE, {}, Step(Action.KEEP, "db", "is as devenv.toml says")),
        (
            {"memory limit": "256 MB", "restart policy": "always"},
            MADE,
            Step(Action.RECREATE, "db", "memory limit 512 MB → 256 MB, restart policy no → always by hand"),
        ),
    ],
)
def test_limits_that_somebody_changed(now: dict[str, str], made: dict[str, str], step: Step) -> None:
    wanted = resolved(DB)
    observed = settled(wanted, containers=(container(wanted, "db", limits=now),), made_limits={"id-db": made})
    assert [one for one in plan(wanted, observed).steps if one.subject == "db"] == [step]


NETWORKS = frozenset(["n1", "shop_default", "n2", "host"])


@pytest.mark.parametrize(
    ("networks", "state", "override", "step"),
    [
        (("n1",), "running", "", Step(Action.KEEP, "db", "is as devenv.toml says")),
        (("shop_default",), "exited", "", Step(Action.START, "db", "has stopped")),
        ((), "running", "", Step(Action.RECREATE, "db", "was disconnected from its network")),
        ((), "exited", "", Step(Action.RECREATE, "db", "was disconnected from its network")),
        (("n1", "gone"), "exited", "", Step(Action.RECREATE, "db", "its network was removed")),
        ((), "running", "none", Step(Action.KEEP, "db", "is as devenv.toml says")),
        (("container:abc",), "running", "service", Step(Action.KEEP, "db", "is as devenv.toml says")),
    ],
)
def test_a_container_that_somebody_cut_off(networks: tuple[str, ...], state: str, override: str, step: Step) -> None:
    wanted = resolved(DB)
    machine = settled(wanted, networks=NETWORKS)
    found = container(wanted, "db", state, networks=networks)
    applied = {"db": {**wanted.services["db"].described, OVERRIDE: override}}
    machine = replace(machine, containers=(found,), applied=applied)
    overrides = {"db": override} if override else {}
    assert plan(wanted, machine, overrides=overrides).steps[-1] == step


@pytest.mark.parametrize(
    ("kind", "version", "data", "moves"),
    [
        ("postgres", "17.2", ("postgres", "15"), True),
        ("postgres", "15.4", ("postgres", "17"), False),
        ("postgres", "15.4", ("redis", "7.0"), False),
        ("mariadb", "11.4.5", ("mysql", "8.0"), True),
        ("mysql", "5.7.44", ("mariadb", "10.11"), False),
        ("redis", "7.0.15", ("redis", "8.0"), False),
    ],
)
def test_a_move_is_named_only_where_there_is_a_way(kind: str, version: str, data: tuple[str, str], moves: bool) -> None:
    wanted = resolved(f'[services.any]\nkind = "{kind}"\nversion = "{version}"\n')
    observed = Observed(ENGINE, volumes=(volume("any", *data, wanted.services["any"].volumes[0].path),))
    with pytest.raises(DataNeedsUpgrade) as caught:
        plan(wanted, observed)
    lines = caught.value.problems[0].hint.split("\n  ")
    assert (f"devenv sync   move it to {version}, on a copy; nothing is lost" in lines) is moves
    assert f"devenv up --fresh any   start {version} empty; the old data is kept" in lines


def test_a_move_is_asked_for_by_what_the_data_was_last_served_by() -> None:
    wanted = resolved('[services.db]\nkind = "postgres"\nversion = "16.3"\n')
    old = volume("db", "postgres", "16.9", "/var/lib/postgresql/data")
    for version, moves in (("15.4", True), ("17.1", False)):
        observed = Observed(ENGINE, volumes=(old,), served={old.name: {"entry": {"version": version}}})
        with pytest.raises(DataNeedsUpgrade) as caught:
            plan(wanted, observed)
        assert ("devenv sync" in caught.value.problems[0].hint) is moves


def test_nothing_is_opened_as_long_as_nobody_said_which_generation_is_live() -> None:
    wanted = resolved(CACHE)
    kept = {"/data": "shop_cache-redis-7.0-g2"}
    one = Snapshot("cache-7.0-g2", "cache", "redis", "7.0", "7.0", "", "found again", kept)
    there = ExistingVolume("shop_cache-redis-7.0-g2", "shop", "cache", "redis", "7.0", "/data")
    data = frozenset({"cache-redis-7.0"})
    undecided = Observed(ENGINE, volumes=(there,), snapshots=(one,), undecided=data)
    with pytest.raises(Refused, match=r"it is not certain which of these is its live data: cache-7\.0-g2"):
        plan(wanted, undecided)
    assert plan(wanted, undecided, fresh=("cache",)).subjects(Action.CREATE) == ("cache",)


def test_data_that_moved_with_the_engine_is_copied_and_never_opened_where_it_was() -> None:
    wanted = resolved(CACHE)
    name, folder, before = "shop_cache-redis-7.0", "/new/volumes/x/_data", "/old/volumes/x/_data"
    there = replace(volume("cache", "redis", "7.0", "/data"), folder=folder, bound_to=before)
    kept = Snapshot("before-the-move", "cache", "redis", "7.0", "7.0", "", "", {"/data": name})
    observed = Observed(ENGINE, volumes=(there,), snapshots=(kept,), resumed={"cache-redis-7.0": ""})
    arguments = {"wanted": ("cache",), "files": {}, "pulls": PULLS, "overrides": {}}
    machine = Machine("shop", "/shop", PORTS, generations={"cache-redis-7.0": "-g2"})
    step = next(step for step in plan_up(wanted, observed, machine, **arguments).steps if step.action is Action.COPY)
    assert step.reason == (
        f"the engine's data folder was moved: volume {name} is bound to {before}, which is missing; "
        f"its data in {folder} is copied into a new volume"
    )
    with pytest.raises(Refused, match="is in two folders: the engine keeps it in /new/volumes/x/_data"):
        plan_up(wanted, replace(observed, doubled=frozenset({name})), machine, **arguments)


def test_data_that_somebody_removed_is_named_with_the_newest_snapshot() -> None:
    wanted = resolved(CACHE)
    name = "shop_cache-redis-7.0"
    observed = Observed(ENGINE, current={"cache": Use(name, "redis", "7.0", "2026-11-01T00:00:00+00:00")})
    words = f"volume {name} with its data was removed outside devenv, so it starts without data"
    assert reasons(wanted, observed) == [f"{words}; there is no snapshot of it"]
    copies = []
    for day, copy in enumerate(["older", "gold", "removed"], start=1):
        at = f"2026-11-{day:02}T00:00:00+00:00"
        copies.append(Snapshot(copy, "cache", "redis", "7.0", "7.0", at, "", {"/data": f"{name}-g{day + 1}"}))
    there = tuple(replace(volume("cache", "redis", "7.0", "/data"), name=f"{name}-g{end}") for end in (2, 3))
    observed = replace(observed, snapshots=tuple(copies), volumes=there)
    assert reasons(wanted, observed) == [f"{words}; 'devenv snapshot restore gold cache' restores its newest snapshot"]
    observed = replace(observed, current={"cache": replace(observed.current["cache"], volume=f"{name}-g9")})
    assert reasons(wanted, observed) == ["redis 7.0.15 is not there yet"]


def reasons(wanted: Resolved, observed: Observed) -> list[str]:
    """Why services are created."""
    return [step.reason for step in plan(wanted, observed).steps if step.action is Action.CREATE]
