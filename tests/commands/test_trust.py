"""Commands that a manifest names are run on this machine only after somebody has read them."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest

from devenv.cli import main
from devenv.commands.post_up import digest, follow_up_commands, follow_up_lines, hooks_to_run
from devenv.data import seeding
from devenv.effects.world import World
from devenv.errors import Refused
from devenv.journeys.up import Prepared
from devenv.model.observed import Container, Engine, ExistingVolume, Observed
from devenv.model.plan import Action, Plan, Step
from devenv.project import open_project
from devenv.trust import guard_access, hook_commands, machine_access, seed_access, seed_commands, source_commands
from tests.making import tree
from tests.program import Said, said

pytestmark = pytest.mark.usefixtures("programs")
PRINT = '["sh", "-c", "touch was-run; cat compose.prod.yaml"]'
MANIFEST = f"""\
[project]
name = "shop"
[environments.production]
sources = [{{ path = "compose.prod.yaml" }}, {{ command = {PRINT} }}]
[services.db]
kind = "postgres"
version = "15.6"
[seed]
db = ["a.sql", {{ command = ["fill", "db"] }}]
[hooks]
post_up = ["migrate it"]
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    files = {"devenv.toml": MANIFEST, "compose.prod.yaml": "services: {db: {image: 'postgres:15.6'}}\n"}
    return tree(tmp_path / "clone", files)


class Terminal(io.StringIO):
    """Streams that say that somebody is there."""

    def isatty(self) -> bool:
        return True


def typed(monkeypatch: pytest.MonkeyPatch, clone: Path, answer: str, *words: str) -> Said:
    """What comes of a command at a terminal where somebody answers."""
    env = {"HOME": str(clone), "DEVENV_STATE": str(clone.parent / "state"), "NO_COLOR": "1", "TERM": "dumb"}
    out, err = io.StringIO(), Terminal()
    monkeypatch.setattr("sys.stdin", io.StringIO(answer))
    world = World(cwd=clone, env=env, stdin=Terminal(), stdout=out, stderr=err)
    return Said(main(words, world), out.getvalue(), err.getvalue())


@pytest.mark.parametrize("words", ["facts", "sync --check", "sync --dry-run", "sync --yes"])
def test_a_strangers_commands_are_not_run(clone: Path, words: str) -> None:
    ended = said(clone, *words.split())
    assert ended.code == 6
    assert (
        "devenv.toml:4: environments.production.sources[1].command: would run a command that was not confirmed on this "
        "machine: sh -c 'touch was-run; cat compose.prod.yaml'" in ended.err
    )
    assert f"devenv {words.removesuffix(' --yes')} --trust (in CI: DEVENV_TRUST=1)" in ended.err
    assert not (clone / "was-run").exists()


def test_they_are_confirmed_once(clone: Path) -> None:
    assert said(clone, "facts", "--trust").code == 0
    (clone / "was-run").unlink()
    assert said(clone, "facts").code == 0
    assert said(clone, "sync", "--check").code == 0
    assert (clone / "was-run").exists()


def test_another_text_is_another_command(clone: Path) -> None:
    said(clone, "facts", "--trust")
    (clone / "devenv.toml").write_text(MANIFEST.replace("touch was-run", "touch was-run-too"))
    assert said(clone, "facts").code == 6
    assert not (clone / "was-run-too").exists()


def test_another_checkout_asks_again(clone: Path) -> None:
    said(clone, "facts", "--trust")
    other = tree(clone.parent / "other", {"devenv.toml": MANIFEST})
    assert said(other, "facts").code == 6


def test_ci_allows_them_for_a_run(clone: Path) -> None:
    assert said(clone, "facts", env={"DEVENV_TRUST": "1"}).code == 0
    assert said(clone, "facts").code == 6


def test_sources_on_the_command_line_need_no_word(clone: Path) -> None:
    assert said(clone, "facts", "compose.prod.yaml").code == 0


