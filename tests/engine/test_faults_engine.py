"""The engine is not there, is too old, lies elsewhere, goes away: each said in a sentence, and nothing lost."""

from __future__ import annotations

import json
import os
import re
import socket
import socketserver
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from devenv.cli import READING
from tests.engine.conftest import Make
from tests.engine.project import Project, bridge_address, docker
from tests.engine.running import (
    ANYWHERE,
    DEAF,
    REDIS,
    Forwarder,
    Running,
    containers,
    devenv,
    docker_that,
    running,
    started,
    well,
)

TOUCHING = (
    "up",
    "up --dry-run",
    "status",
    "stop",
    "down",
    "wait",
    "logs",
    "exec cache -- true",
    "client cache",
    "reset -y cache",
)
REPORTING = ("up -j", "up --dry-run -j", "status --format json")


@pytest.fixture
def cache(project: Make) -> Project:
    """A project of one service that was never up."""
    return project(f"[services.cache]\n{REDIS}")


@pytest.mark.parametrize("words", TOUCHING)
def test_no_engine(cache: Project, words: str, tmp_path: Path) -> None:
    ended = devenv(cache, *words.split(), DOCKER_HOST=f"unix://{tmp_path}/nobody.sock")
    first, hint, *changed = ended.err.splitlines()
    assert (ended.code, ended.out) == (7, "")
    assert first.startswith("error: the container engine does not answer:")
    assert "nobody.sock" in first
    assert "sudo systemctl start docker" in hint
    assert changed == ([] if words.split()[0] in READING else ["nothing was changed"])
    assert not (cache.root / ".devenv").exists()


@pytest.mark.parametrize("words", REPORTING)
def test_no_engine_for_programs(cache: Project, words: str, tmp_path: Path) -> None:
    ended = devenv(cache, *words.split(), DOCKER_HOST=f"unix://{tmp_path}/nobody.sock")
    error = ended.document["error"]
    assert (ended.code, error["exit_code"]) == (7, 7)
    assert error["changed"] == (None if words.startswith("status") else "nothing was changed")
    assert "does not answer" in error["problems"][0]["message"]
    assert "start Docker" in error["problems"][0]["hint"]


@pytest.mark.parametrize("words", TOUCHING)
def test_no_docker_on_the_path(cache: Project, words: str, tmp_path: Path) -> None:
    ended = devenv(cache, *words.split(), PATH=str(tmp_path))
    assert ended.code == 7
    assert "there is no 'docker' on PATH\n  install Docker Engine, Docker Desktop or Colima;" in ended.err


def test_a_context_that_is_not_there(cache: Project) -> None:
    ended = devenv(cache, "status", DOCKER_CONTEXT="nowhere")
    assert ended.code == 7
    assert "the Docker context is not there" in ended.err
    assert "'docker context ls'" in ended.err


def test_an_address_that_nobody_has(cache: Project) -> None:
    assert devenv(cache, "status", DOCKER_HOST="tcp://engine.invalid:2375").code == 7


class OldEngine(BaseHTTPRequestHandler):
    """Answers as Docker 19.03 does, and does not know what was invented later."""

    def do_HEAD(self) -> None:
        self._answer(b"")

    def do_GET(self) -> None:
        if self.path.endswith("/_ping"):
            self._answer(b"OK")
        elif self.path.endswith("/version"):
            said = {
                "Version": "19.03.15",
                "ApiVersion": "1.40",
                "MinAPIVersion": "1.12",
                "Os": "linux",
                "Arch": "amd64",
            }
            self._answer(json.dumps(said).encode(), kind="application/json")
        else:
            self.send_error(500, "client is too new")

    def _answer(self, body: bytes, kind: str = "text/plain") -> None:
        self.send_response(200)
        for name, value in (("Api-Version", "1.40"), ("Ostype", "linux"), ("Content-Type", kind)):
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if self.command == "GET" else b"")

    def address_string(self) -> str:
        return "somebody"

    def log_message(self, format: str, *words: Any) -> None:
        return None


@pytest.fixture
def old_engine(tmp_path: Path) -> Iterator[str]:
    with socketserver.ThreadingUnixStreamServer(str(tmp_path / "old.sock"), OldEngine) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"unix://{tmp_path}/old.sock"
        server.shutdown()


