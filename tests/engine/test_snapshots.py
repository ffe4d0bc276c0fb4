"""Kept copies of data: made while nobody notices much, put back, exported, and safe from kills and full disks."""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import signal
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import nats  # type: ignore[import-untyped]
import pytest

from tests.engine import clients
from tests.engine.conftest import Make
from tests.engine.project import Project, docker, own_port
from tests.engine.running import Terminal, containers, devenv, docker_that, running, small_disk, volumes, well

#: Nobody else's ports: tests in other processes want the standard ones.
POSTGRES = f'[services.db]\nkind = "postgres"\nversion = "15.20"\ndatabases = ["app"]\nport = {own_port()}\n'
REDIS = f'[services.cache]\nkind = "redis"\nversion = "7.0.15"\nport = {own_port()}\n'
RABBITMQ = f'[services.queue]\nkind = "rabbitmq"\nversion = "3.10.8"\nplugins = []\nport = {own_port()}\n'
NATS = f'[services.bus]\nkind = "nats"\nversion = "2.10.27"\nport = {own_port()}\n'


@pytest.fixture
def both(project: Make) -> Project:
    """A database and a cache that run."""
    made = project(POSTGRES + REDIS)
    well(devenv(made, "up"))
    return made


def listed(project: Project) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = devenv(project, "snapshot", "list", "-j").document["snapshots"]
    return found


def names(project: Project) -> list[tuple[str, str]]:
    return [(item["name"], item["service"]) for item in listed(project)]


def kept_as(project: Project) -> set[str]:
    return {name for item in listed(project) for name in item["volumes"].values()}


def put(project: Project, value: str) -> None:
    clients.postgres(project.url("db"), "CREATE TABLE IF NOT EXISTS t (v text)", f"INSERT INTO t VALUES ('{value}')")
    with clients.redis_client(project.url("cache")) as client:
        client.set("v", value)


def got(project: Project) -> tuple[Any, Any]:
    with clients.redis_client(project.url("cache")) as client:
        return clients.postgres(project.url("db"), "SELECT string_agg(v, ' ' ORDER BY v) FROM t"), client.get("v")


def streams(url: str, *, make: str = "") -> list[str]:
    async def ask() -> list[str]:
        client = await nats.connect(url)
        stream = client.jetstream()
        if make:
            await stream.add_stream(name=make, subjects=[make])
        found = [item.config.name for item in await stream.streams_info()]
        await client.close()
        return sorted(found)

    return asyncio.run(ask())


def test_what_was_kept_comes_back_and_what_was_there_is_kept(both: Project) -> None:
    put(both, "a")
    made = well(devenv(both, "snapshot", "create", "-n", "monday"))
    assert "'devenv snapshot restore monday' restores it" in made.err
    assert re.search(r"^monday +db +postgres 15\.20 +\d+ MB +\d+ s +made by hand$", made.out, re.MULTILINE)
    put(both, "b")
    without = devenv(both, "snapshot", "restore", "monday")
    assert (
        without.code,
        "confirmation needed, but there is no terminal\n  devenv snapshot restore --yes monday" in without.err,
    ) == (
        6,
        True,
    )
    one = devenv(both, "snapshot", "restore", "monday", "db")
    assert "  devenv snapshot restore --yes monday db\n" in one.err
    assert got(both) == ("a b", "b")
    back = well(devenv(both, "snapshot", "restore", "--yes", "monday"))
    assert "what db had before is kept: devenv snapshot restore before-monday db" in back.err
    assert got(both) == ("a", "a")
    assert names(both) == [(name, of) for name in ("monday", "before-monday") for of in ("db", "cache")]
    well(devenv(both, "snapshot", "restore", "--yes", "before-monday", "db"))
    assert got(both) == ("a b", "a")
    assert ("after-monday", "db") in names(both)
    assert "nothing to do" in well(devenv(both, "up")).err
    said = well(devenv(both, "history")).out
    assert "db: kept as monday" in said
    assert "db: a copy of monday (15.20) is the data now" in said


