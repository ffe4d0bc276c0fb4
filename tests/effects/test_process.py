"""Programs: run to their end, interrupted, ended with us."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from devenv.effects.engine import docker_on_terminal
from devenv.effects.process import BESIDE, Finished, begin, is_found, pass_through, pipe, run
from devenv.errors import Unreachable

pytestmark = pytest.mark.usefixtures("programs")


def test_a_program_that_ends() -> None:
    assert run(["sh", "-c", "echo out; echo err >&2; exit 3"]) == Finished(3, "out\n", "err\n")
    assert run(["cat"], input="through") == Finished(0, "through", "")
    assert run(["cat"]) == Finished(0, "", "")
    assert run(["sh", "-c", "echo $MINE$HOME"], env={"MINE": "x"}).stdout == "x\n"
    assert run(["printf", "\\377x"]).stdout == "�x"


def test_a_program_that_is_not_there() -> None:
    with pytest.raises(FileNotFoundError):
        run(["no-such-program"])
    begun = begin(["no-such-program"])
    with pytest.raises(FileNotFoundError):
        begun.end()


def test_a_program_is_missing_also_where_part_of_path_may_not_be_searched(tmp_path: Path) -> None:
    """A name that the system refuses stands for a folder that may not be searched: root may search all of them."""
    env = {"PATH": f"{tmp_path}/{'x' * 300}:{tmp_path}"}
    with pytest.raises(FileNotFoundError):
        run(["no-such-program"], env=env)
    with pytest.raises(FileNotFoundError):
        pass_through(["no-such-program"], env=env)


def test_a_program_is_looked_for_where_it_would_be_started_from(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "mine").write_text("")
    assert is_found("sh", env=os.environ, cwd=tmp_path)
    assert not is_found("no-such-program", env=os.environ, cwd=tmp_path)
    assert is_found("mine", env={"PATH": f"/none:{tmp_path}/below"}, cwd=tmp_path)
    assert is_found("./below/mine", env={}, cwd=tmp_path)
    assert not is_found("./mine", env={"PATH": f"{tmp_path}/below"}, cwd=tmp_path)


def test_a_program_that_takes_too_long() -> None:
    with pytest.raises(TimeoutError, match=r"^sleep took longer than 0.05 s$"):
        run(["sleep", "600"], timeout=0.05)


def test_what_is_written_meanwhile_is_not_lost() -> None:
    """More than a pipe holds, before anybody reads."""
    begun = begin([sys.executable, "-c", "import sys; sys.stdout.write('x' * 300000)"])
    assert run(["true"]).code == 0
    assert len(begun.end().stdout) == 300_000


@pytest.mark.parametrize(("script", "code"), [("exit 7", 7), ("kill -TERM $$", 143), ("kill -KILL $$", 137)])
def test_exit_codes_pass_through(script: str, code: int) -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    assert pass_through(["sh", "-c", script]) == code
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_a_program_that_cannot_pass_through() -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(FileNotFoundError):
        pass_through(["no-such-program"])
    assert signal.getsignal(signal.SIGINT) == before


def test_a_program_that_is_not_executable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is raised is not its own cause: whoever follows causes would not come to an end."""
    (tmp_path / "docker").write_text("no program")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PermissionError) as caught:
        pass_through(["docker"])
    assert caught.value.__cause__ is None
    with pytest.raises(Unreachable, match="there is no 'docker' on PATH"):
        docker_on_terminal("logs")


def test_an_interruption_before_the_program_is_there() -> None:
    """^C just before it is started is meant for it."""
    with beginner(
        "import os, signal\n"
        "sys.addaudithook(lambda event, _: event == 'subprocess.Popen' and os.kill(os.getpid(), signal.SIGINT))\n"
        "sys.exit(pass_through(['sleep', '600']))\n"
    ) as child:
        child.communicate()
    assert child.returncode == 130


def beginner(script: str) -> subprocess.Popen[str]:
    """A Python that begins programs of its own; it says the number of each."""
    head = (
        "import subprocess, sys; from devenv.effects.process import *\ndef say(child): print(child.pid, flush=True)\n"
    )
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.Popen(
        [sys.executable, "-c", head + script],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def at_work(process: int) -> bool:
    """Whether it is there and not only waiting for somebody to ask how it ended."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_an_interruption_ends_what_was_begun() -> None:
    """Whoever signals devenv alone means its programs too; those begun before are not its own."""
    with beginner(
        "other = subprocess.Popen(['sleep', '600'], stdout=2); say(other)\n"
        "with minding():\n"
        "    mine = subprocess.Popen(['sleep', '600'], stdout=2); say(mine)\n"
        "    mine.wait()\n"
    ) as child:
        assert child.stdout
        other, mine = int(child.stdout.readline()), int(child.stdout.readline())
        child.send_signal(signal.SIGINT)
        child.wait()
        assert (at_work(mine), at_work(other)) == (False, True)
        os.kill(other, signal.SIGKILL)


def test_an_interruption_waits_until_they_have_ended() -> None:
    """Compose takes a moment to give up well."""
    slowly = "trap 'echo ended > \"$1\"; exit 0' INT; echo ready; while :; do sleep 0.1; done"
    with beginner(
        f"import tempfile; place = tempfile.mktemp(); print(place, flush=True)\n"
        f"with minding():\n    subprocess.Popen(['sh', '-c', {slowly!r}, 'sh', place]).wait()\n"
    ) as child:
        assert child.stdout
        place = Path(child.stdout.readline().strip())
        assert child.stdout.readline() == "ready\n"
        child.send_signal(signal.SIGINT)
        child.communicate()
    assert place.read_text() == "ended\n"
    place.unlink()


def test_nobody_is_left_behind_at_the_end() -> None:
    """A question to an engine that never answers, when something else went wrong meanwhile."""
    with beginner("begun = begin(['sleep', '600']); say(begun._child)\nraise SystemExit(2)\n") as child:
        assert child.stdout
        begun = int(child.stdout.readline())
        child.communicate()
    assert child.returncode == 2
    deadline = time.monotonic() + 60
    while at_work(begun):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_no_pipe_is_left_open_at_the_end() -> None:
    code = "from devenv.effects.process import begin\nbegin(['sleep', '600'])\nbegin(['cat'], asks=True)\n"
    done = subprocess.run([sys.executable, "-X", "dev", "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_programs_one_after_the_other_by_descriptor(tmp_path: Path) -> None:
    (tmp_path / "in").write_text("b\na\n")
    with (tmp_path / "in").open() as source, (tmp_path / "out").open("w") as sink:
        first, second, beside = pipe(
            ["sort"], ["tee", BESIDE], source=source.fileno(), sink=sink.fileno(), beside=["wc", "-l"]
        )
    assert (tmp_path / "out").read_text() == "a\nb\n"
    assert (first.code, second.code, beside.stdout.strip()) == (0, 0, "2")
    broken, whole = pipe(["sh", "-c", "echo a; echo wrong >&2; exit 3"], ["cat"])
    assert (broken.code, broken.stderr, whole.code, whole.stdout) == (3, "wrong\n", 0, "a\n")


def test_a_program_that_says_something_and_then_asks() -> None:
    asked = begin(["sh", "-c", "echo ready; read -r word; echo $word"], asks=True)
    assert asked.first_line() == "ready\n"
    assert asked.end(input="go\n").stdout == "go\n"
    assert begin(["true"], asks=True).first_line() == ""
