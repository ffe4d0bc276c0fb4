"""What is rendered is what the real Compose takes."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.golden.harness import cases, name

FILES = [file for case in cases("render") for file in sorted(case.glob("expected/.devenv/compose*.yaml"))]


@pytest.mark.engine
@pytest.mark.parametrize("file", FILES, ids=name)
def test_compose_accepts_what_is_rendered(file: Path) -> None:
    words = ["docker", "compose", "--file", str(file), "config", "--quiet"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
