"""How long a program takes, as a whole process: wall time, its own and its children's CPU, its peak memory."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

Result = TypeVar("Result")
#: How long a pair of measurements is held back for the processors to be idle, and what counts as idle.
PATIENCE, IDLE = 20.0, 0.9


@dataclass(frozen=True)
class Run:
    """One run that ended well: seconds by the clock, seconds of CPU, peak memory in MiB."""

    wall: float
    cpu: float
    peak: float


def timed(argv: Sequence[str], *, env: Mapping[str, str], cwd: Path) -> Run:
    """Run a program to its end. Raises RuntimeError with what it said if it failed."""
    with tempfile.TemporaryFile() as out:
        start = time.perf_counter()
        child = subprocess.Popen(argv, env=dict(env), cwd=cwd, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            out.seek(0)
            said = out.read().decode(errors="replace")
            raise RuntimeError(f"{' '.join(argv)} ended with {child.returncode}:\n{said}")
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


@dataclass
class Calm:
    """Whether the machine left the measurements alone: asked before each, told in the report."""

    asked: int = 0
    given_up: int = 0

    def wait(self) -> None:
        """Come back when the processors are idle, or after a while all the same."""
        self.asked += 1
        deadline = time.monotonic() + PATIENCE
        while _idle(0.3) < IDLE:
            if time.monotonic() > deadline:
                self.given_up += 1
                return


def _idle(seconds: float) -> float:
    """The share of the processors' time that nobody used, over a moment; 1 where the kernel does not say."""
    try:
        before = _ticks()
        time.sleep(seconds)
        after = _ticks()
    except OSError:
        return 1.0
    spent = [now - then for now, then in zip(after, before, strict=True)]
    return (spent[3] + spent[4]) / max(sum(spent), 1)


def _ticks() -> list[int]:
    return [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]


@dataclass
class Pairs:
    """Measurements of several things, taken in turn, so that what the machine does besides hits all alike."""

    seconds: dict[str, list[float]] = field(default_factory=dict)

    def median(self, name: str) -> float:
        return statistics.median(self.seconds[name])

    def spread(self, name: str) -> tuple[float, float]:
        return min(self.seconds[name]), max(self.seconds[name])

    def ratio(self, ours: str, theirs: str) -> float:
        """The median of the ratios, round by round: drift of the machine's speed cancels out."""
        return statistics.median(a / b for a, b in zip(self.seconds[ours], self.seconds[theirs], strict=False))


def in_turn(things: Mapping[str, Callable[[], float]], *, rounds: int, calm: Calm, warm: bool) -> Pairs:
    """Measure each thing once a round, every second round in reverse; ``warm``: one round before does not count."""
    pairs = Pairs({name: [] for name in things})
    for number in range(-1 if warm else 0, rounds):
        calm.wait()
        for name in list(things) if number % 2 == 0 else reversed(list(things)):
            seconds = things[name]()
            if number >= 0:
                pairs.seconds[name].append(seconds)
    return pairs
