"""``devenv render``: files that somebody edited, and those of a layer that is gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from devenv import generated_files
from devenv.effects.world import World
from devenv.project import Project, open_project
from devenv.stages.plan_up import stale
from devenv.targets.mark import marked, read_mark
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


WITH_ALL = """\
[project]
name = "shop"
[services.db]
kind = "postgres"
version = "15.4"
extensions = ["vector"]
[runtimes]
python = "3.12.4"
[devcontainer]
"""


def opened(shop: Path, state: str) -> Project:
    """The checkout on a machine that remembers what is in the folder ``state``."""
    return open_project(World(cwd=shop, env={"DEVENV_STATE": str(shop.parent / state)}))


def states(project: Project) -> dict[str, str]:
    return stale(project.generated(), generated_files.found(project))


def forge(path: Path) -> None:
    """Change a generated file, and its mark with it."""
    text = path.read_text()
    head, _, body = text.partition("content=")
    body = body.partition("\n")[2] + "# forged\n"
    sign = head.partition(" ")[0]
    path.write_text(marked(body, read_mark(text).inputs, own="anything", sign=sign))
    assert read_mark(path.read_text()).intact


def test_a_file_that_is_not_what_devenv_renders_is_edited_whatever_its_mark_says(tmp_path: Path) -> None:
    shop = tree(tmp_path / "shop", {"devenv.toml": WITH_ALL})
    project = opened(shop, "there")
    generated_files.write(project, project.render())
    assert states(opened(shop, "there")) == {}
    for path in project.generated():
        text = (shop / path).read_text()
        forge(shop / path)
        assert states(opened(shop, "there")) == {path: "edited"}
        assert states(opened(shop, "here")) == {path: "edited"}
        (shop / path).write_text(text.replace("\n", "\r\n"), newline="")
        assert states(opened(shop, "here")) == {}
        (shop / path).write_text(text)


def test_what_was_compared_once_is_known(tmp_path: Path) -> None:
    shop = tree(tmp_path / "shop", {"devenv.toml": WITH_ALL})
    project = opened(shop, "there")
    generated_files.write(project, project.render())
    known = project.store.read("rendered")
    assert known.keys() == project.generated().keys()
    clone = opened(shop, "here")
    assert clone.store.read("rendered") == {}
    assert states(clone) == {}
    assert clone.store.read("rendered") == known


def test_a_forged_file_is_refused_until_it_is_overwritten(shop: Path) -> None:
    forge(shop / ".devenv/compose.yaml")
    ended = said(shop, "render", "--check")
    assert (ended.code, ".devenv/compose.yaml was edited by hand" in ended.err) == (3, True)
    assert said(shop, "render").code == 6
    assert said(shop, "render", "--force").code == 0
    assert said(shop, "render", "--check").code == 0
