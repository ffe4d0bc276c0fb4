"""Completion, in a shell that really completes: verbs, services, profiles, kinds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from devenv.cli import VERBS
from devenv.effects import snapshots
from devenv.effects.store import Store
from devenv.model.snapshot import Snapshot
from tests.making import tree
from tests.program import MANIFEST, ROOT, Program

#: What bash does when somebody presses Tab: it calls the function that the script registered with ``complete``.
PRESS_TAB = """
set -eu
devenv() { "$PYTHON" -m devenv "$@"; }
export -f devenv
eval "$(devenv completion bash)"
function=$(complete -p devenv | sed 's/.*-F \\([^ ]*\\).*/\\1/')
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
"$function" "$MINE" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\\n' "${COMPREPLY[@]-}"
"""


@pytest.fixture
def shop(tmp_path: Path, programs: None) -> Path:
    return tree(tmp_path / "shop", {"devenv.toml": MANIFEST, "devenv.local.toml": '[services.mine]\nkind = "redis"\n'})


def offered(folder: Path, *words: str) -> list[str]:
    """What bash offers for the last of these words."""
    mine = folder.parent / "bin" / "devenv"
    mine.parent.mkdir(exist_ok=True)
    mine.write_text(f'#!/bin/sh\nexec {sys.executable} -m devenv "$@"\n')
    mine.chmod(0o755)
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHON": sys.executable, "MINE": str(mine)}
    done = subprocess.run(
        ["bash", "--norc", "-c", PRESS_TAB, "bash", "devenv", *words],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.split()


def test_verbs(shop: Path) -> None:
    assert offered(shop, "") == list(VERBS)
    assert offered(shop, "st") == ["status", "stop"]


@pytest.mark.parametrize("verb", ["up", "stop", "url", "client", "exec", "logs", "wait", "reset", "status", "seed"])
def test_services(shop: Path, verb: str) -> None:
    assert offered(shop, verb, "") == ["db", "cache", "mine"]
    assert offered(shop, verb, "c") == ["cache"]


def test_snapshots(shop: Path) -> None:
    """Those that are remembered, without asking an engine."""
    store = Store(Path(os.environ["DEVENV_STATE"]), shop)
    snapshots.add(
        store, [Snapshot(n, "db", "redis", "7.0", "7.0", "", "", {"/data": n}) for n in ("mon", "may", "sun")]
    )
    assert offered(shop, "snapshot", "restore", "m") == ["mon", "may"]
    assert offered(shop, "snapshot", "rm", "mon", "") == ["may", "sun"]
    assert offered(shop, "snapshot", "re") == ["restore"]


def test_services_that_were_given_already_are_not_offered_again(shop: Path) -> None:
    assert offered(shop, "up", "db", "") == ["cache", "mine"]


def test_what_stands_after_options(shop: Path) -> None:
    assert offered(shop, "up", "--profile", "") == ["small"]
    assert offered(shop, "up", "--fresh", "d") == ["db"]
    assert offered(shop, "up", "--dr") == ["--dry-run"]
    assert offered(shop, "catalog", "post") == ["postgres"]
    assert offered(shop, "completion", "") == ["bash", "zsh", "fish"]


def test_of_another_folder(shop: Path) -> None:
    (shop.parent / "elsewhere").mkdir()
    assert offered(shop.parent / "elsewhere", "-C", str(shop), "url", "d") == ["db"]


@pytest.mark.parametrize("manifest", [None, "no toml [", "services = 3\n", '[services]\ndb = "x"\n'])
def test_nothing_is_said_of_what_is_wrong(shop: Path, manifest: str | None) -> None:
    """Somebody is typing: there is a time for errors, and this is not it."""
    (shop / "devenv.local.toml").unlink()
    (shop / "devenv.toml").unlink()
    if manifest is not None:
        (shop / "devenv.toml").write_text(manifest)
    assert offered(shop, "up", "x") == []
    assert "postgres" in offered(shop, "catalog", "") or manifest is not None


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_for_each_shell(shop: Path, shell: str) -> None:
    ended = Program(shop)("completion", shell)
    assert ended.code == 0
    assert f"_DEVENV_COMPLETE={shell}_complete" in ended.out


def test_no_other_shell(shop: Path) -> None:
    assert Program(shop)("completion", "csh").code == 2


def test_fish_shows_descriptions_with_commas(shop: Path) -> None:
    """It gets type, value and description as one line, of which only the first comma separates."""
    script = Program(shop)("completion", "fish").out
    assert 'string split --max 1 "," $completion' in script


def test_zsh_sets_up_completion_where_nobody_has(shop: Path) -> None:
    script = Program(shop)("completion", "zsh").out
    assert script.startswith(
        "#compdef devenv\n(( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i }\n"
    )


def test_a_command_is_described_by_its_whole_sentence(shop: Path) -> None:
    env = {"_DEVENV_COMPLETE": "fish_complete", "COMP_WORDS": "devenv hi", "COMP_CWORD": "hi"}
    assert Program(shop, env)().out == f"plain,history\t{VERBS['history']}\n"
