"""The only user of subprocess: programs by argument list, never by a shell."""

from __future__ import annotations

import atexit
import contextlib
import errno
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from devenv.effects.files import is_file
from devenv.model.record import record

#: Programs that are being waited for. One that nobody waits for any more must not outlive us.
_running: set[subprocess.Popen[str]] = set()
#: Seconds that an interrupted program gets to end well.
_GRACE = 10.0


@record
class Finished:
    """A program that ended: its exit code and what it wrote, as text (bytes that are no UTF-8 are replaced)."""

    code: int
    stdout: str
    stderr: str


@record
class Begun:
    """A program that was begun and is at work while its beginner does something else."""

    _program: str
    _child: subprocess.Popen[str] | OSError

    def end(self, *, input: str | None = None, timeout: float | None = None) -> Finished:
        """Wait for its end and keep what it wrote; see ``run``."""
        if isinstance(self._child, OSError):
            raise self._child
        with self._child as child:
            try:
                stdout, stderr = child.communicate(input, timeout)
            except subprocess.TimeoutExpired as slow:
                child.kill()
                raise TimeoutError(f"{self._program} took longer than {timeout} s") from slow
            except BaseException:
                child.kill()
                raise
            finally:
                _running.discard(child)
        return Finished(child.returncode, stdout or "", stderr)

    def first_line(self) -> str:
        """What it says first, when it has said it; "" if it ended before."""
        if isinstance(self._child, OSError):
            raise self._child
        assert self._child.stdout is not None
        return self._child.stdout.readline()


def is_found(program: str, *, env: Mapping[str, str], cwd: Path) -> bool:
    """Whether there is a file that would be started under a name, be it executable or not."""
    if "/" in program:
        return is_file(cwd / program)
    return any(is_file(cwd / folder / program) for folder in os.get_exec_path(env))


def begin(
    argv: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    asks: bool = False,
    source: int | None = None,
    sink: int | None = None,
    further: Sequence[int] = (),
) -> Begun:
    """Start a program; ``asks``: it will be given input. That there is none of that name is said at its end.

    ``source`` and ``sink`` are file descriptors that it reads and writes by itself: nothing of that comes through here.
    ``further`` are others that it gets.
    """
    try:
        child = subprocess.Popen(
            list(argv),
            stdin=subprocess.PIPE if asks else subprocess.DEVNULL if source is None else source,
            stdout=subprocess.PIPE if sink is None else sink,
            stderr=subprocess.PIPE,
            env=None if env is None else dict(env),
            cwd=cwd,
            pass_fds=further,
            encoding="utf-8",
            errors="replace",
        )
    except OSError as error:
        return Begun(argv[0], _missing(argv[0], env) or error)
    _running.add(child)
    return Begun(argv[0], child)


def _missing(program: str, env: Mapping[str, str] | None) -> FileNotFoundError | None:
    """The error where there is no such program on PATH. The system's own is another one where PATH names a folder in
    which nobody may look."""
    folders = os.get_exec_path(env)
    if "/" in program or any(is_file(Path(folder, program)) for folder in folders):
        return None
    return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), program)


def run(
    argv: Sequence[str],
    *,
    input: str | None = None,
    timeout: float | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Finished:
    """Run a program to its end and keep what it wrote.

    ``timeout`` is in seconds. Raises FileNotFoundError when there is no such program, TimeoutError when it took
    longer; the program is killed then.
    """
    return begin(argv, env=env, cwd=cwd, asks=input is not None).end(input=input, timeout=timeout)


#: In the words of one of several programs: where it writes for the one beside them.
BESIDE = "{beside}"


def pipe(
    *programs: Sequence[str], source: int | None = None, sink: int | None = None, beside: Sequence[str] = ()
) -> tuple[Finished, ...]:
    """Run programs, each reading what the one before it writes; how each ended, in their order.

    The first one reads ``source``, the last one writes ``sink`` (without one what it wrote is kept). ``beside`` is one
    more program, told of last, which reads what another one writes to ``BESIDE``, as tee does.
    """
    begun: list[Begun] = []
    opened: list[int] = []
    try:
        side: Begun | None = None
        if beside:
            side_reads, side_writes = os.pipe()
            opened += [side_reads, side_writes]
            side = begin(beside, source=side_reads)
        reads = source
        for index, words in enumerate(programs):
            following, writes = os.pipe() if index < len(programs) - 1 else (None, sink)
            opened += [] if following is None or writes is None else [following, writes]
            given = [word.replace(BESIDE, f"/dev/fd/{side_writes}") for word in words] if beside else words
            further = [side_writes] if list(given) != list(words) else []
            begun.append(begin(given, source=reads, sink=writes, further=further))
            reads = following
        begun += [side] if side else []
    finally:
        for descriptor in opened:
            os.close(descriptor)
    ended = [program.end() for program in reversed(begun[: len(programs)])][::-1]
    return (*ended, *(program.end() for program in begun[len(programs) :]))


@atexit.register
def _leave_nobody_behind() -> None:
    """End the programs whose answers nobody waited for, as after a mistake in devenv.toml, and close their pipes."""
    for child in list(_running):
        child.kill()
        with contextlib.suppress(BrokenPipeError), child:
            _running.discard(child)


@contextlib.contextmanager
def minding() -> Iterator[None]:
    """^C in here ends the programs that were started in here as well, and waits until they have ended.

    A terminal interrupts them by itself; whoever signals devenv alone means them too. Where the kernel does not say
    who they are (anywhere but on Linux), they end when they have done their work.
    """
    before = _children()
    try:
        yield
    except KeyboardInterrupt:
        mine = _children() - before
        for child in mine:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGINT)
        deadline = time.monotonic() + _GRACE
        while any(_alive(child) for child in mine) and time.monotonic() < deadline:
            time.sleep(0.02)
        raise


def _children() -> set[int]:
    found = set()
    for table in Path("/proc/self/task").glob("*/children"):
        with contextlib.suppress(OSError):  # that thread has ended
            found |= {int(child) for child in table.read_text(encoding="ascii").split()}
    return found


def _alive(process: int) -> bool:
    """Whether a child still does something: one that has ended but was not asked for its exit code does not."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def pass_through(
    argv: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdout_to_stderr: bool = False,
) -> int:
    """Run a program on the user's own terminal and return its exit code (128 + n when signal n ended it).

    Raises FileNotFoundError when there is no such program. ^C reaches the program, which decides what it means: a
    client such as psql uses it to cancel a query. What would end devenv alone ends the program instead.
    """
    import sys

    early: list[int] = []
    # Handlers, not SIG_IGN: that would be inherited. And before the program is there: a signal that comes between its
    # start and a handler of ours would end devenv alone.
    before = {number: _handled(number, early.append) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        child = subprocess.Popen(
            list(argv),
            env=None if env is None else dict(env),
            cwd=cwd,
            stdout=sys.stderr if stdout_to_stderr else None,
        )
        for number in (signal.SIGTERM, signal.SIGHUP):
            _handled(number, child.send_signal)
        for received in early:
            child.send_signal(received)
        code = child.wait()
    except OSError as error:
        missing = _missing(argv[0], env)
        if missing is None:
            raise
        raise missing from error
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return code if code >= 0 else 128 - code


def _handled(number: int, handler: Callable[[int], None]) -> Any:
    """Have a signal handled, unless our parent had it ignored. Returns the handler of before."""
    before = signal.getsignal(number)
    if before is not signal.SIG_IGN:
        signal.signal(number, lambda received, _: handler(received))
    return before
