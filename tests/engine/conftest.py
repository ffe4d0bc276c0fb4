"""Real servers: every stand-in image, and projects whose containers are gone when their test is."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.engine.project import Project

HERE = Path(__file__).parent
Make = Callable[[str], Project]


@dataclass(frozen=True)
class Standin:
    """One image of the local registry that behaves like an official one."""

    kind: str
    version: str
    variant: str

    def __str__(self) -> str:
        return "-".join(word for word in (self.kind, self.version, self.variant) if word)


def standins_path() -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("DEVENV_TEST_IMAGES") or cache / "devenv-tests" / "images.json")


def read_standins() -> tuple[Standin, ...]:
    """Each server once: the variants of one version differ in what is around it."""
    found: dict[tuple[str, str], Standin] = {}
    for entry in json.loads(standins_path().read_text(encoding="utf-8"))["images"]:
        kind, version, variant = entry["kind"], entry["version"], entry["variant"]
        tagged = f"{version}-{variant}" in entry["tags"]
        found.setdefault((kind, version), Standin(kind, version, variant if tagged else ""))
    return tuple(found.values())


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "xdist_group(name): what pytest-xdist, if it is there, must not tear apart")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.engine)
            callspec = getattr(item, "callspec", None)
            if callspec and "standin" in callspec.params:
                item.add_marker(pytest.mark.xdist_group(str(callspec.params["standin"])))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One run for every stand-in; without any, one that fails: a test that was skipped proves nothing."""
    if "standin" not in metafunc.fixturenames:
        return
    try:
        found: list[Standin | None] = list(read_standins())
    except (OSError, ValueError, KeyError):
        found = []
    metafunc.parametrize("standin", found or [None], ids=str, indirect=True, scope="module")


@pytest.fixture(scope="session")
def standins() -> tuple[Standin, ...]:
    """All images there are."""
    try:
        return read_standins()
    except (OSError, ValueError, KeyError) as error:
        pytest.fail(f"no stand-in images in {standins_path()} ({error}): run 'make engine images'")


@pytest.fixture(scope="module")
def standin(request: pytest.FixtureRequest, standins: tuple[Standin, ...]) -> Standin:
    """The image that a test is run for."""
    assert isinstance(request.param, Standin)
    return request.param


@contextlib.contextmanager
def projects(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Make]:
    """Makes projects of manifest text; whatever they started is removed afterwards."""
    made: list[Project] = []

    def make(manifest: str) -> Project:
        own = Project(tmp_path_factory.mktemp("project"), f"engine-{secrets.token_hex(4)}")
        made.append(own)
        own.write(manifest)
        return own

    try:
        yield make
    finally:
        for own in made:
            own.remove()


@pytest.fixture
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Make]:
    """Makes projects for one test."""
    with projects(tmp_path_factory) as make:
        yield make
