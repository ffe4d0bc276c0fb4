"""Services that do not come up, images that are gone, odd passwords: each said, the others left alone."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.engine import clients
from tests.engine.conftest import Make
from tests.engine.project import MIRROR, Project, docker, own_port, pushed
from tests.engine.running import (
    ANYWHERE,
    DEAF,
    POSTGRES,
    REDIS,
    Running,
    containers,
    devenv,
    docker_that,
    running,
    started,
    well,
)

MEMCACHED = f'kind = "memcached"\nversion = "1.6"\nport = {own_port()}\n'
VALKEY = f'kind = "valkey"\nversion = "8.1"\nport = {own_port()}\n'
NOWHERE = "sha256:" + "0" * 64


def test_services_that_do_not_come_up(project: Make) -> None:
    """One that exits at once (its data does not fit), one that exits again and again, one that never serves."""
    made = project(
        f"[services.cache]\n{REDIS}\n[services.db]\n{POSTGRES}\n[services.deaf]\n{DEAF}\n"
        '[services.loops]\nkind = "container"\nimage = "redis:7.0.15"\ncommand = ["sh", "-c", "echo no more; exit 3"]\n'
        'health = ["false"]\n'
    )
    small = "driver_opts: {type: tmpfs, device: tmpfs, o: size=1m}"
    made.file(
        ".devenv/compose.override.yaml",
        f"services:\n  loops: {{restart: always}}\nvolumes:\n  db-postgres-15: {{{small}}}\n",
    )
    ended = devenv(made, "up", "-j", "--wait-timeout", "4")
    assert ended.code == 4, ended
    assert "error: db exited with code 1" in ended.err
    assert "No space left on device" in ended.err
    assert "error: deaf does not serve after 4 s; last answer: timed out" in ended.err
    assert "Ready to accept connections" in ended.err
    assert "error: loops starts again and again, and ends with code 3" in ended.err
    assert "    no more" in ended.err
    assert "the other services stay up; 'devenv logs db' shows more; 'devenv wait' goes on waiting" in ended.err
    assert [problem["message"].split()[0] for problem in ended.document["error"]["problems"]] == ["db", "deaf", "loops"]
    assert {"cache", "deaf"} <= running(made)
    with clients.redis_client(made.url("cache")) as client:
        assert client.ping()

    status = devenv(made, "status", "-j").document
    states = {service["service"]: service["state"] for service in status["services"]}
    assert states["cache"] == "ready"
    assert states["deaf"] == "not ready"
    assert states["db"] == "exited (code 1)"
    assert devenv(made, "wait", "deaf", "--timeout", "1").code == 4
    assert "db is not running\n  devenv up db" in devenv(made, "wait", "db", "cache").err


def test_services_that_are_killed_or_removed_while_they_are_waited_for(project: Make) -> None:
    made = project(f"[services.cache]\n{REDIS}\n[services.one]\n{DEAF}\n[services.other]\n{DEAF}\n")
    up = Running(made, "up")
    one, other = started(made, "one"), started(made, "other")
    up.says("cache: serves 7.0.15")
    docker("kill", one)
    docker("rm", "--force", other)
    ended = up.end()
    assert ended.code == 4
    assert "error: one was killed (signal 9)\n  its last lines:\n" in ended.err
    assert "Ready to accept connections" in ended.err
    # Removing it by force is killing it first.
    assert re.search(r"error: other was (removed|killed \(signal 9\))\n  it logged nothing", ended.err)
    assert "the other services stay up" in ended.err
    assert running(made) == {"cache"}


def test_an_image_that_the_registry_no_longer_has(project: Make) -> None:
    """The other service comes up; the one without an image comes up when there is one again."""
    made = project(f"[services.cache]\n{REDIS}\n[services.mem]\n{MEMCACHED}")
    well(devenv(made, "lock"))
    _lose(made, "memcached")
    ended = devenv(made, "up", "-j")
    assert ended.code == 1
    assert "error: services.mem: pulling 127.0.0.1" in ended.err
    assert "the registry no longer has that image\n  'devenv lock --update' asks what it has now" in ended.err
    assert ended.err.endswith("the other services are up; 'devenv up' tries again\n")
    assert [service["service"] for service in ended.document["services"]] == ["cache"]
    assert [problem["key"] for problem in ended.document["error"]["problems"]] == ["services.mem"]
    assert running(made) == {"cache"}
    well(devenv(made, "lock", "--update"))
    well(devenv(made, "up"))
    assert running(made) == {"cache", "mem"}
    seeds = '[seed]\ncache = [{ command = ["true"] }]\nsessions = [{ command = ["true"] }]\n'
    made.write(f"[services.cache]\n{REDIS}\n[services.sessions]\n{VALKEY}\n{seeds}")
    well(devenv(made, "lock"))
    _lose(made, "valkey")
    ended = devenv(made, "seed", "--yes", "-j")
    assert (ended.code, ended.document["seeded"]) == (1, ["cache"])
    assert [problem["key"] for problem in ended.document["error"]["problems"]] == ["services.sessions"]
    assert ended.err.endswith("everything else is done; 'devenv up' tries again\n")


def _lose(made: Project, image: str) -> None:
    """Have the lock hold an image that no registry has."""
    lock = made.root / "devenv.lock"
    (entry,) = [part for part in lock.read_text().split("\n\n") if image in part]
    digest = entry.partition('digest = "')[2][:71]
    lock.write_text(lock.read_text().replace(digest, NOWHERE))


#: What a registry's and a disk's refusals look like in docker's words, and what devenv says and ends with.
REFUSALS = {
    "toomanyrequests: You have reached your pull rate limit.": (
        "the registry's rate limit is reached\n  'docker login'",
        7,
    ),
    "unauthorized: authentication required": ("the registry wants credentials\n  'docker login'", 7),
    "no matching manifest for linux/arm64/v8 in the manifest list entries": (
        "the image is not made for this machine's processor\n  say platform = ",
        1,
    ),
    "write /var/lib/x: no space left on device": ("the disk is full\n  'docker system df' and 'devenv snapshot", 1),
}


@pytest.mark.parametrize("said", REFUSALS)
def test_an_image_that_cannot_be_fetched(project: Make, own_image: str, tmp_path: Path, said: str) -> None:
    made = project(f'[services.cache]\n{REDIS}image = "{own_image}"\n')
    docker("image", "rm", "--force", f"{MIRROR}/library/{own_image}")
    script = f'case "$*" in *"image pull "*) echo "Error response from daemon: {said}" >&2; exit 1;; esac'
    ended = devenv(made, "up", PATH=docker_that(tmp_path / "bin", script))
    words, code = REFUSALS[said]
    assert ended.code == code
    assert f": {words}" in ended.err, ended.err
    assert f"docker: Error response from daemon: {said}" in ended.err
    assert containers(made) == []


def test_an_image_that_is_here_for_another_processor(project: Make, own_image: str) -> None:
    made = project(f'[services.cache]\n{REDIS}image = "{own_image}"\nplatform = "linux/s390x"\n')
    ended = devenv(made, "up")
    assert ended.code == 1
    assert "starting cache: the image is here for another processor\n  'docker image rm'" in ended.err, ended.err
    assert containers(made) == []


@pytest.fixture
def own_image(tmp_path: Path) -> str:
    """An image that nobody else uses, here and in the registry."""
    name = f"{tmp_path.name.replace('_', '-').lower()}:1"
    pushed(name, f"FROM {MIRROR}/library/redis:7.0.15\nLABEL own={tmp_path.name}\n")
    return name


def test_an_image_that_goes_away_between_looking_and_starting(project: Make, own_image: str, tmp_path: Path) -> None:
    made = project(
        f'[services.cache]\n{REDIS}image = "{own_image}"\nsettings = {{ maxmemory-policy = "noeviction" }}\n'
    )
    name = f"{MIRROR}/library/{own_image}"
    well(devenv(made, "lock"))
    digest = (made.root / "devenv.lock").read_text().partition('digest = "')[2][:71]
    docker("pull", f"{name.removesuffix(':1')}@{digest}")
    script = (
        f"case \"$*\" in *' up '*) first && docker rmi --force {name} {name.removesuffix(':1')}@{digest} >&2;; esac"
    )
    ended = well(devenv(made, "up", PATH=docker_that(tmp_path / "bin", script.replace("docker rmi", '"$real" rmi'))))
    assert "an image went away meanwhile; looking again" in ended.err
    assert "pull cache" in ended.err
    assert running(made) == {"cache"}


@pytest.mark.parametrize("times", [1, 3])
def test_a_port_that_is_taken_between_looking_and_starting(project: Make, tmp_path: Path, times: int) -> None:
    """Each time another one is looked for, also when that one goes too."""
    made = project(f"[services.cache]\n{ANYWHERE}\n[services.other]\n{ANYWHERE}")
    taker = tmp_path / "taker.py"
    taker.write_text(
        "import pathlib, socket, sys, time\n"
        "env = dict(line.split('=', 1) for line in open('.devenv/.env') if '=' in line and line[0] != '#')\n"
        "holder = str(__import__('os').getpid())\n"
        "try:\n"
        "    sock = socket.create_server(('127.0.0.1', int(env['DEVENV_CACHE_PORT'])))\n"
        "except OSError:\n"  # another test's server was quicker: then that one has taken it meanwhile
        "    holder = 'nobody'\n"
        "pathlib.Path(sys.argv[1]).write_text(holder)\n"
        "time.sleep(600 if holder.isdecimal() else 0)\n"
    )
    takers = [tmp_path / f"taken-{number}" for number in range(times)]
    free = f"for at in {' '.join(map(str, takers))}; do [ -e $at ] || break; done; if [ ! -e $at ]"
    take = f"{sys.executable} {taker} $at </dev/null >/dev/null 2>&1 & until [ -s $at ]; do sleep 0.05; done"
    path = docker_that(tmp_path / "bin", f"case \"$*\" in *' up '*) {free}; then {take}; fi;; esac")

    def holders() -> list[str]:
        texts = [taken.read_text() for taken in takers if taken.exists()]
        return [text for text in texts if text.isdecimal()]

    try:
        ended = well(devenv(made, "up", "-j", PATH=path))
        assert ended.err.count("a port was taken meanwhile; looking again") == times
        steps = {(step["action"], step["subject"]) for step in ended.document["plan"]}
        assert {("create", "cache"), ("create", "other")} < steps  # all that was done, not only what was done last
        for holder in holders():
            assert f"(process {holder}): cache gets" in ended.err
        assert running(made) == {"cache", "other"}
        assert len(containers(made)) == 2
        with clients.redis_client(made.url("cache")) as client:
            assert client.ping()
    finally:
        subprocess.run(["kill", *holders()], check=False)


def test_a_port_that_is_taken_by_nobody_seen(project: Make, tmp_path: Path) -> None:
    """The engine may keep a port of which the kernel tells nothing: the same one is not tried again."""
    made = project(f"[services.cache]\n{ANYWHERE}")
    port = "$(sed -n s/DEVENV_CACHE_PORT=//p .devenv/.env)"
    refuse = f'echo "Error response from daemon: Bind for 127.0.0.1:{port} failed: port is already allocated" >&2'
    script = f"case \"$*\" in *' up '*) if first; then echo {port} > {tmp_path}/lost; {refuse}; exit 1; fi;; esac"
    ended = well(devenv(made, "up", PATH=docker_that(tmp_path / "bin", script)))
    lost = int((tmp_path / "lost").read_text())
    assert f"port {lost} is taken by another program: cache gets {made.url('cache', 'port')}, and keeps it" in ended.err
    assert int(made.url("cache", "port")) != lost
    assert running(made) == {"cache"}


def test_two_at_once(project: Make) -> None:
    """One waits for the other; both end well, and there is one container of each."""
    made = project(f"[services.cache]\n{REDIS}\n[services.db]\n{POSTGRES}\n")
    ups = [Running(made, "up", "-j") for _ in range(3)]
    ended = [up.end() for up in ups]
    assert [one.code for one in ended] == [0, 0, 0], ended
    assert sum("is at work here; waiting for it to end" in one.err for one in ended) == 2
    plans = sorted({step["action"] for step in one.document["plan"] if step["action"] != "write"} for one in ended)
    assert sorted(map(sorted, plans)) == [["create"], ["keep"], ["keep"]] or ["create", "pull"] in map(sorted, plans)
    assert containers(made) == [f"{made.name}-cache-1", f"{made.name}-db-1"]


ODD = "a $HOME ${X} $$ 'single' \"double\" \\ 100% %s é\nnew line"


@pytest.mark.parametrize(
    ("manifest", "write", "read"),
    [
        (POSTGRES, clients.postgres_write, clients.postgres_read),
        (REDIS, clients.redis_write, clients.redis_read),
        ('kind = "rabbitmq"\nversion = "3.10"\n', clients.rabbitmq_write, clients.rabbitmq_read),
    ],
    ids=["postgres", "redis", "rabbitmq"],
)
def test_odd_passwords(project: Make, manifest: str, write: Callable[[str], None], read: Callable[[str], Any]) -> None:
    """Through the URL and through the server's own client (that changes act on old data: test_kinds)."""
    made = project(
        f"[services.one]\n{manifest}\npassword = {json.dumps(ODD)}\n[env]\nURL = '{{{{ services.one.url }}}}'\n"
    )
    well(devenv(made, "up"))
    write(made.url("one"))
    assert read(made.url("one")) == clients.VALUE
    assert made.url("one", "password") == ODD
    assert own_client(made) == 0


def own_client(made: Project) -> int:
    """Whether the client that devenv opens is let in without being asked for a password."""
    ask = {"postgres": ["-c", "select 1"], "redis": ["ping"], "rabbitmq": ["status"]}
    (kind,) = (kind for kind in ask if f'kind = "{kind}"' in (made.root / "devenv.toml").read_text())
    ended = devenv(made, "client", "one", "--", *ask[kind])
    assert "NOAUTH" not in ended.out
    return ended.code
