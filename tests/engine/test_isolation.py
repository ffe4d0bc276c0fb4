"""Two checkouts side by side: names, data and ports apart, and the same in every run; taken ports are named."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engine import clients
from tests.engine.conftest import Make
from tests.engine.project import MIRROR, Project, docker, own_port
from tests.engine.running import ANYWHERE, Running, containers, devenv, running, volumes, well

MANIFEST = f"[services.cache]\n{ANYWHERE}\n[env]\nCACHE_URL = '{{{{ services.cache.url }}}}'\n"


class Checkouts:
    """Folders that hold the same project, of one user."""

    def __init__(self, first: Project, tmp_path: Path) -> None:
        self.first = first
        self._user = {"DEVENV_STATE": str(tmp_path / "state")}
        self._made = {first.name}

    def copied(self, name: str) -> Project:
        """With all that is not committed, too."""
        place = self.first.root.parent / f"{self.first.root.name}-{name}"
        subprocess.run(["cp", "-a", str(self.first.root), str(place)], check=True)
        return Project(place, self.first.name)

    def devenv(self, project: Project, *words: str, state: Path | None = None) -> Any:
        """Run devenv; ``state`` is another user's state folder."""
        user = self._user if state is None else {"DEVENV_STATE": str(state)}
        ended = devenv(project, *words, **user)
        if words[0] == "up" and "--dry-run" not in words and ended.code == 0:
            project.name = self.name(project)
        return ended

    def together(self, *projects: Project) -> list[Any]:
        ended = [up.end() for up in [Running(project, "up", **self._user) for project in projects]]
        for project in projects:
            project.name = self.name(project)
        return ended

    def name(self, project: Project) -> str:
        """What the checkout is called on this machine."""
        lines = (project.root / ".devenv" / ".env").read_text().splitlines()
        (name,) = (line.partition("=")[2] for line in lines if line.startswith("COMPOSE_PROJECT_NAME="))
        self._made.add(name)
        return name

    def url(self, project: Project) -> str:
        return str(well(self.devenv(project, "url", "cache")).out.strip())

    def remove(self) -> None:
        for name in self._made:
            Project(self.first.root, name).remove()


@pytest.fixture
def checkouts(project: Make, tmp_path: Path) -> Iterator[Checkouts]:
    # A port of their own: what one of them lets go nobody else takes meanwhile.
    made = Checkouts(project(MANIFEST.replace(ANYWHERE, f"{ANYWHERE}port = {own_port()}\n")), tmp_path)
    yield made
    made.remove()


def test_a_copy_and_a_worktree_beside_the_first(checkouts: Checkouts) -> None:
    first = checkouts.first
    for words in (["init", "--quiet"], ["add", "devenv.toml"], ["commit", "--quiet", "--message", "begin"]):
        subprocess.run(
            ["git", "-c", "user.name=x", "-c", "user.email=x@example.com", *words], cwd=first.root, check=True
        )
    well(checkouts.devenv(first, "up"))
    copy = checkouts.copied("copy")
    tree = Project(Path(f"{first.root}-tree"), first.name)
    subprocess.run(["git", "worktree", "add", "--quiet", str(tree.root)], cwd=first.root, check=True)
    everybody = (first, copy, tree)

    for stranger in (copy, tree):  # nothing of the first one is theirs, not even to look at
        for words in ("url cache", "env", "run -- true"):
            refused = checkouts.devenv(stranger, *words.split())
            assert (refused.code, refused.out) == (1, "")
            assert "cache has no port on this machine yet\n  devenv up\n" in refused.err
        assert "absent" in checkouts.devenv(stranger, "status").out
        assert "nothing was started here" in checkouts.devenv(stranger, "logs").err
        assert "cache is not running" in checkouts.devenv(stranger, "exec", "cache", "--", "true").err
        for words in ("stop", "down"):
            said = well(checkouts.devenv(stranger, words)).err
            assert ("no service was running" if words == "stop" else "nothing was there") in said
        assert "cache has no data here" in checkouts.devenv(stranger, "reset", "-y", "cache").err
    assert running(first) == {"cache"}

    for project in (copy, tree):
        well(checkouts.devenv(project, "up"))
    assert len({project.name for project in everybody}) == 3
    assert len({checkouts.url(project) for project in everybody}) == 3
    for number, project in enumerate(everybody):
        with clients.redis_client(checkouts.url(project)) as client:
            assert client.get("who") is None
            client.set("who", str(number))
    before = {project.root: (project.name, checkouts.url(project), containers(project)) for project in everybody}

    well(checkouts.devenv(copy, "down"))
    assert (running(first), running(tree)) == ({"cache"}, {"cache"})
    well(checkouts.devenv(tree, "reset", "-y", "cache"))
    for project in everybody:
        well(checkouts.devenv(project, "up"))
    assert before == {
        project.root: (project.name, checkouts.url(project), containers(project)) for project in everybody
    }
    found = []
    for project in everybody:
        with clients.redis_client(checkouts.url(project)) as client:
            found.append(client.get("who"))
    assert found == ["0", "1", None]
    replaced_by_hand(checkouts, Path(f"{first.root}-clone"))


