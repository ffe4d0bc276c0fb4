"""`make bench`, the part about data: an upgrade and a snapshot beside the bare commands, written to
docs/benchmarks-data.md.

    python -m tests.bench.data --gigabytes 1 5
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.bench.figures import Figure
from tests.bench.measure import Pairs
from tests.bench.report import cells, line, machine
from tests.bench.scene import standin

ROOT = Path(__file__).parents[2]
MIRROR = f"127.0.0.1:{os.environ.get('DEVENV_TEST_REGISTRY_PORT', '5055')}"
SCRIPTS = ROOT / "templates" / "upgrades" / "postgres"
#: Rows of the table that is filled, for one GB with its indexes.
ROWS_PER_GB = 5_200_000
FILL = """
CREATE TABLE orders (id bigint PRIMARY KEY, customer int, note text, at timestamptz, amount numeric);
INSERT INTO orders SELECT i, i % 10007, md5(i::text) || md5((i + 1)::text), '2026-01-01'::timestamptz + i * interval '1 s',
  i * 0.01 FROM generate_series(1, {rows}) i;
CREATE INDEX ON orders (customer);
VACUUM ANALYZE orders;
"""


def docker(*words: str, input: str | None = None) -> str:
    done = subprocess.run(["docker", *words], input=input, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"docker {' '.join(words)}: {done.stderr}")
    return done.stdout


def timed(act: Callable[[], object]) -> float:
    subprocess.run(["sync"], check=True)
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


@dataclass
class Scene:
    """A project with one database, and what it takes to do the same by hand."""

    root: Path
    name: str
    old: str
    new: str
    #: Bytes that the largest devenv, or a program that it ran, has held in memory.
    memory: int = 0

    @property
    def volume(self) -> str:
        return f"{self.name}_db-postgres-{self.old.partition('.')[0]}"

    def image(self, version: str) -> str:
        return f"{MIRROR}/library/postgres:{version}"

    def write(self, version: str) -> None:
        text = f'[project]\nname = "{self.name}"\n\n[services.db]\nkind = "postgres"\nversion = "{version}"\ndatabases = ["bench"]\n'
        (self.root / "devenv.toml").write_text(text)

    def devenv(self, *words: str) -> None:
        env = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "DEVENV_REGISTRY_MIRROR": MIRROR,
            "DEVENV_STATE": str(self.root / "state"),
        }
        with tempfile.TemporaryFile("w+") as said:
            child = subprocess.Popen(
                [sys.executable, "-m", "devenv", *words], cwd=self.root, env=env, stdout=said, stderr=said
            )
            _, status, used = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            said.seek(0)
            if child.returncode != 0:
                raise RuntimeError(f"devenv {' '.join(words)}: {said.read()}")
        self.memory = max(self.memory, used.ru_maxrss * 1024)

    def fill(self, gigabytes: float) -> None:
        self.write(self.old)
        self.devenv("up")
        container = f"{self.name}-db-1"
        docker(
            "exec",
            "-i",
            container,
            "psql",
            "-qU",
            "postgres",
            "-d",
            "bench",
            input=FILL.format(rows=int(ROWS_PER_GB * gigabytes)),
        )
        self.devenv("stop")
        docker("pull", self.image(self.new))

    def upgrade(self, way: str) -> tuple[float, float, float]:
        """Seconds of the whole command, of both censuses, and of the server not being there; then all as before."""
        self.devenv("up")
        self.write(self.new)
        whole = timed(lambda: self.devenv("sync", "--yes", *(["--way", way] if way else [])))
        steps = self._steps()
        census = sum(seconds for text, seconds in steps if text.startswith("count"))
        copied = next(index for index, (text, _) in enumerate(steps) if text.startswith("copy"))
        away = sum(seconds for _, seconds in steps[copied:])
        self._back()
        return whole, census, away

    def _steps(self) -> list[tuple[str, float]]:
        (log,) = (self.root / "state" / "projects").glob("*/upgrades/db/log")
        begun = [line.split(" --- ", 1) for line in log.read_text().splitlines() if " --- " in line]
        times = [dt.datetime.strptime(at, "%H:%M:%S.%f") for at, _ in begun]
        return [(begun[i][1], (times[i + 1] - times[i]).total_seconds()) for i in range(len(begun) - 1)]

    def _back(self) -> None:
        self.write(self.old)
        self.devenv("down")
        (generations,) = (self.root / "state" / "projects").glob("*/generations.json")
        generations.unlink()
        (self.root / ".devenv" / ".env").unlink()
        own = docker("volume", "ls", "--quiet", "--filter", f"name={self.name}_").split()
        docker("volume", "rm", *[volume for volume in own if volume != self.volume])

    def dump_by_hand(self) -> None:
        """Both servers, the new version's tools, as any guide has it."""
        network, target = f"{self.name}-hand", f"{self.name}-hand-data"
        docker("network", "create", network)
        run = ("run", "--detach", "--network", network, "--env", "POSTGRES_PASSWORD=x", "--shm-size", "256m")
        docker(
            *run,
            "--name",
            f"{network}-old",
            "--volume",
            f"{self.volume}:/var/lib/postgresql/data",
            self.image(self.old),
        )
        docker(*run, "--name", f"{network}-new", "--volume", f"{target}:/var/lib/postgresql/data", self.image(self.new))
        for server in ("old", "new"):
            _until_ready(f"{network}-{server}")
        old = f"-h {network}-old -U postgres"
        script = (
            "set -e; export PGPASSWORD=devenv;"
            f"pg_dumpall {old} --globals-only >/tmp/g.sql; psql -qU postgres -f /tmp/g.sql >/dev/null 2>&1 || :;"
            f"pg_dump {old} -d bench -Fd -j 2 -f /tmp/dump; createdb -U postgres bench;"
            "pg_restore -U postgres -d bench -j 2 /tmp/dump; vacuumdb -qU postgres --all --analyze-only -j 2"
        )
        docker("exec", f"{network}-new", "bash", "-c", script)
        docker("stop", f"{network}-old", f"{network}-new")

    def link_by_hand(self) -> None:
        """A copy, the old image's programs, pg_upgrade --link, indexes anew: the commands alone."""
        base, target = f"{self.name}-hand", f"{self.name}-hand-data"
        before, after = (version.partition(".")[0] for version in (self.old, self.new))
        mounts = [
            *(
                "--volume",
                f"{base}-bin:/usr/lib/postgresql/{before}",
                "--volume",
                f"{base}-share:/usr/share/postgresql/{before}",
            ),
            *("--volume", f"{base}-so:/devenv/libraries"),
        ]
        alone = ("run", "--rm", "--interactive", "--network", "none", "--user", "0", "--entrypoint", "sh")
        docker(
            *alone,
            "--volume",
            f"{self.volume}:/from",
            "--volume",
            f"{target}:/to",
            self.image(self.old),
            "-c",
            "cp -a /from/. /to/",
        )
        head = f"export DEVENV_OLD={before} DEVENV_NEW={after} DEVENV_PRELOAD=''\nmkdir -p /devenv/dump; echo postgres >/devenv/dump/superuser\n"
        docker(*alone, *mounts, self.image(self.old), "-s", input=head + (SCRIPTS / "lift.sh").read_text())
        docker(
            *alone,
            *mounts,
            "--volume",
            f"{target}:/devenv/data",
            self.image(self.new),
            "-s",
            # As everybody runs it: what it has made is on the disk when it ends.
            input=head + (SCRIPTS / "link.sh").read_text().replace(" --no-sync", ""),
        )
        docker(
            "run",
            "--detach",
            "--name",
            f"{base}-new",
            "--volume",
            f"{target}:/var/lib/postgresql/data",
            self.image(self.new),
        )
        _until_ready(f"{base}-new")
        docker("exec", f"{base}-new", "reindexdb", "-qU", "postgres", "--all")
        docker("exec", f"{base}-new", "vacuumdb", "-qU", "postgres", "--all", "--analyze-only", "-j", "2")
        docker("stop", f"{base}-new")

    def copy_by_hand(self) -> None:
        """Of what the server has open: after a restore that is another volume."""
        target = f"{self.name}-hand-data"
        source = docker("inspect", "--format", "{{range .Mounts}}{{.Name}}{{end}}", f"{self.name}-db-1").strip()
        docker("run", "--rm", "--network", "none", "--user", "0", "--entrypoint", "cp", "--volume", f"{source}:/from",
               "--volume", f"{target}:/to", self.image(self.old), "-a", "/from/.", "/to/")  # fmt: skip

    def clean_hand(self) -> None:
        for listing, removal in ((("ps", "--all"), ("rm", "--force", "--volumes")), (("volume", "ls"), ("volume", "rm")),
                                 (("network", "ls"), ("network", "rm"))):  # fmt: skip
            if found := docker(*listing, "--quiet", "--filter", f"name={self.name}-hand").split():
                docker(*removal, *found)

    def close(self) -> None:
        self.clean_hand()
        self.devenv("down")
        docker("volume", "rm", *docker("volume", "ls", "--quiet", "--filter", f"name={self.name}_").split())
        shutil.rmtree(self.root)


