"""The figures as people read them: on the terminal and in docs/benchmarks.md."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Sequence
from pathlib import Path

from devenv import __version__
from tests.bench.figures import Bench, Figure
from tests.bench.measure import PATIENCE

HEAD = ("what", "devenv", "peer", "peer's", "ratio", "limit", "met")


def cells(figure: Figure) -> tuple[str, ...]:
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    met = {None: "", True: "yes", False: "**no**"}[figure.met]
    return (figure.what, figure.ours, figure.peer, figure.theirs, ratio, figure.limit, met)


def line(figure: Figure) -> str:
    """One figure on a terminal."""
    what, ours, peer, theirs, ratio, limit, met = cells(figure)
    beside = f"   {theirs} {peer}" if peer else ""
    judged = f"   limit {limit}: {met}" if limit else ""
    return f"{what}: {ours}{beside}{f'   ratio {ratio}' if ratio else ''}{judged}"


def document(figures: Sequence[Figure], bench: Bench, *, command: str) -> str:
    """The page."""
    table = [f"| {' | '.join(row)} |" for row in (HEAD, ("---",) * len(HEAD), *(cells(item) for item in figures))]
    notes = [f"- {note}" for note in bench.notes]
    return "\n".join([*_OPENING, *table, "", *_reading(bench), *notes, "", "## The machine", "", *machine(), "",
                      "## To run it", "", "```console", f"$ {command}", "```", "", *_HOW, ""])  # fmt: skip


_OPENING = (
    "# Benchmarks",
    "",
    "Written by `make bench`. Postgres, Redis and RabbitMQ, beside peers in the same run with the same images. Times",
    "are medians with the fastest and the slowest run behind them, ratios medians of the ratios round by round.",
    "",
)


def _reading(bench: Bench) -> list[str]:
    calm = bench.calm
    return [
        "## To read them right",
        "",
        "- All things of a row were measured in turn, every second round in reverse order, each round begun when the",
        f"  processors were idle for a moment; {calm.given_up} of {calm.asked} began after {PATIENCE:.0f} s in vain.",
        "- *Cold* is as on a fresh clone: manifest, lock and generated file are there, containers, data and devenv's",
        "  memory are not. The limit is what nobody can beat: Compose starts the same file without health checks, and",
        "  the clock runs until the slowest server answers in its own protocol, asked every 20 ms.",
        "- The peers' file is written by hand with the health checks that most such files have (`pg_isready`,",
        "  `redis-cli ping`, `rabbitmq-diagnostics ping`); what makes them *healthy* need not let clients in.",
        "- A first connection logs in with psycopg, redis-py or pika and does one thing, at once after the return.",
        "- podman-compose is not among the peers: it drives podman, another engine with its own images, so that a",
        "  ratio would compare engines.",
        *([] if bench.devservices else ["- devservices is not among them: PyPI did not give it here."]),
    ]


def machine() -> list[str]:
    """Where and with what it was measured."""
    names = [line.partition(":")[2].strip() for line in _read("/proc/cpuinfo").splitlines() if "model name" in line]
    memory = next((line.split()[1] for line in _read("/proc/meminfo").splitlines() if "MemTotal" in line), "0")
    engine = _said("docker", "version", "--format", "engine {{.Server.Version}}, CLI {{.Client.Version}}")
    processor = names[0] if names else platform.processor()
    system = f"{int(memory) / 1024 / 1024:.0f} GiB, {platform.system()} {platform.release()}"
    return [
        f"- {os.cpu_count()} × {processor}, {system}",
        f"- Docker {engine}, Compose {_said('docker', 'compose', 'version', '--short')}",
        f"- devenv {__version__}, Python {platform.python_version()}",
    ]


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError:
        return ""


def _said(*argv: str) -> str:
    return subprocess.run(argv, capture_output=True, text=True, check=False).stdout.strip()


_HOW = (
    "`make bench` sets up what it needs: an engine, the stand-in images of `tests/images`, devservices from PyPI.",
    "`python -m tests.bench --help` has the knobs; `--rounds` is how often the three servers are started cold.",
)
