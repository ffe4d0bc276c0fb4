"""Who speaks on stderr: the engine's own program, or one in a container."""

from __future__ import annotations

from pathlib import Path

import pytest

from devenv.effects.compose import start_containers
from devenv.effects.containers import execute
from devenv.effects.engine import docker
from devenv.errors import DevenvError, Unreachable
from devenv.model.probe import Command


def docker_says(folder: Path, monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    program = folder / "docker"
    program.write_text(f"#!/bin/sh\necho '{words}' >&2\nexit 1\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


@pytest.mark.usefixtures("programs")
def test_a_program_in_a_container_may_find_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    docker_says(tmp_path, monkeypatch, "bash: connect: Connection refused")
    assert execute("it", Command(("true",))).code == 1
    with pytest.raises(Unreachable):
        docker("ps")


@pytest.mark.usefixtures("programs")
def test_the_engine_is_gone_whoever_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    docker_says(tmp_path, monkeypatch, "Cannot connect to the Docker daemon at unix:///var/run/docker.sock.")
    with pytest.raises(Unreachable):
        execute("it", Command(("true",)))


@pytest.mark.usefixtures("programs")
def test_what_the_engine_lost_in_a_crash_has_a_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    docker_says(
        tmp_path, monkeypatch, "Error response from daemon: AlreadyExists: task 4be1f0: already exists: unknown"
    )
    with pytest.raises(DevenvError) as raised:
        start_containers(["4be1f0"])
    assert str(raised.value).startswith(
        "starting containers: the engine lost track of a container in a crash\n  'devenv down', then 'devenv up'"
    )
