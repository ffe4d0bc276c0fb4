"""^C and worse at any moment: the terminal is as it was, nothing goes on behind one's back, the next run goes on."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import secrets
import signal
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.engine.conftest import Make
from tests.engine.project import Project
from tests.engine.running import (
    DEAF,
    PATIENCE,
    REDIS,
    Ended,
    Running,
    Terminal,
    containers,
    devenv,
    docker_that,
    running,
    serving,
    started,
    well,
)

CACHE = f"[services.cache]\n{REDIS}"
HIDDEN, SHOWN = "\x1b[?25l", "\x1b[?25h"


@pytest.fixture
def cache(project: Make) -> Project:
    return project(CACHE)


def interrupted(ended: Ended) -> None:
    assert ended.code == 130, ended
    assert ended.err.endswith("error: interrupted\nfinished steps stay; run it again to go on\n"), ended.err


def goes_on(made: Project) -> str:
    """The next run ends well, and there is one container of each service."""
    ended = well(devenv(made, "up"))
    assert "the last 'devenv up' did not come to its end; going on from what it left" in ended.err
    assert len(containers(made)) == len(running(made)) == 1
    return ended.err


def test_on_a_terminal_while_it_waits(project: Make) -> None:
    made = project(f"{CACHE}\n[services.deaf]\n{DEAF}")
    up = Terminal(made, "up")
    up.says("starting")
    up.says("waiting until it serves")
    up.says("serves 7.0.15")
    started(made, "deaf")
    up.types("\x03")
    assert up.end() == 130
    assert up.said.count(HIDDEN) == up.said.count(SHOWN) > 0
    assert up.said.rindex(SHOWN) > up.said.rindex(HIDDEN)
    assert "interrupted" in up.said.splitlines()[-2]
    assert running(made) == {"cache", "deaf"}
    made.write(CACHE)
    well(devenv(made, "up"))
    assert running(made) == {"cache"}


@pytest.mark.parametrize("everybody", [True, False], ids=["all", "devenv alone"])
def test_while_it_waits(project: Make, everybody: bool) -> None:
    made = project(f"[services.deaf]\n{DEAF}")
    up = Running(made, "up", "-j")
    started(made, "deaf")
    up.says("create deaf")
    up.interrupt(everybody=everybody)
    ended = up.end()
    interrupted(ended)
    assert ended.document["error"]["exit_code"] == 130


class Slow(BaseHTTPRequestHandler):
    """A registry with one image, whose content never comes."""

    image = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
            "config": {
                "mediaType": "application/vnd.docker.container.image.v1+json",
                "size": 100,
                "digest": f"sha256:{secrets.token_hex(32)}",
            },
            "layers": [
                {
                    "mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip",
                    "size": 100,
                    "digest": f"sha256:{secrets.token_hex(32)}",
                }
            ],
        }
    ).encode()
    digest = f"sha256:{hashlib.sha256(image).hexdigest()}"
    asked, over = threading.Event(), threading.Event()

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        if "/blobs/" in self.path:
            self.asked.set()
            self.over.wait(PATIENCE)
            return
        body = self.image if "/manifests/" in self.path else b"{}"
        self.send_response(200)
        self.send_header("Content-Type", "application/vnd.docker.distribution.manifest.v2+json")
        self.send_header("Docker-Content-Digest", self.digest)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, format: str, *words: Any) -> None:
        return None


def commands() -> Iterator[str]:
    """The command lines of all processes."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            yield path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")


@pytest.fixture
def slow_registry() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Slow) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            Slow.over.set()
            server.shutdown()


@pytest.mark.parametrize("everybody", [True, False], ids=["all", "devenv alone"])
def test_while_images_are_fetched(cache: Project, slow_registry: str, everybody: bool) -> None:
    """No 'docker pull' goes on behind one's back."""
    Slow.asked.clear()
    up = Running(cache, "up", DEVENV_REGISTRY_MIRROR=slow_registry)
    assert Slow.asked.wait(PATIENCE)
    up.interrupt(everybody=everybody)
    interrupted(up.end())
    assert [words for words in commands() if slow_registry in words and " pull " in words] == []
    assert containers(cache) == []
    (cache.root / "devenv.lock").unlink()
    goes_on(cache)


#: What Compose is doing when it happens: nothing yet, or everything is done but devenv does not know.
MOMENTS = {"before": "kill -{signal} $PPID; exit 1", "after": '"$real" "$@"; kill -{signal} $PPID; exit 0'}