def test_somebody_reads_them(clone: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    refused = typed(monkeypatch, clone, "n\n", "facts")
    assert refused.code == 6
    shown = "devenv.toml runs these commands on this machine:\n  sh -c 'touch was-run; cat compose.prod.yaml'\n"
    assert refused.err.startswith(shown)
    assert not (clone / "was-run").exists()
    assert typed(monkeypatch, clone, "y\n", "facts").code == 0
    assert typed(monkeypatch, clone, "", "facts").code == 0
    assert "Allow them, now and from now on in this checkout? [y/N]" in capsys.readouterr().err


def test_an_end_of_input_at_a_question_changes_nothing(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = typed(monkeypatch, clone, "", "sync")
    assert (ended.code, ended.err.endswith("error: interrupted\nnothing was changed\n")) == (130, True)


def prepared_for(clone: Path, action: Action, *volumes: ExistingVolume) -> Prepared:
    """What 'devenv up' decided, as far as commands are concerned."""
    world = World(cwd=clone, env={"HOME": str(clone), "DEVENV_STATE": str(clone.parent / "state")})
    project = open_project(world)
    engine = Engine("27", "linux/amd64")
    return Prepared(
        project,
        project.machine(),
        Observed(engine, volumes=volumes),
        Plan((Step(action, "db", ""),)),
        ("db",),
        (),
    )


def shown(prepared: Prepared) -> list[str]:
    return [item.shown for item in follow_up_commands(prepared)]


def test_commands_of_hooks_and_seeds_are_confirmed_where_they_are_about_to_run(clone: Path) -> None:
    assert shown(prepared_for(clone, Action.CREATE)) == ["fill db", "migrate it"]
    data = ExistingVolume("shop_db-postgres-15", "shop", "db", "postgres", "15", "/data")
    assert shown(prepared_for(clone, Action.START, data)) == ["migrate it"], "there is nothing to fill"
    kept = prepared_for(clone, Action.KEEP, data)
    assert shown(kept) == ["migrate it"], "they never ran"
    kept.project.store.write("hooks", {"digest": digest(kept)})
    assert shown(kept) == []
    (clone / "devenv.toml").write_text(MANIFEST.replace("migrate it", "migrate it all"))
    assert shown(prepared_for(clone, Action.KEEP, data)) == ["migrate it all"]


def test_data_that_is_moved_is_filled_where_it_never_was(clone: Path) -> None:
    """Its new volume is not there yet, and means no new data."""
    prepared = prepared_for(clone, Action.RECREATE)
    lines = ["  + fill db: a.sql, fill db", "  + run hook migrate it: once all services are ready"]
    assert follow_up_lines(prepared) == lines
    moving = {"db": "shop_db-postgres-14"}
    assert follow_up_lines(prepared, moving=moving) == lines[1:]
    seeding.note(prepared.project.store, "shop_db-postgres-14", seeding.OWED)
    assert follow_up_lines(prepared, moving=moving) == lines
    commands = follow_up_commands(prepared, moving=moving)
    assert [item.shown for item in commands] == ["fill db", "migrate it"]


def test_half_filled_data_has_no_hooks(clone: Path) -> None:
    prepared = prepared_for(clone, Action.START)
    seeding.note(prepared.project.store, "shop_db-postgres-15", seeding.BEGUN)
    assert hooks_to_run(prepared) == ()


def test_hooks_wait_for_every_service(clone: Path) -> None:
    (clone / "devenv.toml").write_text(f'{MANIFEST}[services.cache]\nkind = "redis"\nversion = "7.0.15"\n')
    prepared = prepared_for(clone, Action.CREATE)
    assert hooks_to_run(prepared) == (), "cache does not run"
    cache = Container("1", "shop-cache-1", "shop", "cache", "running")
    running = replace(prepared, observed=replace(prepared.observed, containers=(cache,)))
    assert hooks_to_run(running) == (("migrate", "it"),)


OWN_KIND = """\
title = "Own"
summary = "A kind of the project's own."
[image]
repository = "own"
"""
WITH_OWN_KIND = """\
[project]
name = "shop"
catalogue = "kinds"
[services.it]
kind = "own"
version = "1"
"""


def asking_for(tmp_path: Path, fragment: str) -> Path:
    """A clone with a kind of its own."""
    files = {"kinds/own/service.toml": OWN_KIND, "kinds/own/compose.yaml.j2": fragment, "devenv.toml": WITH_OWN_KIND}
    return tree(tmp_path / "clone", files)


def test_what_a_kind_asks_of_the_machine_is_confirmed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clone = asking_for(tmp_path, "privileged: true\nvolumes: [/etc:/x]\n")
    no_engine = {"DOCKER_HOST": f"unix://{clone}/no.sock"}
    refused = said(clone, "up", env=no_engine)
    assert refused.code == 6
    assert (
        "devenv.toml:5: services.it.kind: asks this machine for privileged: true, volumes: /etc:/x, which was not confirmed"
        in (refused.err)
    )
    assert "devenv up --trust (in CI: DEVENV_TRUST=1)" in refused.err
    monkeypatch.setenv("DOCKER_HOST", no_engine["DOCKER_HOST"])
    shown = (
        "Services ask this machine for more than a container of their own:\n  it: privileged: true, volumes: /etc:/x\n"
    )
    assert typed(monkeypatch, clone, "n\n", "up").err.startswith(shown)
    assert said(clone, "up", "--trust", env=no_engine).code == 7
    assert said(clone, "up", env=no_engine).code == 7

    (clone / "kinds/own/compose.yaml.j2").write_text("privileged: true\nvolumes: [/:/x]\n")
    assert said(clone, "up", env=no_engine).code == 6


def test_a_kind_that_asks_for_nothing_needs_no_word(tmp_path: Path) -> None:
    clone = asking_for(tmp_path, "command: [serve]\n")
    assert said(clone, "up", env={"DOCKER_HOST": f"unix://{clone}/no.sock"}).code == 7


def test_nothing_is_made_that_was_not_confirmed(tmp_path: Path) -> None:
    """Also by verbs that have no --trust."""
    clone = asking_for(tmp_path, "network_mode: host\n")
    state = {"DEVENV_STATE": str(tmp_path / "state")}
    world = World(cwd=clone, env=state)
    project = open_project(world)
    with pytest.raises(Refused, match="asks this machine for network_mode: host"):
        guard_access(world, project, machine_access(project, ["it"]))
    trusting = World(cwd=clone, env={**state, "DEVENV_TRUST": "1"})
    guard_access(trusting, project, machine_access(project, ["it"]))


def test_what_the_users_own_compose_file_asks_for_is_confirmed_once(tmp_path: Path) -> None:
    """It may have come with the clone."""
    override = 'services:\n  helper: {image: redis, volumes: ["/:/host"]}\n'
    files = {"devenv.toml": '[project]\nname = "shop"\n', ".devenv/compose.override.yaml": override}
    clone = tree(tmp_path / "clone", files)
    no_engine = {"DOCKER_HOST": f"unix://{clone}/no.sock"}
    refused = said(clone, "up", env=no_engine)
    assert refused.code == 6
    assert (
        ".devenv/compose.override.yaml:2: services.helper: asks this machine for volumes: /:/host, which was not "
        "confirmed\n  Read it, then allow: devenv up --trust (in CI: DEVENV_TRUST=1)" in refused.err
    )
    assert said(clone, "up", "--trust", env=no_engine).code == 7
    assert said(clone, "up", env=no_engine).code == 7
    (clone / ".devenv/compose.override.yaml").write_text(override.replace("/:/host", "/etc:/host"))
    assert said(clone, "up", env=no_engine).code == 6


def test_a_workspace_is_started_from_files_that_devenv_renders(tmp_path: Path) -> None:
    """One of them runs on this machine."""
    manifest = '[project]\nname = "shop"\n[devcontainer]\nimage = "debian:bookworm"\n'
    clone = tree(tmp_path / "clone", {"devenv.toml": manifest})
    alone = {"PATH": str(tmp_path)}
    assert said(clone, "render").code == 0
    no_cli = said(clone, "devcontainer", "up", env=alone)
    assert (no_cli.code, "there is no 'devcontainer' on PATH" in no_cli.err) == (1, True)
    script = clone / ".devcontainer/initialize.sh"
    script.write_text(script.read_text() + "touch was-run\n")
    edited = said(clone, "devcontainer", "up", env=alone)
    assert edited.code == 6
    assert ".devcontainer/initialize.sh was edited by hand\n  devenv render --force" in edited.err
    assert said(clone, "render", "--force").code == 0
    (clone / "devenv.toml").write_text(f'{manifest}initializeCommand = "touch was-run"\n')
    assert said(clone, "devcontainer", "up", env=alone).err.count(" is stale\n") >= 1
    assert said(clone, "render").code == 0
    refused = said(clone, "devcontainer", "up", env=alone)
    assert refused.code == 6
    assert "asks this machine for initializeCommand: touch was-run, which was not confirmed" in refused.err
    assert "allow: devenv devcontainer up --trust" in refused.err
    assert said(clone, "devcontainer", "up", "--trust", env=alone).code == 1
    assert said(clone, "devcontainer", "up", env=alone).code == 1


def test_which_commands_there_are(clone: Path) -> None:
    project = open_project(World(cwd=clone, env={"DEVENV_STATE": str(clone / "state")}))
    assert [command.words for command in source_commands(project, "production")] == [
        ("sh", "-c", "touch was-run; cat compose.prod.yaml")
    ]
    assert source_commands(project, "staging") == ()
    assert [command.words for command in seed_commands(project, ["db"])] == [("fill", "db")]
    assert seed_commands(project, ["cache"]) == ()
    assert [command.words for command in hook_commands(project)] == [("migrate", "it")]


def test_files_outside_the_checkout_are_confirmed_before_they_fill_data(tmp_path: Path) -> None:
    """Also where a link or a pattern of the checkout leads there; what is inside needs no word."""
    home = tree(tmp_path / "home", {"notes.sql": "", "keys/id.sql": ""})
    seeds = ["a.sql", f"{home}/notes.sql", "link.sql", "../home/*.sql", "below/keys/", "inner.sql"]
    clone = tree(tmp_path / "clone", {"devenv.toml": MANIFEST.partition("[seed]")[0] + f"[seed]\ndb = {seeds}\n"})
    tree(clone, {"a.sql": "", "below/x": ""})
    (clone / "link.sql").symlink_to(home / "notes.sql")
    (clone / "inner.sql").symlink_to("a.sql")
    (clone / "below" / "keys").symlink_to(home / "keys")
    project = open_project(World(cwd=clone, env={"DEVENV_STATE": str(tmp_path / "state")}))
    found = {access.path[-1]: access.rights for access in seed_access(project, ["db"])}
    notes = (f"file {home}/notes.sql",)
    assert found == {1: notes, 2: notes, 3: notes, 4: (f"file {home}/keys",)}
    prepared = prepared_for(clone, Action.CREATE)
    with pytest.raises(Refused) as refused:
        guard_access(World(cwd=clone, env={}), project, follow_up_commands(prepared))
    first = str(refused.value).splitlines()[0]
    assert first == f"devenv.toml:9: seed.db[1]: asks this machine for file {home}/notes.sql, which was not confirmed"