def _until_ready(container: str) -> None:
    while subprocess.run(
        ["docker", "exec", container, "pg_isready", "-qh", "127.0.0.1"], capture_output=True
    ).returncode:
        time.sleep(0.1)


#: How often snapshots are measured, and upgrades of little data.
_ROUNDS = 3
#: Up to so many GB are little.
_QUICK = 1.0


def figures(scene: Scene, gigabytes: float) -> list[Figure]:
    scene.fill(gigabytes)
    ways = {"dump and restore": scene.dump_by_hand, "pg_upgrade": scene.link_by_hand}

    def by_hand(name: str) -> float:
        seconds = timed(ways[name])
        scene.clean_hand()
        return seconds

    hand = {name: by_hand(name) for name in ways}
    fastest = min(hand, key=lambda name: hand[name])
    found = []
    for way, title in (("", "the way that devenv takes"), ("dump", "by dump and restore")):
        further = _ROUNDS - 1 if gigabytes <= _QUICK and not way else 0
        limits = [hand[fastest], *(by_hand(fastest) for _ in range(further))]
        measured = [scene.upgrade(way) for _ in limits]
        wholes, censuses, aways = (statistics.median(column) for column in zip(*measured, strict=True))
        limit = statistics.median(limits)
        ratio, census = (wholes - censuses) / limit, censuses
        size = f"{gigabytes:g} GB"
        found += [
            Figure(f"Postgres {scene.old} → {scene.new}, {size}, {title}, without the census", f"{wholes - census:.1f} s",
                   f"the bare commands of the faster way, {fastest}", f"{limit:.1f} s", ratio,
                   "≤ 1.3" if not way else "", ratio <= 1.3 if not way else None),
            Figure(f"its two censuses ({size}, {title})", f"{census:.1f} s", "the same", f"{limit:.1f} s", census / limit,
                   "≤ 0.3" if not way else "", census / limit <= 0.3 if not way else None),
            Figure(f"the database is not there ({size}, {title})", f"{aways:.1f} s", "the whole command", f"{wholes:.1f} s",
                   aways / wholes),
        ]  # fmt: skip
    each = census / 2 * 10_000_000 / (ROWS_PER_GB * gigabytes)
    found.append(Figure(f"a census of 10 million rows (from that of {gigabytes:g} GB)", f"{each:.1f} s",
                        "the limit", "15 s", each / 15, "≤ 1", each <= 15))  # fmt: skip
    found += snapshots(scene, gigabytes)
    held = scene.memory / 1e6
    found.append(Figure(f"memory of devenv and of each program that it ran, {gigabytes:g} GB", f"{held:.0f} MB",
                        "the limit", "150 MB", held / 150, "≤ 1", held <= 150))  # fmt: skip
    return found


