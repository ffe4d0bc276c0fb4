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

    @property
    def service(self) -> str:
        """A name for a service that runs it."""
        return f"{self.kind}-{self.version.replace('.', '-')}"

    @property
    def variable(self) -> str:
        """A name for the variable with its URL."""
        return self.service.replace("-", "_").upper()


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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.engine)
    # Files that take long begin first, so that no worker is alone with one at the end; before all others those that
    # wait without keeping a processor busy.
    items.sort(key=lambda item: _turn(item.path.stem))


def _turn(file: str) -> int:
    return next((turn for turn, begins in enumerate(_FIRST) if file.startswith(begins)), len(_FIRST))


_FIRST = ("test_devcontainer", ("test_upgrade", "test_snapshots"))


@pytest.fixture(scope="session")
def standins() -> tuple[Standin, ...]:
    """All images there are."""
    try:
        return read_standins()
    except (OSError, ValueError, KeyError) as error:  # not skipped: what was skipped proves nothing
        pytest.fail(f"no stand-in images in {standins_path()} ({error}): run 'make engine images'")


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