def test_every_kind_and_an_image_without_a_shell(project: Make) -> None:
    made = project(RABBITMQ + NATS)
    well(devenv(made, "up"))
    clients.rabbitmq_write(made.url("queue"))
    assert streams(made.url("bus"), make="kept") == ["kept"]
    well(devenv(made, "snapshot", "create"))
    with clients.rabbitmq(made.url("queue")) as connection:
        connection.channel().queue_delete(clients.KEY)
    assert streams(made.url("bus"), make="later") == ["kept", "later"]
    well(devenv(made, "snapshot", "restore", "--latest", "--yes"))
    assert clients.rabbitmq_read(made.url("queue")) == clients.VALUE
    assert streams(made.url("bus")) == ["kept"]


def test_alone_an_image_without_a_shell_is_copied_too(project: Make) -> None:
    made = project(NATS)
    well(devenv(made, "up"))
    streams(made.url("bus"), make="kept")
    well(devenv(made, "snapshot", "create", "-n", "one", "bus"))
    streams(made.url("bus"), make="later")
    well(devenv(made, "snapshot", "restore", "-y", "one"))
    assert streams(made.url("bus")) == ["kept"]


def test_a_server_that_did_not_run_is_not_started(both: Project) -> None:
    put(both, "a")
    well(devenv(both, "stop"))
    well(devenv(both, "snapshot", "create", "-n", "one"))
    assert running(both) == set()
    restored = well(devenv(both, "snapshot", "restore", "-y", "one"))
    assert running(both) == set()
    assert "'devenv up db cache' starts" in restored.err
    well(devenv(both, "up"))
    assert got(both) == ("a", "a")


def test_names(both: Project) -> None:
    well(devenv(both, "snapshot", "create", "-n", "one", "cache"))
    twice = devenv(both, "snapshot", "create", "-n", "one", "cache")
    assert (twice.code, "there is a snapshot 'one' already" in twice.err) == (2, True)
    assert devenv(both, "snapshot", "create", "-n", "a/b").code == 2
    wrong = devenv(both, "snapshot", "restore", "-y", "onee")
    assert (wrong.code, "did you mean 'one'?" in wrong.err) == (2, True)
    lacks = devenv(both, "snapshot", "restore", "-y", "one", "db")
    assert (lacks.code, "snapshot 'one' holds nothing of db" in lacks.err) == (1, True)
    assert devenv(both, "snapshot", "create", "nobody").code == 2


def test_removed_and_pruned_when_somebody_says_yes(both: Project) -> None:
    for name in ("one", "two", "three"):
        well(devenv(both, "snapshot", "create", "-n", name, "cache"))
    first = kept_as(both)
    assert first <= volumes(both)
    assert devenv(both, "snapshot", "rm", "one").code == 6
    asked = Terminal(both, "snapshot", "rm", "one")
    asked.says("Remove it for good?")
    asked.types("n\r")
    assert asked.end() == 6
    well(devenv(both, "snapshot", "rm", "-y", "two"))
    assert names(both) == [("one", "cache"), ("three", "cache")]
    well(devenv(both, "snapshot", "prune", "--keep", "1", "-y"))
    assert names(both) == [("three", "cache")]
    assert volumes(both) & first == kept_as(both)
    assert "nothing to remove" in well(devenv(both, "snapshot", "prune", "--keep", "1")).err


def test_reset_keeps_what_was_there(both: Project) -> None:
    put(both, "a")
    reset = well(devenv(both, "reset", "db"))
    assert "what it had is kept: devenv snapshot restore db-before-reset" in reset.err
    assert running(both) == {"cache"}
    well(devenv(both, "up"))
    assert clients.postgres(both.url("db"), "SELECT to_regclass('t')") is None
    status = well(devenv(both, "status"))
    assert "besides the data there is 1 snapshot" in status.err
    down = well(devenv(both, "down")).err
    assert f"{both.name}_db-postgres-15-g2, 1 snapshot; 'devenv up' finds it" in down
    well(devenv(both, "up"))
    well(devenv(both, "snapshot", "restore", "-y", "db-before-reset"))
    assert got(both) == ("a", "a")


