"""``devenv render``: files that somebody edited, and those of a layer that is gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.making import tree
from tests.program import MANIFEST, said

LOCAL = "[services.cache]\nport = 6400\n"
OWN = (
    "# Written by devenv, not committed: the exact images behind what this checkout's devenv.local.toml alone names.\n"
)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    made = tree(tmp_path / "shop", {"devenv.toml": MANIFEST, "devenv.local.toml": LOCAL})
    assert said(made, "render").code == 0
    return made


def test_check_says_what_to_do_about_an_edited_file(shop: Path) -> None:
    compose = shop / ".devenv/compose.yaml"
    compose.write_text(compose.read_text() + "# mine\n")
    ended = said(shop, "render", "--check")
    assert ended.code == 3
    assert (
        ".devenv/compose.yaml was edited by hand\n  move what you added into .devenv/compose.override.yaml" in ended.err
    )
    assert "'devenv render --force'" in ended.err


def test_what_a_layer_that_is_gone_left_behind_is_removed(shop: Path) -> None:
    for text in (
        f"{OWN}version = 1\n",
        "# Written by `devenv lock`; commit it. The exact image behind every name in devenv.toml, the same for everybody.\nversion = 1\n",
    ):
        tree(shop, {".devenv/local.lock": text, "devenv.local.toml": LOCAL})
        said(shop, "render")
        assert (shop / ".devenv/compose.local.yaml").exists()
        assert (shop / ".devenv/local.lock").exists()
        (shop / "devenv.local.toml").unlink()
        assert said(shop, "render").code == 0
        assert not (shop / ".devenv/compose.local.yaml").exists()
        assert not (shop / ".devenv/local.lock").exists()


def test_what_somebody_edited_stays(shop: Path) -> None:
    compose = shop / ".devenv/compose.local.yaml"
    compose.write_text(compose.read_text() + "# mine\n")
    tree(shop, {".devenv/local.lock": "# mine\nversion = 1\n"})
    (shop / "devenv.local.toml").unlink()
    said(shop, "render")
    assert compose.exists()
    assert (shop / ".devenv/local.lock").exists()
