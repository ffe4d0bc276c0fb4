"""``devenv down`` with what it does not take."""

from __future__ import annotations

from pathlib import Path

from tests.making import tree
from tests.program import MANIFEST, said


def test_a_service_is_stopped_and_not_taken_down(tmp_path: Path) -> None:
    ended = said(tree(tmp_path / "shop", {"devenv.toml": MANIFEST}), "down", "db", "cache")
    assert ended.code == 2
    assert "down removes all services; it takes no names\n  devenv stop db cache" in ended.err