def replaced_by_hand(checkouts: Checkouts, clone: Path) -> None:
    """Plain Compose in a second clone replaces the first checkout's container: both have the same project name."""
    first = checkouts.first
    shutil.copytree(first.root / ".devenv", clone / ".devenv", ignore=shutil.ignore_patterns(".env"))
    shutil.copy(first.root / "devenv.toml", clone)
    command = ["docker", "compose", "--file", ".devenv/compose.yaml", "up", "--detach", "--force-recreate"]
    subprocess.run(command, cwd=clone, env={**os.environ, "DEVENV_REGISTRY": MIRROR}, check=True, capture_output=True)
    reason = f"was started in {clone}, another checkout"
    status = checkouts.devenv(first, "status", "--exit-code")
    assert (status.code, f"≠ cache: {reason}" in status.out) == (3, True)
    for words in ("url cache", "env", "run -- true", "client cache", "wait"):
        refused = checkouts.devenv(first, *words.split())
        assert (refused.code, f"cache: its container {reason}\n  devenv up cache" in refused.err) == (6, True), refused
    well(checkouts.devenv(first, "up"))
    with clients.redis_client(checkouts.url(first)) as client:
        assert client.get("who") == "0"


def test_a_checkout_that_is_moved_keeps_its_data(checkouts: Checkouts) -> None:
    first = checkouts.first
    well(checkouts.devenv(first, "up"))
    clients.redis_write(checkouts.url(first))
    well(checkouts.devenv(first, "snapshot", "create", "--name", "gold"))
    name, url = first.name, checkouts.url(first)
    moved = Project(Path(f"{first.root}-moved"), name)
    shutil.move(first.root, moved.root)
    new = Project(first.root, name)  # another clone where the first one was: it is not the first one
    new.root.mkdir()
    shutil.copy(moved.root / "devenv.toml", new.root)
    ended = checkouts.devenv(new, "up")
    assert (ended.code, "made in this folder by another checkout" in ended.err) == (6, True)
    well(checkouts.devenv(moved, "up"))
    assert (moved.name, checkouts.url(moved)) == (name, url)
    assert clients.redis_read(url) == clients.VALUE
    assert len(volumes(moved)) == 2
    assert "gold" in well(checkouts.devenv(moved, "snapshot", "list")).out

    well(checkouts.devenv(moved, "down"))
    well(checkouts.devenv(new, "up"))
    assert new.name != name
    assert clients.redis_read(checkouts.url(new)) is None
    well(checkouts.devenv(moved, "up"))
    assert clients.redis_read(checkouts.url(moved)) == clients.VALUE


def test_data_of_another_state_folder_is_refused_until_it_is_claimed(checkouts: Checkouts, tmp_path: Path) -> None:
    first, other = checkouts.first, tmp_path / "other"
    well(checkouts.devenv(first, "up"))
    clients.redis_write(checkouts.url(first))
    (volume,) = volumes(first)
    for words in ("status", "up", "down", "reset --yes cache", "snapshot create"):
        ended = checkouts.devenv(first, *words.split(), state=other)
        assert ended.code == 6
        assert f"{volume}: made in this folder with another state folder" in ended.err
    for words in ("url cache", "env", "run -- true"):  # they ask for containers alone
        ended = checkouts.devenv(first, *words.split(), state=other)
        assert (ended.code, ended.out) == (6, "")
        assert f"container {first.name}-cache-1: made in this folder with another state folder" in ended.err
    assert (running(first), volumes(first)) == ({"cache"}, {volume})

    stranger = Project(tmp_path / "stranger", first.name)  # a committed .devenv/.env that names the first one's project
    stranger.root.mkdir()
    shutil.copy(first.root / "devenv.toml", stranger.root)
    kept = (first.root / ".devenv" / ".env").read_text()
    stranger.file(".devenv/.env", kept.replace(str(first.root), "/not/here"))
    well(checkouts.devenv(stranger, "up", state=other))
    assert stranger.name != first.name
    well(checkouts.devenv(stranger, "down", state=other))
    assert running(first) == {"cache"}

    well(checkouts.devenv(first, "down"))
    gone = Project(tmp_path / "gone", first.name)
    shutil.move(first.root, gone.root)
    (stranger.root / ".devenv" / ".env").unlink()
    ended = checkouts.devenv(stranger, "up", state=tmp_path / "third")
    assert ended.code == 6
    assert f"{volume}: made by another checkout, in {first.root}" in ended.err

    dry = well(checkouts.devenv(stranger, "up", "--claim", "--dry-run", state=tmp_path / "third"))
    assert "create cache" in dry.out + dry.err
    assert checkouts.devenv(stranger, "status", state=tmp_path / "third").code == 6
    claimed = well(checkouts.devenv(stranger, "up", "--claim", state=tmp_path / "third"))
    assert f"taken over: {volume}" in claimed.err
    assert stranger.name == first.name
    url = well(checkouts.devenv(stranger, "url", "cache", state=tmp_path / "third")).out.strip()
    assert clients.redis_read(url) == clients.VALUE


