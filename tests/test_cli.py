"""argv and environment -> one command: every way of ending, and what the person who typed it sees."""

from __future__ import annotations

import errno
import io
import json
import os
import pty
import re
import subprocess
from pathlib import Path

import pytest

from devenv import __version__
from devenv.cli import VERBS, main
from devenv.effects.world import World
from tests.making import tree
from tests.program import DEVENV, MANIFEST, ROOT, UP_BEFORE, Program, said


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return tree(tmp_path / "shop", {"devenv.toml": MANIFEST, **UP_BEFORE})


def test_version_and_help(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(tmp_path, "--version").code == 0
    assert said(tmp_path, "--help").code == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"devenv {__version__}\n")
    assert [verb for verb in VERBS if not re.search(rf"^  {verb} ", shown, re.MULTILINE)] == []


@pytest.mark.parametrize("verb", VERBS)
def test_every_command_has_help(verb: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(tmp_path, verb, "--help").code == 0
    assert capsys.readouterr().out.startswith(f"Usage: devenv {verb} ")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["statsu"], "error: there is no command 'statsu'\n  did you mean 'status'?\nnothing was changed\n"),
        (["restart"], "  here that is 'devenv stop SERVICE && devenv up SERVICE'\n"),
        (["resett"], "  did you mean 'reset'?\n"),
        (["frobnicate"], "error: there is no command 'frobnicate'\n  'devenv --help' lists what there is\n"),
        (["check", "--zzz"], "error: No such option '--zzz'.\n  'devenv check --help' shows how it is used\n"),
        (["url"], "error: Missing argument 'SERVICE'.\n  'devenv url --help' shows how it is used\n"),
        (["up", "--wait-timeout", "long"], "'long' is not a valid integer range"),
        (["env", "--format", "yaml"], "'yaml' is not one of 'dotenv', 'export', 'fish', 'json'"),
        (["-C", "nowhere", "env"], "error: nowhere is not a directory\n"),
    ],
)
def test_mistakes_on_the_command_line(shop: Path, words: list[str], message: str) -> None:
    ended = said(shop, *words)
    assert (ended.code, ended.out) == (2, "")
    assert message in ended.err


ADDRESS = "postgres://shop:c4n4ry@db.example.com/shop"
#: Verbs whose first word is another verb.
GROUPS = {
    "snapshot": ["create", "restore", "rm", "export", "import", "list", "prune"],
    "devcontainer": ["up", "exec", "read", "down"],
    "hooks": ["install"],
}


@pytest.mark.parametrize("verb", [*VERBS, "nonsense"])
@pytest.mark.parametrize("form", ["text", "json"])
def test_the_password_of_an_address_is_never_quoted_back(verb: str, form: str, shop: Path) -> None:
    """Where a name is wanted, as an option's value, and in the place of the verb."""
    as_json, nowhere = ["-j"] if form == "json" else [], {"DOCKER_HOST": f"unix://{shop}/engine.sock"}
    for inner in GROUPS.get(verb, [""]):
        typed = [word for word in (verb, inner) if word]
        for words in ([ADDRESS], ["--format", ADDRESS], [f"--nonsense={ADDRESS}"], ["--environment", ADDRESS]):
            ended = said(shop, *typed, *as_json, *words, env=nowhere)
            assert "c4n4ry" not in ended.out + ended.err, words
    ended = said(shop, ADDRESS, *as_json)
    assert "postgres://***@db.example.com/shop" in ended.err
    assert "c4n4ry" not in ended.out + ended.err


