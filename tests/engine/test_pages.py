"""README.md and docs/data.md, read from top to bottom by somebody who types every command, on one project."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import pages
from tests.engine.project import MIRROR, Project, docker, own_port

#: Whoever reads has these already; else a page would show how they are pulled.
IMAGES = ("postgres:15.20", "postgres:17.12", "redis:7.0.15")
#: The ports that the pages show.
PORTS = {"DB": 5432, "CACHE": 6379}


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[pages.Reader]:
    """A reader whose project has a name and ports of its own on this engine."""
    name = f"shop-{secrets.token_hex(4)}"
    ports = {service: own_port(first=6500, count=3000) for service in PORTS}  # as wide in a table as the usual ones
    project = Project(tmp_path / "shop", name)
    chosen = [f"DEVENV_{service}_PORT={port}" for service, port in ports.items()]
    project.file(".devenv/.env", "\n".join([f"COMPOSE_PROJECT_NAME={name}", *chosen, ""]))
    shown = {str(port): str(PORTS[service]) for service, port in ports.items()} | {name: "shop"}
    try:
        yield pages.Reader(project, shown)
    finally:
        project.remove()


def test_the_pages_show_what_devenv_prints(reader: pages.Reader) -> None:
    for image in IMAGES:
        docker("pull", "--quiet", f"{MIRROR}/library/{image}")
    for page in pages.WITH_ENGINE:
        reader.reads(page)