def test_a_snapshot_of_another_version_is_moved_on(both: Project) -> None:
    put(both, "a")
    well(devenv(both, "snapshot", "create", "-n", "fifteen", "db"))
    both.write(POSTGRES.replace("15.20", "17.12") + REDIS)
    well(devenv(both, "up", "--fresh", "db"))
    assert clients.postgres(both.url("db"), "SELECT to_regclass('t')") is None
    told = well(devenv(both, "snapshot", "restore", "-y", "fifteen"))
    assert "is moved on to postgres 17.12, on a copy" in told.err
    assert clients.postgres_version(both.url("db")) == "17.12"
    assert got(both) == ("a", "a")
    assert ("fifteen", "db") in names(both)
    well(devenv(both, "snapshot", "create", "-n", "seventeen", "db"))
    both.write(POSTGRES + REDIS)
    back = devenv(both, "snapshot", "restore", "-y", "seventeen")
    assert (back.code, "say postgres 17.12 in devenv.toml, then restore it" in back.err) == (6, True)


#: What devenv asks docker for at the moment at which it is killed.
MOMENTS = {
    "volumes are made": "'volume create'*",
    "it is ready to copy": "'run --rm --interactive'*",
    "it stops a server": "*' stop '*",
    "it starts the server": "*' start '*",
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_while_a_snapshot_is_made(both: Project, tmp_path: Path, moment: str) -> None:
    put(both, "a")
    before = volumes(both)
    path = docker_that(
        tmp_path / "bin", f'case " $* " in " "{MOMENTS[moment]}|{MOMENTS[moment]}) kill -KILL $PPID;; esac'
    )
    assert devenv(both, "snapshot", "create", "-n", "one", PATH=path).code == -signal.SIGKILL
    mended = well(devenv(both, "up"))
    assert "'devenv snapshot create one' was interrupted; it is taken back, nothing is lost" in mended.err
    assert (names(both), volumes(both), running(both)) == ([], before, {"db", "cache"})
    assert got(both) == ("a", "a")
    assert docker("ps", "--all", "--quiet", "--filter", f"label=devenv.workbench={both.name}-snapshot") == ""
    assert "interrupted" not in well(devenv(both, "up")).err


@pytest.mark.parametrize(("moment", "switched"), [("*' stop '*", False), ("*' rm '*", True)])
def test_killed_while_a_snapshot_is_put_back(both: Project, tmp_path: Path, moment: str, switched: bool) -> None:
    put(both, "a")
    well(devenv(both, "snapshot", "create", "-n", "one"))
    put(both, "b")
    path = docker_that(tmp_path / "bin", f'case " $* " in {moment}) kill -KILL $PPID;; esac')
    assert devenv(both, "snapshot", "restore", "-y", "one", PATH=path).code == -signal.SIGKILL
    mended = well(devenv(both, "up"))
    assert "'devenv snapshot restore one' was interrupted" in mended.err
    assert got(both) == (("a", "a") if switched else ("a b", "b"))
    assert (("before-one", "db") in names(both)) is switched
    shape = '{{index .Config.Labels "devenv.data"}}'
    live = {f"{both.name}_{docker('inspect', '--format', shape, name).strip()}" for name in containers(both)}
    assert volumes(both) == kept_as(both) | live


@pytest.mark.parametrize(("moment", "switched"), [("*' stop '*", False), ("*' rm '*", True)])
def test_killed_while_data_is_reset(both: Project, tmp_path: Path, moment: str, switched: bool) -> None:
    put(both, "a")
    path = docker_that(tmp_path / "bin", f'case " $* " in {moment}) kill -KILL $PPID;; esac')
    assert devenv(both, "reset", "-y", "db", PATH=path).code == -signal.SIGKILL
    mended = well(devenv(both, "up"))
    assert "'devenv reset db' was interrupted" in mended.err
    there = clients.postgres(both.url("db"), "SELECT to_regclass('t')")
    assert (there is None, names(both)) == (switched, [("db-before-reset", "db")] if switched else [])
    if switched:
        well(devenv(both, "snapshot", "restore", "-y", "db-before-reset"))
    assert got(both) == ("a", "a")


#: What devenv asks docker for while an archive is written or read.
CARRYING = {"the work begins": "'volume create'*", "a server is at it": "'exec '*", "data is on its way": "'cp '*"}


@pytest.mark.parametrize("moment", CARRYING)
def test_killed_while_data_is_carried_elsewhere(both: Project, tmp_path: Path, moment: str) -> None:
    """An export leaves no file that is not whole, an import no copy; what runs is not touched."""
    put(both, "a")
    before, file = volumes(both), tmp_path / "data.devenv.tar"
    kill = f'case " $* " in " "{CARRYING[moment]}) kill -KILL $PPID;; esac'
    path = docker_that(tmp_path / "bin", kill)
    assert devenv(both, "snapshot", "export", str(file), PATH=path).code == -signal.SIGKILL
    assert not file.exists()
    assert "was interrupted; it is taken back, nothing is lost" in well(devenv(both, "up")).err
    assert (names(both), volumes(both), running(both)) == ([], before, {"db", "cache"})
    well(devenv(both, "snapshot", "export", str(file)))
    assert devenv(both, "snapshot", "import", str(file), PATH=path).code == -signal.SIGKILL
    assert "'devenv snapshot import' was interrupted" in well(devenv(both, "up")).err
    kept = kept_as(both)  # what was here as a whole before that moment
    assert (volumes(both), running(both)) == (before | kept, {"db", "cache"})
    well(devenv(both, "snapshot", "import", "-n", "all", str(file)))
    put(both, "b")
    well(devenv(both, "snapshot", "restore", "-y", "all"))
    assert got(both) == ("a", "a")


def test_killed_between_the_index_and_the_end(both: Project) -> None:
    """What is in the index is whole, whatever the journal says."""
    well(devenv(both, "snapshot", "create", "-n", "one", "cache"))
    (folder,) = (both.root / "state" / "projects").glob("*")
    entry = {"volumes": sorted(kept_as(both)), "start": [], "bench": f"{both.name}-snapshot", "words": "devenv x"}
    entry |= {"whole": "what it made is whole and kept", "broken": "never said"}
    (folder / "snapshot.jsonl").write_text(json.dumps({"begin": entry}) + "\n")
    assert "'devenv x' was interrupted; what it made is whole and kept" in well(devenv(both, "up")).err
    assert names(both) == [("one", "cache")]
    assert kept_as(both) <= volumes(both)


def test_a_full_disk_leaves_nothing_behind_and_the_server_runs(both: Project, tmp_path: Path) -> None:
    put(both, "a")
    before = volumes(both)
    full = "echo 'cp: error writing: No space left on device' >&2; exit 1"
    path = docker_that(
        tmp_path / "bin", f"case \"$*\" in 'run --rm --interactive'*) echo 10 900000; read go; {full};; esac"
    )
    failed = devenv(both, "snapshot", "create", "-n", "one", PATH=path)
    assert (failed.code, "the disk is full" in failed.err) == (1, True)
    small = docker_that(
        tmp_path / "small", "case \"$*\" in 'run --rm --interactive'*) echo 900000 10; read go; exit 1;; esac"
    )
    refused = devenv(both, "snapshot", "create", "-n", "one", PATH=small)
    assert (refused.code, "there is no room to copy" in refused.err) == (1, True)
    assert (names(both), volumes(both), running(both)) == ([], before, {"db", "cache"})
    assert got(both) == ("a", "a")


def test_what_is_not_on_the_disk_does_not_count(both: Project, tmp_path: Path) -> None:
    """A disk that fails when all is copied: nobody is told of a snapshot, and no data is what a power cut would take."""
    put(both, "one")
    there = volumes(both)
    path = docker_that(tmp_path / "bin", 'case "$*" in *"sync -f"*) echo "I/O error" >&2; exit 1;; esac')
    ended = devenv(both, "snapshot", "create", PATH=path)
    assert (ended.code, "writing the data to the disk failed" in ended.err) == (1, True), ended
    assert (names(both), volumes(both)) == ([], there)
    well(devenv(both, "snapshot", "create", "-n", "kept"))
    there = volumes(both)
    put(both, "two")
    ended = devenv(both, "snapshot", "restore", "-y", "kept", PATH=path)
    assert (ended.code, "writing the data to the disk failed" in ended.err) == (1, True), ended
    assert volumes(both) == there
    assert got(both) == ("one two", "two")


def test_exported_and_imported_by_a_colleague_who_is_further(both: Project, project: Make, tmp_path: Path) -> None:
    put(both, "a")
    before = volumes(both)
    file = tmp_path / "data.devenv.tar"
    well(devenv(both, "snapshot", "export", str(file)))
    assert (volumes(both), running(both), names(both)) == (before, {"db", "cache"}, [])
    again = devenv(both, "snapshot", "export", str(file))
    assert (again.code, "is there already" in again.err) == (6, True)
    other = project(POSTGRES.replace("15.20", "17.12") + REDIS)
    about, census = opened(file, tmp_path / "understated.tar")
    assert [item["service"] for item in about["snapshots"]] == ["db", "cache"]
    assert re.search(r"(?m)^.*\bt\b.*$", census), census
    here = well(devenv(other, "snapshot", "import", str(tmp_path / "understated.tar")))
    sizes = {item["service"]: item["size"] for item in listed(other)}
    assert sizes["db"] > 5_000_000
    assert sizes["cache"] >= 1024
    assert "db, cache: here as exported; nothing else was changed" in here.err
    assert containers(other) == []
    well(devenv(other, "snapshot", "restore", "-y", "exported"))
    well(devenv(other, "up"))
    assert (got(other), clients.postgres_version(other.url("db"))) == (("a", "a"), "17.12")
    assert "is here" in well(devenv(other, "snapshot", "import", "-n", "twice", str(file))).err


def opened(archive: Path, understated: Path) -> tuple[dict[str, Any], str]:
    """What an archive says of itself, and what was counted in its database. Writes one that says it holds one byte."""
    with tarfile.open(archive) as whole:
        members = {item.name: whole.extractfile(item).read() for item in whole}  # type: ignore[union-attr]
    about = json.loads(members["devenv.json"])
    for snapshot in about["snapshots"]:
        snapshot["size"] = 1
    members["devenv.json"] = json.dumps(about).encode()
    with tarfile.open(understated, "w") as out:
        for name, data in members.items():
            item = tarfile.TarInfo(name)
            item.size = len(data)
            out.addfile(item, io.BytesIO(data))
    return about, members["db/census.txt"].decode()


def test_what_is_no_good_archive_is_refused(both: Project, tmp_path: Path) -> None:
    put(both, "a")
    file = tmp_path / "data.devenv.tar"
    well(devenv(both, "snapshot", "export", str(file), "cache"))
    whole = file.read_bytes()
    before = volumes(both)
    evil = tmp_path / "evil"
    evil.mkdir()
    (evil / "devenv.json").symlink_to("/etc/passwd")
    subprocess.run(["tar", "-cf", str(tmp_path / "links.tar"), "-C", str(evil), "devenv.json"], check=True)
    for name, data in (
        ("empty.tar", b""),
        ("text.tar", b"hello\n" * 500),
        ("short.tar", whole[:700]),
        ("shorter.tar", whole[: len(whole) - 2500]),
        ("changed.tar", whole[:530] + bytes([whole[530] ^ 255]) + whole[531:]),
    ):
        (tmp_path / name).write_bytes(data)
    for name in ("empty.tar", "text.tar", "short.tar", "shorter.tar", "changed.tar", "links.tar", "nowhere.tar"):
        refused = devenv(both, "snapshot", "import", str(tmp_path / name))
        assert refused.code in (2, 6), (name, refused)
        assert "nothing was changed" in refused.err
    assert (names(both), volumes(both)) == ([], before)


def test_no_room_for_an_archive(both: Project, tmp_path: Path) -> None:
    with clients.redis_client(both.url("cache")) as client:
        client.set("large", os.urandom(400_000).hex())
    with small_disk(tmp_path / "small") as place:
        failed = devenv(both, "snapshot", "export", str(place / "x.tar"), "cache")
        assert (failed.code, "the disk is full" in failed.err) == (1, True)
        assert list(place.iterdir()) == []
    assert (running(both), names(both)) == ({"db", "cache"}, [])
