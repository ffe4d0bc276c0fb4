"""Git's hooks: ours beside whatever was there, with real git."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.making import tree
from tests.program import MANIFEST, said

pytestmark = pytest.mark.usefixtures("programs")
#: A devenv that says with what it was called.
TOLD = '#!/bin/sh\necho "devenv $*" >>"$TOLD"\n'


class Checkout:
    def __init__(self, root: Path, told: Path) -> None:
        self.root, self.told = root, told
        program = tree(root.parent / "bin", {"devenv": TOLD}) / "devenv"
        program.chmod(0o755)
        names = {
            f"GIT_{who}_{what}": "ann@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
        }
        path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
        self.env = {**os.environ, **names, "PATH": path, "TOLD": str(told), "GIT_CONFIG_GLOBAL": "/dev/null"}

    def git(self, *words: str) -> None:
        subprocess.run(["git", *words], cwd=self.root, env=self.env, check=True, capture_output=True, timeout=30)

    def heard(self) -> list[str]:
        lines = self.told.read_text().splitlines() if self.told.exists() else []
        self.told.unlink(missing_ok=True)
        return lines


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    made = Checkout(tree(tmp_path / "shop", {"devenv.toml": MANIFEST}), tmp_path / "told")
    made.git("init", "-b", "main")
    made.git("add", "-A")
    made.git("commit", "-m", "one")
    made.git("checkout", "-b", "other")
    tree(made.root, {"a": "a"})
    made.git("add", "-A")
    made.git("commit", "-m", "two")
    made.git("checkout", "main")
    return made


def test_what_others_did_is_told_of(checkout: Checkout) -> None:
    installed = said(checkout.root, "hooks", "install")
    assert (installed.code, "post-merge, post-checkout, post-rewrite" in installed.err) == (0, True)
    checkout.git("merge", "other")
    assert checkout.heard() == ["devenv behind"]
    checkout.git("checkout", "other")
    assert checkout.heard() == ["devenv behind"]
    checkout.git("checkout", "--", "a")
    assert checkout.heard() == []
    assert "nothing to do" in said(checkout.root, "hooks", "install").err
    assert said(checkout.root, "hooks", "uninstall").code == 0
    checkout.git("checkout", "main")
    assert checkout.heard() == []
    assert "nothing to do" in said(checkout.root, "hooks", "uninstall").err


def test_a_hook_that_was_there_runs_and_comes_back(checkout: Checkout) -> None:
    own = '#!/bin/sh\necho "mine $*" >>"$TOLD"\nexit 0\n'
    hook = checkout.root / ".git/hooks/post-merge"
    tree(checkout.root, {".git/hooks/post-merge": own})
    hook.chmod(0o755)
    said(checkout.root, "hooks", "install")
    checkout.git("merge", "--no-ff", "-m", "three", "other")
    assert checkout.heard() == ["mine 0", "devenv behind"]
    said(checkout.root, "hooks", "uninstall")
    assert hook.read_text() == own
    assert os.access(hook, os.X_OK)


def test_hooks_that_are_the_projects_own_files_are_left_alone(checkout: Checkout) -> None:
    checkout.git("config", "core.hooksPath", ".husky")
    ended = said(checkout.root, "hooks", "install")
    assert ended.code == 6
    assert "git's hooks are in .husky here" in ended.err
    assert "add the line 'devenv behind || :' to .husky/post-merge" in ended.err
    assert not (checkout.root / ".husky").exists()


def test_a_worktree_has_those_of_its_repository(checkout: Checkout, tmp_path: Path) -> None:
    checkout.git("worktree", "add", str(tmp_path / "second"), "other")
    assert said(tmp_path / "second", "hooks", "install").code == 0
    assert (checkout.root / ".git/hooks/post-merge").is_file()


def test_no_checkout_of_gits(tmp_path: Path) -> None:
    made = tree(tmp_path / "shop", {"devenv.toml": MANIFEST})
    ended = said(made, "hooks", "install")
    assert (ended.code, "is no git checkout" in ended.err) == (1, True)
