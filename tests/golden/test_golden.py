"""What a command says and writes, compared with what a person has read and found right.

``DEVENV_UPDATE_GOLDEN=1 pytest tests/golden`` writes down what comes now; read the difference before it is committed.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from devenv.effects.files import templates_root
from tests.golden.harness import cases, expected, name, run, update, update_lock

UPDATE = bool(os.environ.get("DEVENV_UPDATE_GOLDEN"))
PACKAGED = sorted(path.parent.name for path in (templates_root() / "services").glob("*/service.toml"))


@pytest.mark.parametrize("case", cases(), ids=name)
def test_golden(case: Path, tmp_path: Path) -> None:
    if UPDATE:
        assert not os.environ.get("CI"), "what is expected is decided by a person, not by CI"
        update_lock(case, tmp_path)
        update(case, run(case, tmp_path))
    assert run(case, tmp_path) == expected(case)


@pytest.mark.parametrize("kind", PACKAGED)
def test_every_kind_has_a_case(kind: str) -> None:
    manifest = Path(__file__).parent / "render" / kind / "devenv.toml"
    assert f'kind = "{kind}"' in manifest.read_text()


@pytest.mark.parametrize("case", [case for verb in ("facts", "init", "sync") for case in cases(verb)], ids=name)
def test_no_secret_of_production_leaves_a_source(case: Path, tmp_path: Path) -> None:
    """What these inputs call a canary is said nowhere, written nowhere, remembered nowhere."""
    outcome = run(case, tmp_path)
    assert "canary" not in f"{outcome.stdout}{outcome.stderr}{outcome.files}"
    for path in tmp_path.rglob("*"):
        if path.is_file() and not path.is_relative_to(tmp_path / "project"):
            assert "canary" not in path.read_text(errors="replace"), path