def snapshots(scene: Scene, gigabytes: float) -> list[Figure]:
    """Beside a bare copy, in turn; what was kept goes, so that each round finds the same disk."""
    words = {"create": ("-n", "bench"), "restore": ("bench", "--yes")}
    measured = {verb: Pairs({"ours": [], "bare": []}) for verb in words}
    scene.devenv("up")
    for _ in range(_ROUNDS):
        for verb, pairs in measured.items():
            pairs.seconds["ours"].append(timed(partial(scene.devenv, "snapshot", verb, *words[verb])))
            pairs.seconds["bare"].append(timed(scene.copy_by_hand))
            scene.clean_hand()
        scene.devenv("snapshot", "prune", "--keep", "0", "--yes")
    return [
        Figure(f"`snapshot {verb}`, {gigabytes:g} GB", f"{pairs.median('ours'):.1f} s", "`cp -a` of the volume",
               f"{pairs.median('bare'):.1f} s", ratio := pairs.ratio("ours", "bare"), "≤ 1.2", ratio <= 1.2)
        for verb, pairs in measured.items()
    ]  # fmt: skip


def main() -> int:
    words = argparse.ArgumentParser(prog="python -m tests.bench.data", description=__doc__)
    words.add_argument("--gigabytes", type=float, nargs="+", default=[1.0], help="how much data (default: 1)")
    words.add_argument("--out", type=Path, default=ROOT / "docs" / "benchmarks-data.md")
    asked = words.parse_args()
    found: list[Figure] = []
    for size in asked.gigabytes:
        old, new = standin("postgres", "bookworm"), standin("postgres", "trixie")
        scene = Scene(Path(tempfile.mkdtemp(prefix="devenv-bench-")), f"bench-{secrets.token_hex(3)}", old, new)
        try:
            for figure in figures(scene, size):
                print(line(figure), flush=True)
                found.append(figure)
        finally:
            scene.close()
    table = [f"| {' | '.join(row)} |" for row in (HEAD, ("---",) * len(HEAD), *(cells(item) for item in found))]
    asked.out.write_text("\n".join([*OPENING, *table, "", "## The machine", "", *machine(), ""]), encoding="utf-8")
    return 0


HEAD = ("what", "devenv", "beside", "its", "ratio", "limit", "met")
OPENING = (
    "# Data, measured",
    "",
    "Written by `make bench`. One table with two indexes on numbers in PostgreSQL, moved by `devenv sync` and by the bare",
    "commands of both ways in the same run, on the same images. Snapshots, and the way that devenv takes with 1 GB, are",
    "measured in three rounds, of which the medians are shown, all else once. What devenv does besides is in its figure:",
    "finding out, copying, journal, switch, having all of it on the disk, and the start of the new server until it serves.",
    "Reading all of it before and after, to know that nothing is missing, is a figure of its own. By hand",
    "`reindexdb --all` makes both indexes anew after pg_upgrade, as guides say; devenv leaves them as they are, since no C",
    "library orders numbers. Indexes of texts it makes anew too.",
    "",
)

if __name__ == "__main__":
    sys.exit(main())
