"""The only user of subprocess: programs by argument list, never by a shell."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Finished:
    """A program that ended: its exit code and what it wrote, as text (bytes that are no UTF-8 are replaced)."""

    code: int
    stdout: str
    stderr: str


def run(
    argv: Sequence[str],
    *,
    input: str | None = None,
    timeout: float | None = None,
    env: Mapping[str, str] | None = None,
) -> Finished:
    """Run a program to its end and keep what it wrote.

    ``timeout`` is in seconds. Raises FileNotFoundError when there is no such program, TimeoutError when it took
    longer; the program is killed then.
    """
    try:
        done = subprocess.run(
            list(argv),
            input=input,
            stdin=subprocess.DEVNULL if input is None else None,
            capture_output=True,
            timeout=timeout,
            env=None if env is None else dict(env),
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except subprocess.TimeoutExpired as slow:
        raise TimeoutError(f"{argv[0]} took longer than {timeout} s") from slow
    return Finished(done.returncode, done.stdout, done.stderr)


def pass_through(
    argv: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdout_to_stderr: bool = False,
) -> int:
    """Run a program on the user's own terminal and return its exit code (128 + n when signal n ended it).

    Raises FileNotFoundError when there is no such program. ^C reaches the program, which decides what it means: a
    client such as psql uses it to cancel a query.
    """
    import signal
    import sys

    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        child = subprocess.Popen(
            list(argv),
            env=None if env is None else dict(env),
            cwd=cwd,
            stdout=sys.stderr if stdout_to_stderr else None,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        code = child.wait()
    finally:
        signal.signal(signal.SIGINT, before)
    return code if code >= 0 else 128 - code
