"""Whose data is copied, and what is said where there is none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from devenv.data.keeping import Place, data_of
from devenv.effects.world import World
from devenv.errors import DevenvError
from devenv.model.observed import Engine, ExistingVolume, Observed
from devenv.project import open_project
from devenv.standing import with_generations
from tests.effects.scripted_docker import scripted
from tests.making import tree

MANIFEST = """\
[project]
name = "shop"
[services.cache]
kind = "redis"
version = "7.0.15"
[services.mem]
kind = "memcached"
version = "1.6.18"
"""
CACHE = ExistingVolume("shop_cache-redis-7.0", "shop", "cache", "redis", "7.0", "/data")


def place(root: Path, *volumes: ExistingVolume) -> Place:
    tree(root, {"devenv.toml": MANIFEST})
    world = World(cwd=root, env={"HOME": str(root), "DEVENV_STATE": str(root / "state")})
    project = open_project(world)
    seen = Observed(Engine("27", "linux/amd64"), volumes=volumes)
    return Place(world, project, *with_generations(project, project.machine(), seen))


def test_all_data_that_there_is(tmp_path: Path) -> None:
    assert data_of(place(tmp_path, CACHE), ["cache", "mem"], all_of_them=False) == [CACHE]


@pytest.mark.parametrize(
    ("services", "message", "hint"),
    [
        (["cache", "mem"], "there is no data of cache here", "devenv up cache   makes it"),
        (["cache"], "there is no data of cache here", "devenv up cache   makes it"),
        (["mem"], "no data is kept of mem (memcached)", "leave that out"),
    ],
)
def test_services_without_data(tmp_path: Path, services: list[str], message: str, hint: str) -> None:
    with pytest.raises(DevenvError) as raised:
        data_of(place(tmp_path), services, all_of_them=True)
    (problem,) = raised.value.problems
    assert (problem.message, problem.hint) == (message, hint)


def test_an_image_to_copy_with_is_fetched_where_none_is_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, programs: None
) -> None:
    calls = scripted(tmp_path, monkeypatch, "")
    here = place(tmp_path / "shop", CACHE)
    here = replace(here, world=replace(here.world, env={**here.world.env, "DOCKER_HOST": "tcp://127.0.0.1:1"}))
    (image,) = here.images("cache")
    assert image == "redis:7.0.15"
    assert f"image pull {image}" in calls.read_text().splitlines()
    with pytest.raises(DevenvError) as raised:
        here.images("gone")
    assert raised.value.problems[0].hint == "put [services.gone] back into devenv.toml"
