"""``devenv run``: a command that could as well have been typed without it, but for the variables."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.making import tree
from tests.program import DEVENV, MANIFEST, ROOT, UP_BEFORE, Program


@pytest.fixture
def run(tmp_path: Path, programs: None) -> Program:
    return Program(tree(tmp_path / "shop", {"devenv.toml": MANIFEST, "below/x": "", **UP_BEFORE}))


def test_the_variables_are_there_and_the_others_stay(run: Program) -> None:
    run.env["OTHER"] = "mine"
    ended = run("run", "--", "sh", "-c", "echo $DATABASE_URL $OTHER")
    assert ended.out == "postgresql://postgres:devenv@127.0.0.1:20001/shop mine\n"


def test_where_the_user_stands(run: Program) -> None:
    run.folder = run.folder / "below"
    assert run("run", "pwd").out == f"{run.folder}\n"
    assert run("-C", "..", "run", "pwd").out == f"{run.folder.parent}\n"


def test_streams_and_exit_codes_are_the_commands(run: Program) -> None:
    ended = run("run", "--", "sh", "-c", "cat; echo oops >&2; exit 9", stdin=None, input="through")
    assert (ended.code, ended.out, ended.err) == (9, "through", "oops\n")
    assert run("run", "--", "sh", "-c", "kill -KILL $$").code == 128 + 9


def test_words_are_passed_as_they_are(run: Program) -> None:
    assert run("run", "printf", "%s|", "-j", "--", "--help", "a b", "$HOME").out == "-j|--|--help|a b|$HOME|"


@pytest.mark.parametrize("word", ["no-such-program", "./none/x"])
def test_no_such_program(run: Program, word: str) -> None:
    """The exit codes are those of shells."""
    ended = run("run", "--", word)
    assert (ended.code, ended.out) == (127, "")
    head = f"error: program '{word}' not found\n  check its name, or add its folder to PATH\n"
    assert ended.err.startswith(head)


@pytest.mark.parametrize("word", ["./below/x", "./below"])
def test_a_program_that_is_not_executable(run: Program, word: str) -> None:
    ended = run("run", "--", word)
    assert (ended.code, ended.out) == (126, "")
    assert ended.err.startswith(f"error: program '{word}' is not executable\n  chmod +x {word}\n")


def test_a_script_without_an_interpreter(run: Program) -> None:
    script = run.folder / "script"
    script.write_text("echo no first line\n")
    script.chmod(0o755)
    ended = run("run", "./script")
    assert ended.code == 126
    assert ended.err.startswith("error: program './script' cannot be run: Exec format error\n")


def test_nothing_to_run(run: Program) -> None:
    assert run("run").code == 2
    assert run("run", "--").code == 2


def test_whoever_ends_devenv_ends_the_command(run: Program) -> None:
    """As a supervisor does, which knows devenv's process only."""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [
        *DEVENV,
        "run",
        "--",
        "sh",
        "-c",
        "trap 'kill $!; echo ended well; exit 3' TERM; echo at work; sleep 600 & wait",
    ]
    with subprocess.Popen(command, cwd=run.folder, env=env, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout
        assert child.stdout.readline() == "at work\n"
        child.send_signal(signal.SIGTERM)
        assert child.stdout.readline() == "ended well\n"
        assert child.wait() == 3
