"""`make bench`: measure devenv beside its peers, print each figure, write docs/benchmarks.md."""

from __future__ import annotations

import argparse
import compileall
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from tests.bench.figures import FIGURES, Bench, run
from tests.bench.report import document, line, machine
from tests.bench.scene import Scene

ROOT = Path(__file__).parents[2]
DEVSERVICES = "devservices==1.5.4"


def main() -> int:
    words = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    words.add_argument("--rounds", type=int, default=5, help="cold starts of devenv and of the limit (default: 5)")
    words.add_argument("--peer-rounds", type=int, default=5, help="of these, how many with the peers too (default: 5)")
    words.add_argument("--repeats", type=int, default=15, help="runs of each short command (default: 15)")
    words.add_argument("--idle-seconds", type=float, default=60, help="how long idle stacks are watched (default: 60)")
    words.add_argument(
        "--only", nargs="+", choices=FIGURES, default=list(FIGURES), help="these groups of figures alone"
    )
    words.add_argument("--out", type=Path, default=ROOT / "docs" / "benchmarks.md", help="the page to write")
    asked = words.parse_args()
    compileall.compile_dir(ROOT / "devenv", quiet=1)  # as pip does where it installs; not everybody's Python would
    scene = Scene(Path(tempfile.mkdtemp(prefix="devenv-bench-")))
    bench = Bench(
        scene, asked.rounds, min(asked.peer_rounds, asked.rounds), asked.repeats, asked.idle_seconds,
        peer() if "cold" in asked.only else None,
    )  # fmt: skip
    print("\n".join(machine()), file=sys.stderr)
    try:
        figures = run(bench, asked.only, lambda figure: print(line(figure), flush=True))
    finally:
        scene.close()
    for note in bench.notes:
        print(f"note: {note}")
    if set(asked.only) == set(FIGURES) or asked.out != words.get_default("out"):
        asked.out.parent.mkdir(parents=True, exist_ok=True)
        command = " ".join(["python -m tests.bench", *sys.argv[1:]])
        asked.out.write_text(document(figures, bench, command=command), encoding="utf-8")
        print(f"written: {asked.out}", file=sys.stderr)
    return 0


def peer() -> Path | None:
    """devservices in an environment of its own; None where PyPI does not give it."""
    place = ROOT / "build" / "bench-peers"
    program = place / "bin" / "devservices"
    if not program.is_file():
        venv.create(place, with_pip=True)
        done = subprocess.run(
            [place / "bin" / "pip", "install", "--quiet", DEVSERVICES], capture_output=True, text=True
        )
        if done.returncode != 0:
            print(f"no devservices: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
            return None
    return program


if __name__ == "__main__":
    sys.exit(main())