@pytest.mark.parametrize("moment", MOMENTS)
def test_while_containers_are_started(cache: Project, moment: str, tmp_path: Path) -> None:
    does = MOMENTS[moment].format(signal="INT")
    path = docker_that(tmp_path / "bin", f"case \"$*\" in *' up '*) {does};; esac")
    interrupted(devenv(cache, "up", PATH=path))
    err = goes_on(cache)
    assert ("create cache" in err) == (moment == "before")


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_while_containers_are_started(cache: Project, moment: str, tmp_path: Path) -> None:
    """Nobody can say goodbye; the lock is the kernel's, so it is free. A later change is named all the same."""
    does = MOMENTS[moment].format(signal="KILL")
    path = docker_that(tmp_path / "bin", f"case \"$*\" in *' up '*) {does};; esac")
    assert devenv(cache, "up", PATH=path).code == -signal.SIGKILL
    goes_on(cache)
    cache.write(f'{CACHE}[services.cache.settings]\nmaxmemory-policy = "allkeys-lru"\n')
    assert cache.plan()["cache"] == "recreate: maxmemory-policy default → allkeys-lru"


def test_killed_while_a_container_is_made_anew(cache: Project, tmp_path: Path) -> None:
    """Compose makes the new one beside the old one, and is killed before it takes that away."""
    well(devenv(cache, "up"))
    cache.write(f'{CACHE}[services.cache.settings]\nmaxmemory-policy = "allkeys-lru"\n')
    own = f"--filter label=com.docker.compose.project={cache.name}"
    watch = (
        '"$real" "$@" & compose=$!; '
        f'until [ "$("$real" ps --all --quiet {own} | wc -l)" = 2 ] || ! kill -0 $compose; do :; done; '
        "kill -KILL $(cat /proc/$compose/task/*/children) $compose $PPID; exit 1"  # its plugin is a process of its own
    )
    path = docker_that(tmp_path / "bin", f"case \"$*\" in *' up '*) {watch};; esac")
    assert devenv(cache, "up", PATH=path).code == -signal.SIGKILL
    goes_on(cache)
    assert "nothing to do" in well(devenv(cache, "up")).err


def test_while_the_engine_does_not_answer(cache: Project, tmp_path: Path) -> None:
    """It took the question and says nothing, as an engine does whose disk hangs."""
    with deaf(tmp_path / "1.sock") as asked:
        up = Running(cache, "up", DOCKER_HOST=f"unix://{tmp_path}/1.sock")
        assert asked.wait(PATIENCE)
        up.interrupt(everybody=True)
        interrupted(up.end())
    with deaf(tmp_path / "2.sock") as asked:
        up = Running(cache, "up", DOCKER_HOST=f"unix://{tmp_path}/2.sock")
        assert asked.wait(PATIENCE)
        up.interrupt(everybody=False)
        interrupted(up.end())
        wrong = devenv(cache, "up", "nobody", DOCKER_HOST=f"unix://{tmp_path}/2.sock")
        assert (wrong.code, "no service 'nobody'" in wrong.err) == (2, True)


@contextlib.contextmanager
def deaf(path: Path) -> Iterator[threading.Event]:
    """A socket that takes every question and never answers; the event says that the first one came."""
    asked = threading.Event()

    def listen(connection: socket.socket) -> None:
        connection.recv(1)
        asked.set()
        connection.recv(1 << 20)
        connection.recv(1)

    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    with serving(listen, listener):
        yield asked


def test_while_it_waits_for_another_devenv(cache: Project) -> None:
    """The other one is a lock that a test holds."""
    well(devenv(cache, "up"))
    (place,) = (cache.root / "state" / "projects").glob("*/lock")
    with place.open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write("devenv up (process 1)\n")
        lock.truncate()
        lock.flush()
        for verb in ("up", "stop", "down", "reset -y cache", "render"):
            waits = Running(cache, *verb.split())
            waits.says("devenv up (process 1) is at work here; waiting for it to end")
            waits.interrupt()
            interrupted(waits.end())
        going, stopping = Running(cache, "up"), Running(cache, "stop")
        going.says("waiting for it to end")
        stopping.says("waiting for it to end")
        assert running(cache) == {"cache"}
    assert (going.end().code, stopping.end().code) == (0, 0)


def test_in_a_hook(project: Make, tmp_path: Path) -> None:
    """^C is the hook's first; the hooks are still owed afterwards."""
    made = project(f"{CACHE}\n[hooks]\npost_up = ['sh -c \"echo in the hook; exec sleep 600\"']\n")
    up = Running(made, "up")
    up.says("\nin the hook")
    up.interrupt()
    interrupted(up.end())
    made.write(f"{CACHE}\n[hooks]\npost_up = ['touch hooked']\n")
    well(devenv(made, "up"))
    assert (made.root / "hooked").exists()


def test_following_a_log_ends_well(cache: Project) -> None:
    well(devenv(cache, "up"))
    logs = Terminal(cache, "logs", "--follow", "cache")
    logs.says("Ready to accept connections")
    logs.types("\x03")
    assert logs.end() == 0
    assert "interrupted" not in logs.said


def test_asked_and_interrupted(cache: Project) -> None:
    well(devenv(cache, "up"))
    reset = Terminal(cache, "reset", "--no-snapshot", "cache")
    reset.says("Delete it?")
    reset.reads()
    reset.types("\x03")
    assert reset.end() == 130
    assert running(cache) == {"cache"}
