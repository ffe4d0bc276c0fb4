"""What the engine says over its socket and what the docker CLI says of it are the same."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from devenv.effects import containers, engine, engine_socket
from devenv.effects.world import World
from tests.engine.conftest import Make
from tests.engine.project import docker

MANIFEST = """
[services.cache]
kind = "redis"
version = "7.0.15"

[services.gone]
kind = "redis"
version = "7.0.15"
"""


def both(monkeypatch: pytest.MonkeyPatch, see: Callable[[World], Any]) -> tuple[Any, Any]:
    """The same seen twice: over the socket, and with the socket hidden."""
    world = World(env=dict(os.environ))
    over_socket = see(world)
    with monkeypatch.context() as hidden:
        hidden.setattr(engine_socket, "find", lambda *_: "")
        hidden.setattr(engine_socket, "ask", None)
        return over_socket, see(world)


def test_containers_and_volumes(project: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    made = project(MANIFEST)
    made.up()
    docker("stop", made.container("gone"))

    def see(world: World) -> Any:
        assert bool(engine_socket.find(world, "")) == (engine_socket.ask is not None)
        seen = engine.look(world).result()
        own = [item for item in seen.containers if item.project == made.name]
        # The socket gives networks by their ids and the CLI by their names; both are among those that there are.
        assert all(item.networks and seen.networks.issuperset(item.networks) for item in own)
        return replace(
            seen,
            containers=tuple(replace(item, networks=()) for item in own),
            volumes=tuple(item for item in seen.volumes if item.project == made.name),
            networks=frozenset(),
        )

    over_socket, over_cli = both(monkeypatch, see)
    assert over_socket == over_cli
    assert {item.service: item.state for item in over_cli.containers} == {"cache": "running", "gone": "exited"}
    assert all(item.ports or item.state == "exited" for item in over_cli.containers)
    assert len(over_cli.volumes) == 2


def test_how_containers_are(project: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    made = project(MANIFEST)
    made.up()
    gone = made.container("gone")
    ids = [made.container("cache"), gone, "0" * 64]
    docker("kill", gone)
    over_socket, over_cli = both(monkeypatch, lambda world: containers.inspect(world, ids))
    assert over_socket == over_cli
    assert [(item.service, item.state, item.exit_code) for item in over_cli] == [
        ("cache", "running", 0),
        ("gone", "exited", 137),
    ]


def test_images(project: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    made = project(MANIFEST)
    made.up()
    tag, _, digest = docker("inspect", "--format", "{{.Config.Image}}", made.container("cache")).strip().partition("@")
    repository = tag.rpartition(":")[0]
    names = [f"{repository}@{digest}", f"{repository}:no-such-tag", f"nobody/nothing@sha256:{'0' * 64}", "nobody/a b:c"]
    over_socket, over_cli = both(monkeypatch, lambda world: engine.images(world, names))
    assert over_socket == over_cli == {names[0]}