@pytest.mark.parametrize(
    ("words", "changes"),
    [
        (["reset", "--nope"], True),
        (["snapshot", "restore"], True),
        (["snapshot", "list", "--nope"], False),
        (["url", "nobody"], False),
        (["-C", "nowhere", "status"], False),
    ],
)
def test_only_commands_that_change_something_say_that_nothing_was_changed(
    shop: Path, words: list[str], changes: bool
) -> None:
    assert said(shop, *words).err.endswith("nothing was changed\n") == changes


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["lock", "-j", "--nope"], 2),
        (["lock", "--nope", "-j"], 2),
        (["check", "--format=json", "--nope"], 2),
        (["up", "-yj", "--nope"], 2),
        (["-C", "nowhere", "check", "-j"], 2),
        (["sync", "-j", "--rollback", "--check"], 2),
        (["snapshot", "list", "-j", "--nope"], 2),
        (["env", "--format", "json"], 1),
        (["lock", "--check", "-j"], 3),
    ],
)
def test_programs_get_one_document_of_every_failure(shop: Path, words: list[str], code: int) -> None:
    (shop / ".devenv" / ".env").unlink()
    ended = said(shop, *words)
    document = json.loads(ended.out)
    assert (ended.code, document["schema_version"], document["error"]["exit_code"]) == (code, 2, code)
    assert document["error"]["problems"][0]["message"] in ended.err


@pytest.mark.parametrize("words", [["run", "--", "nothing", "-j"], ["url", "db", "-j"]])
def test_a_j_of_another_program_is_not_ours(tmp_path: Path, words: list[str]) -> None:
    assert said(tmp_path, *words).out == ""


@pytest.mark.usefixtures("programs")
def test_no_project(tmp_path: Path) -> None:
    for verb in ("up", "status", "env", "check", "lock", "render", "stop", "down", "logs", "wait"):
        ended = Program(tmp_path)(verb)
        assert ended.code == 2
        assert (
            f"no devenv.toml in {tmp_path} or above it\n  change to your project's folder, or begin one here: devenv init"
            in ended.err
        )


def test_started_elsewhere(shop: Path) -> None:
    """In a folder below, from anywhere with -C, by a path of any kind."""
    (shop / "below" / "deep").mkdir(parents=True)
    wanted = said(shop, "url", "db")
    assert wanted.code == 0
    assert said(shop / "below" / "deep", "url", "db") == wanted
    assert said(shop.parent, "-C", "shop", "url", "db") == wanted
    assert said(Path("/"), "-C", str(shop / "below" / ".." / "below"), "url", "db") == wanted


def test_addresses_are_not_guessed(shop: Path) -> None:
    """What a standard port leads to may be another checkout's, so it is not printed before it is decided."""
    (shop / ".devenv" / ".env").unlink()
    for words in (["env"], ["url", "db"], ["run", "--", "true"]):
        ended = said(shop, *words)
        assert (ended.code, ended.out) == (1, "")
        assert ended.err == "error: db has no port on this machine yet\n  devenv up db\n"
    (shop / "devenv.toml").write_text(MANIFEST.partition("[env]")[0] + '[env]\nPLAIN = "yes"\n')
    assert said(shop, "env").out == "PLAIN='yes'\n"


class Broken(io.StringIO):
    """A stream that fails as nothing but a mistake of a programmer does."""

    def write(self, text: str) -> int:
        error = ZeroDivisionError(text)
        raise error from error  # whoever follows causes must come to an end


def test_a_bug_gets_a_sentence_and_a_log(shop: Path) -> None:
    store, err = Path(os.environ["DEVENV_STATE"]), io.StringIO()
    world = World(cwd=shop, env=dict(os.environ), stdin=io.StringIO(), stdout=Broken(), stderr=err)
    assert main(["url", "db"], world) == 1
    first, hint, last = err.getvalue().splitlines()
    assert first == "error: devenv itself failed: ZeroDivisionError"
    assert hint == f"  Full log: {store / 'crash.log'}"
    assert last == "unknown what was changed; 'devenv status' shows the current state"
    assert "ZeroDivisionError" in (store / "crash.log").read_text()


