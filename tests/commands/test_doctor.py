"""``devenv doctor``: what it finds that needs no engine."""

from __future__ import annotations

import io
import os
import subprocess
from pathlib import Path

import pytest

from devenv.commands.doctor import Diagnosis, _layer_findings
from devenv.effects.world import World
from devenv.project import open_project
from tests.making import tree
from tests.program import MANIFEST


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
    subprocess.run(found.fix, cwd=shop, check=True, shell=True)
    assert [found.level for found in findings(shop)] == ["ok"]
    subprocess.run(["git", "add", "--force", "devenv.local.toml"], cwd=shop, check=True)
    (found,) = findings(shop)
    assert (found.level, found.message) == ("warning", "git tracks it, so it applies to everybody")
    subprocess.run(found.fix, cwd=shop, check=True, shell=True)
    assert [found.level for found in findings(shop)] == ["ok"]
