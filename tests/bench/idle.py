"""The CPU that containers cost while nobody uses them: their own, and that of whoever keeps and asks them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.bench.scene import docker

_TICK = os.sysconf("SC_CLK_TCK")
#: After a start servers are busy with themselves: this long they are left alone first.
_SETTLE = 30.0


@dataclass(frozen=True)
class Spent:
    """Seconds of CPU: of the containers, of their shims with the programs that these started, of the daemons."""

    containers: float
    shims: float
    daemons: float

    @property
    def total(self) -> float:
        return self.containers + self.shims + self.daemons

    def __sub__(self, other: Spent) -> Spent:
        return Spent(self.containers - other.containers, self.shims - other.shims, self.daemons - other.daemons)

    def __str__(self) -> str:
        return (
            f"{self.total:.2f} s (containers {self.containers:.2f}, shims {self.shims:.2f}, daemons {self.daemons:.2f})"
        )


def cpu(project: str, seconds: float) -> Spent:
    """What a project's containers cost over so many seconds, once they have settled.

    A program that a health check starts is counted with its container and, when it has ended, with the shim that
    started it: what it cost is rather over- than underestimated.
    """
    time.sleep(_SETTLE)
    ids = docker("ps", "--quiet", "--filter", f"label=com.docker.compose.project={project}").split()
    inits = [int(docker("inspect", "--format", "{{.State.Pid}}", item)) for item in ids]
    before = _spent(inits)
    time.sleep(seconds)
    return _spent(inits) - before


def _spent(inits: list[int]) -> Spent:
    shims = {int(_stat(pid)[1]) for pid in inits}
    return Spent(
        sum(_container(pid) for pid in inits),
        sum(_process(pid) for pid in shims),
        sum(_process(pid) for pid in _daemons()),
    )


def _stat(pid: int) -> list[str]:
    """The fields of a process behind its name: state, parent, …"""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _process(pid: int) -> float:
    """A process and those children of it that have ended."""
    return sum(int(field) for field in _stat(pid)[11:15]) / _TICK


def _daemons() -> Iterator[int]:
    for entry in Path("/proc").glob("[0-9]*/comm"):
        try:
            if entry.read_text().strip() in ("dockerd", "containerd"):
                yield int(entry.parent.name)
        except OSError:
            continue  # it has just ended


def _container(pid: int) -> float:
    """All processes of a container, by its control group: version 2 of these first, else version 1."""
    lines = [line.split(":", 2) for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines()]
    for _, controllers, path in lines:
        if controllers == "":
            stat = Path(f"/sys/fs/cgroup{path}/cpu.stat")
            if stat.is_file():
                return int(stat.read_text().split()[1]) / 1e6
    path = next(path for _, controllers, path in lines if "cpuacct" in controllers.split(","))
    return int(Path(f"/sys/fs/cgroup/cpuacct{path}/cpuacct.usage").read_text()) / 1e9