@pytest.mark.usefixtures("programs")
class TestAsAProgram:
    """What needs real streams."""

    def test_a_reader_that_goes_away(self, shop: Path) -> None:
        """``devenv schema | head -1``: no error, no traceback, and no failure for 'set -o pipefail'."""
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        for command in ("schema", "catalog", "catalog --format json"):
            words = " ".join([*DEVENV, command])
            pipe = ["bash", "-c", f"set -o pipefail; {words} | head -c 1 >/dev/null"]
            done = subprocess.run(pipe, cwd=shop, env=env, capture_output=True, text=True, check=False)
            assert done.returncode == 0
            assert "rror" not in done.stderr

    def test_nobody_reads_what_is_said_on_the_way(self, shop: Path) -> None:
        """That does not stop what is being done."""
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        words = " ".join([*DEVENV, "render"])
        pipe = ["bash", "-c", f"set -o pipefail; {{ sleep 0.01; exec {words} 2>&1 >&3; }} 3>&1 | true"]
        done = subprocess.run(pipe, cwd=shop, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0
        assert (shop / ".devenv" / "compose.yaml").is_file()

    def test_a_full_disk_behind_stdout(self, shop: Path) -> None:
        with Path("/dev/full").open("w") as full:
            env = {**os.environ, "PYTHONPATH": str(ROOT)}
            command = [*DEVENV, "url", "db"]
            done = subprocess.run(
                command, cwd=shop, env=env, stdout=full, stderr=subprocess.PIPE, text=True, check=False
            )
        assert done.returncode == 1
        assert done.stderr.startswith(f"error: the output cannot be written: {os.strerror(errno.ENOSPC)}\n")
        assert "Traceback" not in done.stderr

    @pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
    def test_streams_that_are_closed(self, shop: Path, closed: str) -> None:
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        command = ["bash", "-c", f"{' '.join(DEVENV)} url db {closed}"]
        done = subprocess.run(command, cwd=shop, env=env, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")

    def test_a_folder_that_was_removed(self, tmp_path: Path) -> None:
        gone = tmp_path / "gone"
        gone.mkdir()
        command = ["bash", "-c", f"cd {gone}; rmdir {gone}; {' '.join(DEVENV)} status"]
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert f"no devenv.toml in {gone} or above it" in done.stderr

    @pytest.mark.parametrize(
        ("env", "coloured"),
        [({"TERM": "xterm"}, True), ({"TERM": "xterm", "NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)],
        ids=["terminal", "NO_COLOR", "dumb"],
    )
    def test_colour(self, shop: Path, env: dict[str, str], coloured: bool) -> None:
        shown = on_a_terminal(shop, "url", "nobody", env={"NO_COLOR": "", **env})
        assert "no service 'nobody'" in shown
        assert ("\x1b[31merror\x1b[0m" in shown) == coloured
        assert ("\x1b" in shown) == coloured

    def test_letters_that_a_terminal_cannot_show(self, shop: Path) -> None:
        (shop / "devenv.toml").write_text(MANIFEST + 'GREETING = "grüß ✓"\n')
        program = Program(shop, {"PYTHONIOENCODING": "ascii"})
        assert program("env").out.endswith("GREETING='gr?? ?'\n")
        assert program("check").code == 0


def on_a_terminal(folder: Path, *words: str, env: dict[str, str]) -> str:
    master, slave = pty.openpty()
    full = {**os.environ, "PYTHONPATH": str(ROOT), **env}
    full = {key: value for key, value in full.items() if value}
    child = subprocess.Popen([*DEVENV, *words], cwd=folder, env=full, stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    shown = b""
    try:
        while piece := os.read(master, 4096):
            shown += piece
    except OSError:  # what Linux says when nobody is at the other end any more
        pass
    os.close(master)
    child.wait()
    return shown.decode()


@pytest.mark.usefixtures("programs")
def test_a_path_with_a_folder_that_may_not_be_searched(shop: Path) -> None:
    """A name that the system refuses stands for it: root may search all folders."""
    for verb in ("status", "behind", "doctor"):
        ended = Program(shop, {"PATH": f"/{'x' * 300}"})(verb)
        assert "itself failed" not in ended.err


@pytest.mark.usefixtures("programs")
@pytest.mark.parametrize("name", ["devenv.lock", ".devenv/.env", "devenv.local.toml"])
def test_a_committed_link_to_what_never_ends(shop: Path, name: str) -> None:
    (shop / ".devenv").mkdir(exist_ok=True)
    (shop / name).unlink(missing_ok=True)
    (shop / name).symlink_to("/dev/zero")
    ended = Program(shop, {"PATH": ""})("behind")
    assert ended.code in (0, 2)
    assert "is not a regular file" in ended.err
