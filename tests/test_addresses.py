"""Which containers are another checkout's."""

from __future__ import annotations

from pathlib import Path

from devenv.addresses import elsewhere
from devenv.model.observed import Container
from tests.making import tree


def container(root: Path) -> Container:
    return Container("1", "shop-db-1", "shop", "db", "running", root=str(root))


def test_only_folders_that_hold_another_checkout_are_elsewhere(tmp_path: Path) -> None:
    here = tree(tmp_path / "here", {"devenv.toml": ""})
    clone = tree(tmp_path / "clone", {"devenv.toml": ""})
    (tmp_path / "link").symlink_to(here)
    (tmp_path / "empty").mkdir()
    roots = [here, clone, tmp_path / "link", tmp_path / "empty", tmp_path / "gone"]
    assert elsewhere(here, map(container, roots)) == {str(clone)}
