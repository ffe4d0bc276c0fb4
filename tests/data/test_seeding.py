"""Which data is to be filled, and which was never filled."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from devenv.data import seeding
from devenv.effects.world import World
from devenv.model.observed import Engine, ExistingVolume, Observed
from devenv.project import open_project
from tests.making import tree

MANIFEST = """\
[project]
name = "shop"
[services.db]
kind = "postgres"
version = "15.6"
[services.cache]
kind = "redis"
version = "7.0.15"
[seed]
db = ["a.sql"]
"""
NEVER = (
    "db: its data was not made by devenv, and [seed] was never loaded into it; "
    "'devenv seed db' fills new data and keeps the present data as a snapshot"
)


def test_data_that_an_ide_made_was_never_filled(tmp_path: Path) -> None:
    root = tree(tmp_path / "shop", {"devenv.toml": MANIFEST, "a.sql": ""})
    project = open_project(World(cwd=root, env={"HOME": str(tmp_path), "DEVENV_STATE": str(tmp_path / "state")}))
    machine = project.machine()
    data = ExistingVolume("shop_db-postgres-15", "shop", "db", "postgres", "15", "/data")

    def found(*volumes: ExistingVolume) -> list[str]:
        observed = Observed(Engine("27", "linux/amd64"), volumes=volumes)
        return seeding.never_filled(project, machine, observed, ["db", "cache"])

    assert found(data) == [NEVER]
    assert found(replace(data, owner="a1")) == [], "devenv made it before [seed] was written"
    assert found() == []
    seeding.owe(project, machine, ["db"])
    assert found(data) == []
    seeding.note(project.store, data.name, seeding.DONE)
    assert found(replace(data, owner="a1")) == []
    assert found(data) == [NEVER], "plain Compose made it again under the same name"
    described = "volumes: {db-postgres-15: {driver_opts: {o: bind}}}"
    tree(root, {".devenv/compose.override.yaml": described})
    project = open_project(World(cwd=root, env={"HOME": str(tmp_path), "DEVENV_STATE": str(tmp_path / "state")}))
    assert found(data) == [], "Compose makes what the user's own Compose file describes"