def test_two_that_come_up_at_the_same_moment_for_the_first_time(checkouts: Checkouts) -> None:
    first, second, third = checkouts.first, checkouts.copied("second"), checkouts.copied("third")
    ended = checkouts.together(first, second, third)
    assert [one.code for one in ended] == [0, 0, 0], ended
    everybody = (first, second, third)
    assert len({project.name for project in everybody}) == 3
    assert len({checkouts.url(project) for project in everybody}) == 3
    for project in everybody:
        assert len(containers(project)) == 1
        with clients.redis_client(checkouts.url(project)) as client:
            assert client.dbsize() == 0
            client.set("mine", "1")
    for project in everybody:
        assert "nothing to do" in checkouts.devenv(project, "up").err


def test_a_foreign_compose_project_of_the_same_name_is_left_alone(checkouts: Checkouts, tmp_path: Path) -> None:
    first = checkouts.first
    image = f"{MIRROR}/library/redis:7.0.15"
    foreign = tmp_path / "compose.yaml"
    foreign.write_text(f"name: {first.name}\nservices: {{cache: {{image: '{image}'}}}}\n")
    subprocess.run(["docker", "compose", "--file", str(foreign), "up", "--detach"], check=True, capture_output=True)
    theirs = containers(first)
    well(checkouts.devenv(first, "up"))
    well(checkouts.devenv(first, "down"))
    assert containers(Project(first.root, theirs[0].removesuffix("-cache-1"))) == theirs


def port_of(project: Project) -> int:
    return int(well(devenv(project, "url", "cache", "port")).out)


def test_a_port_that_another_program_has(project: Make) -> None:
    made = project(MANIFEST)
    with socket.create_server(("127.0.0.1", 0)) as taker:
        wanted = taker.getsockname()[1]
        made.write(MANIFEST.replace(ANYWHERE, f"{ANYWHERE}port = {wanted}\n"))
        shown = well(devenv(made, "up", "--dry-run"))
        ended = well(devenv(made, "up"))
        got = port_of(made)
        name = Path("/proc/self/comm").read_text().strip()
        said = f"port {wanted} is taken by {name} (process {os.getpid()}): cache gets {got}, and keeps it"
        assert said in shown.out
        assert said in ended.err
        status = well(devenv(made, "status", "--exit-code"))
        assert f"cache keeps port {got} on this machine: port {wanted} of devenv.toml was taken" in status.err
        assert got != wanted
    assert "nothing to do" in well(devenv(made, "up")).err  # kept, though the wanted one is free again
    well(devenv(made, "down"))
    well(devenv(made, "up"))
    assert port_of(made) == got

    well(devenv(made, "stop"))  # the one that was kept is taken while we are away
    with socket.create_server(("127.0.0.1", got)):
        ended = well(devenv(made, "up"))
        assert f"port {got} is taken by {name} (process {os.getpid()}): cache gets {wanted}, and keeps it" in ended.err
        assert port_of(made) == wanted
        clients.redis_write(made.url("cache"))


def test_a_port_that_a_container_has(project: Make) -> None:
    first, second = project(MANIFEST), project(MANIFEST)
    well(devenv(first, "up"))
    port = port_of(first)
    second.write(MANIFEST.replace(ANYWHERE, f"{ANYWHERE}port = {port}\n"))
    ended = well(devenv(second, "up"))
    assert f"port {port} is taken by container {first.name}-cache-1: cache gets {port_of(second)}" in ended.err
    dry = devenv(second, "up", "--dry-run")
    assert (dry.code, "nothing to do" in dry.err) == (0, True)
    published = docker("port", f"{second.name}-cache-1").split()
    assert published == ["6379/tcp", "->", f"127.0.0.1:{port_of(second)}"]  # on loopback only


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def test_another_port_asked_for_after_the_first_up(project: Make) -> None:
    first, second = free_port(), free_port()
    made = project(MANIFEST.replace(ANYWHERE, f"{ANYWHERE}port = {first}\n"))
    well(devenv(made, "up"))
    clients.redis_write(made.url("cache"))

    made.file("devenv.local.toml", f"[services.cache]\nport = {second}\n")
    assert f"cache: port {first} → {second}" in devenv(made, "status").out
    assert f"± recreate cache: port {first} → {second}" in well(devenv(made, "up")).err
    assert port_of(made) == second
    assert clients.redis_read(made.url("cache")) == clients.VALUE
    assert "nothing to do" in well(devenv(made, "up")).err

    (made.root / "devenv.local.toml").unlink()
    with socket.create_server(("127.0.0.1", first)):
        name = Path("/proc/self/comm").read_text().strip()
        assert f"⚠ port {first}: cache wants it, {name} (process {os.getpid()}) has it" in devenv(made, "doctor").out
        ended = well(devenv(made, "up"))
        assert f"port {first} is taken by {name} (process {os.getpid()}): cache gets {port_of(made)}, and" in ended.err
        assert port_of(made) not in (first, second)
    assert "nothing to do" in well(devenv(made, "up")).err
