"""An image that cannot be built: what is shown of it, what is kept, and what is done all the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from devenv.console import Progress
from devenv.effects.apply import Material, apply
from devenv.effects.building import NotBuilt
from devenv.effects.compose import Stack
from devenv.effects.store import Store
from devenv.model.plan import Action, Plan, Step
from tests.making import tree

#: What the classic builder prints, as `docker compose build` passes it on.
CLASSIC = """\
Step 1/3 : FROM postgres:15.20-bookworm
 ---> 6365a3695355
Step 2/3 : USER root
 ---> Running in 11aabbccddee
 ---> Removed intermediate container 11aabbccddee
 ---> 22aabbccddee
Step 3/3 : RUN apt-get update && apt-get install --yes nosuch
 ---> Running in 33aabbccddee
Reading package lists...
Building dependency tree...
Reading state information...
E: Unable to locate package nosuch
"""
CODE = "The command '/bin/sh -c apt-get install' returned a non-zero code: 100"
#: A docker that cannot build the image of db, and writes down what it is asked for.
DOCKER = """\
#!/bin/sh
echo "$*" >> "$(dirname "$0")/calls"
case "$*" in
  "compose version"*) echo 5.0.0 ;;
  *" build db") cat "$(dirname "$0")/transcript"; exit 1 ;;
esac
"""


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, programs: None) -> Path:
    """Where the words of every call of docker are written."""
    folder = tree(tmp_path / "bin", {"docker": DOCKER, "transcript": f"{CLASSIC}{CODE}\n"})
    (folder / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder / "calls"


def bring(tmp_path: Path) -> Store:
    root = tree(tmp_path / "shop", {".devenv/.env": "", ".devenv/compose.yaml": ""})
    store = Store(tmp_path / "state", root)
    stack = Stack("shop", root / ".devenv", (root / ".devenv" / "compose.yaml",))
    material = Material(
        root=root,
        files={},
        images={},
        platforms={},
        leaving={},
        paused={},
        half_made=(),
        stack=stack,
        logs=store.folder,
        copy=lambda services, progress: None,
        make_volumes=lambda services: None,
    )
    steps = [(Action.BUILD, "db"), (Action.CREATE, "db"), (Action.CREATE, "cache")]
    plan = Plan(tuple(Step(action, subject, "") for action, subject in steps))
    apply(plan, material, verb="up", store=store, progress=Progress())
    return store


def test_the_failing_line_and_the_log_are_named(tmp_path: Path, calls: Path) -> None:
    with pytest.raises(NotBuilt) as failed:
        bring(tmp_path)
    (problem,) = failed.value.problems
    (log,) = (tmp_path / "state").rglob("build-db.log")
    assert (problem.key, problem.message) == ("services.db", "building db failed")
    assert "E: Unable to locate package nosuch" in problem.hint
    assert CODE in problem.hint
    assert problem.hint.endswith(f"Full log: {log}")
    assert log.read_text().startswith("Step 1/3")
    assert log.stat().st_mode & 0o777 == 0o600


def test_the_other_services_are_started(tmp_path: Path, calls: Path) -> None:
    with pytest.raises(NotBuilt) as failed:
        bring(tmp_path)
    assert failed.value.services == {"db"}
    (started,) = [line for line in calls.read_text().splitlines() if " up " in line]
    assert started.endswith(" cache")
    assert "db" not in started.split()


def test_the_builders_dead_container_is_removed(tmp_path: Path, calls: Path) -> None:
    with pytest.raises(NotBuilt):
        bring(tmp_path)
    removals = [line for line in calls.read_text().splitlines() if line.startswith("container rm")]
    assert removals == ["container rm --force --volumes 33aabbccddee"]
