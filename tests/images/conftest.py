"""Containers that live as long as one test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.images.containers import Container, Run, docker


@pytest.fixture
def create() -> Iterator[Run]:
    """Containers that are removed, with their anonymous volumes, when the test ends."""
    made: list[Container] = []

    def make(image: str, *options: str, command: tuple[str, ...] = ()) -> Container:
        made.append(Container(image, options, command))
        return made[-1]

    yield make
    for container in made:
        docker("rm", "--force", "--volumes", container.id, check=False)


@pytest.fixture
def run(create: Run) -> Run:
    def start(image: str, *options: str, command: tuple[str, ...] = ()) -> Container:
        container = create(image, *options, command=command)
        container.start()
        return container

    return start


@pytest.fixture
def volume() -> Iterator[str]:
    name = docker("volume", "create").stdout.strip()
    yield name
    docker("volume", "rm", "--force", name, check=False)
