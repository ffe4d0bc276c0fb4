"""``devenv doctor``: what it finds that needs no engine."""

from __future__ import annotations

import io
import json
import os
import subprocess
from pathlib import Path

import pytest

from devenv.commands.doctor import Diagnosis, _layer_findings
from devenv.effects.world import World
from devenv.project import open_project
from tests.making import tree
from tests.program import MANIFEST, said


def findings(shop: Path) -> list[Diagnosis]:
    world = World(cwd=shop, env=dict(os.environ), stdin=io.StringIO(), stdout=io.StringIO(), stderr=io.StringIO())
    return list(_layer_findings(open_project(world)))


@pytest.mark.usefixtures("programs")
def test_a_developers_own_layer_that_git_would_commit(tmp_path: Path) -> None:
    shop = tree(tmp_path / "shop", {"devenv.toml": MANIFEST})
    assert findings(shop) == []
    tree(shop, {"devenv.local.toml": "[services.cache]\nport = 6400\n"})
    assert findings(shop) == []  # nothing here is committed
    subprocess.run(["git", "init", "--quiet"], cwd=shop, check=True)
    (found,) = findings(shop)
    assert (found.subject, found.level, found.message) == ("devenv.local.toml", "warning", "git does not ignore it")
    subprocess.run(["sh", "-c", found.fix], cwd=shop, check=True)  # as somebody pastes it
    assert [found.level for found in findings(shop)] == ["ok"]
    subprocess.run(["git", "add", "--force", "devenv.local.toml"], cwd=shop, check=True)
    (found,) = findings(shop)
    assert (found.level, found.message) == ("warning", "git tracks it, so it applies to everybody")
    subprocess.run(["sh", "-c", found.fix], cwd=shop, check=True)  # as somebody pastes it
    assert [found.level for found in findings(shop)] == ["ok"]


@pytest.mark.usefixtures("programs")
def test_problems_are_the_error_of_the_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    ended = said(tmp_path, "doctor", "-j")
    assert ended.code == 1
    document = json.loads(ended.out)
    assert document["error"]["exit_code"] == 1
    found = [item for item in document["findings"] if item["level"] == "problem"]
    assert [item["subject"] for item in found] == ["engine"]
    problems = document["error"]["problems"]
    assert [problem["message"] for problem in problems] == [f"engine: {found[0]['message']}"]
    assert problems[0]["hint"] == found[0]["hint"]