@pytest.mark.parametrize("words", ["up", "status", "doctor"])
def test_an_engine_that_is_too_old(cache: Project, words: str, old_engine: str) -> None:
    ended = devenv(cache, words, DOCKER_HOST=old_engine)
    assert ended.code == (1 if words == "doctor" else 7)
    assert "the container engine is version 19.03.15, too old" in ended.out + ended.err
    assert "devenv needs 20.10 or newer" in ended.out + ended.err


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (
            '[ "$1" = compose ] && { echo "docker: unknown command: docker compose" >&2; exit 1; }',
            "Docker Compose is missing",
        ),
        ('[ "$1 $2" = "compose version" ] && { echo 2.10.0; exit 0; }', "Docker Compose is version 2.10.0, too old"),
    ],
    ids=["missing", "too old"],
)
def test_compose(cache: Project, script: str, said: str, tmp_path: Path) -> None:
    """Found out before anything is written, fetched or stopped."""
    path = docker_that(tmp_path / "bin", script)
    up, doctor = devenv(cache, "up", PATH=path), devenv(cache, "doctor", PATH=path)
    assert up.code == 7
    assert said in up.err
    assert "docker-compose-plugin" in up.err
    assert not (cache.root / ".devenv" / "compose.yaml").exists()
    assert containers(cache) == []
    assert doctor.code == 1
    assert f"✗ compose: {said}" in doctor.out


def test_an_engine_that_may_not_be_asked(cache: Project, tmp_path: Path) -> None:
    """The words of the docker CLI for somebody who is not in the group docker; root is never refused."""
    said = "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock"
    path = docker_that(tmp_path / "bin", f'echo "{said}: dial unix /var/run/docker.sock" >&2; exit 1')
    ended = devenv(cache, "up", PATH=path, DOCKER_HOST=f"unix://{tmp_path}/refused.sock")
    assert ended.code == 7
    assert "you may not talk to the container engine" in ended.err
    assert "usermod -aG docker" in ended.err


def test_an_engine_that_goes_away_while_it_is_waited_for(project: Make) -> None:
    deaf = project(f"[services.deaf]\n{DEAF}")
    with Forwarder() as forwarder:
        up = Running(deaf, "up", "-j", DOCKER_HOST=forwarder.address)
        started(deaf, "deaf")
    ended = up.end()
    assert (ended.code, ended.document["error"]["exit_code"]) == (7, 7)
    # Compose may still have been on its way out of the start that the engine had done.
    assert re.search("the container engine (does not answer|went away)", ended.err)
    assert "'devenv up' goes on from there" in ended.err
    assert running(deaf) == {"deaf"}


def test_docker_host_and_contexts_are_honoured(project: Make, tmp_path: Path) -> None:
    """Loopback is this machine however it is reached; of any other engine, the addresses are its host's."""
    cache = project(f"[services.cache]\n{REDIS}\n[services.cache.settings]\nmaxmemory-policy = 'noeviction'\n")
    bridge = bridge_address()
    with Forwarder() as near, Forwarder(bridge) as far:
        up = well(devenv(cache, "up", "-j", DOCKER_HOST=near.address)).document
        assert up["services"][0]["address"].startswith("127.0.0.1:")
        assert "ready" in devenv(cache, "status", DOCKER_HOST=near.address).out

        own = tmp_path / "docker"
        (own / "cli-plugins").mkdir(parents=True)
        for folder in (Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker"), Path("/usr/libexec/docker")):
            if (folder / "cli-plugins" / "docker-compose").is_file():
                (own / "cli-plugins" / "docker-compose").symlink_to(folder / "cli-plugins" / "docker-compose")
        docker("--config", str(own), "context", "create", "elsewhere", "--docker", f"host={far.address}")
        through = {"DOCKER_CONFIG": str(own), "DOCKER_CONTEXT": "elsewhere", "DOCKER_HOST": ""}
        again = well(devenv(cache, "up", "-j", **through)).document
        assert [step["action"] for step in again["plan"]] == ["keep"]
        assert again["services"][0]["address"].startswith(f"{bridge}:")
        assert f"@{bridge}" in devenv(cache, "url", "cache", **through).out.replace("//", "@")

        docker("--config", str(own), "context", "use", "elsewhere")
        well(devenv(cache, "down", DOCKER_CONFIG=str(own), DOCKER_HOST=""))
    assert containers(cache) == []


def test_doctor_says_how_things_are(cache: Project, tmp_path: Path) -> None:
    """All that could be wrong at once, each with its fix; nothing is changed."""
    other = tmp_path / "bin" / "devenv"
    other.parent.mkdir()
    other.write_text("#!/bin/sh\n")
    other.chmod(0o755)
    manifest = (cache.root / "devenv.toml").read_text()
    with socket.create_server(("127.0.0.1", 0)) as taker:
        port = taker.getsockname()[1]
        cache.file("devenv.toml", manifest.replace(REDIS, f"{ANYWHERE}port = {port}\n"))
        path = f"{other.parent}{os.pathsep}{os.environ['PATH']}"
        ended = devenv(cache, "doctor", "--format", "json", PATH=path, DOCKER_HOST="")
    found = {finding["subject"]: finding for finding in ended.document["findings"]}
    assert ended.code == 0
    assert found["engine"]["level"] == found["compose"]["level"] == "ok"
    assert found["devenv.lock"]["hint"] == "devenv lock"
    assert f"(process {os.getpid()}) has it" in found[f"port {port}"]["message"]
    assert "takes another port" in found[f"port {port}"]["hint"]
    assert str(other) in found["PATH"]["message"]
