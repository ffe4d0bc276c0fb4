"""The figures, each beside its peers and its limit. Nothing here fails for being slow."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench import idle
from tests.bench.measure import Calm, Pairs, in_turn, timed
from tests.bench.scene import Scene, Stack

SIZES = (100, 300, 1000)


@dataclass(frozen=True)
class Figure:
    """One line of the report. ``met`` is None where there is no limit, only a peer."""

    what: str
    ours: str
    peer: str
    theirs: str
    ratio: float | None
    limit: str = ""
    met: bool | None = None


@dataclass
class Bench:
    """The scene and how it is measured; ``notes`` are what a reader of the figures must know besides."""

    scene: Scene
    rounds: int
    peer_rounds: int
    repeats: int
    idle_seconds: float
    devservices: Path | None
    calm: Calm = field(default_factory=Calm)
    notes: list[str] = field(default_factory=list)

    def command(self, *words: str) -> Callable[[], float]:
        """Times one command in the project's folder."""
        return lambda: timed(words, env=self.scene.env, cwd=self.scene.root).wall

    def devenv(self, *words: str) -> Callable[[], float]:
        return self.command(*self.scene.devenv, *words)

    def peers(self) -> list[Stack]:
        stacks = [self.scene.by_hand(5), self.scene.by_hand(1)]
        return [*stacks, self.scene.devservices(self.devservices)] if self.devservices else stacks


def cold(bench: Bench) -> Iterable[Figure]:
    """Nothing runs, no data is there, images are: until it returned, and whether clients are let in then."""
    ours = bench.scene.ours()
    limit = bench.scene.limit(ours)
    connections = Connections()

    def devenv() -> float:
        ours.wipe()
        bench.scene.forget()
        seconds = ours.bring()
        ours.ports = bench.scene.decided_ports()
        connections.note(ours)
        ours.wipe()
        return seconds

    def bare() -> float:
        seconds = limit.bring_and_greet()
        limit.wipe()
        return seconds

    def peer(stack: Stack) -> Callable[[], float]:
        def run() -> float:
            for _ in range(_TRIES):
                try:
                    seconds = stack.bring()
                    break
                except RuntimeError as error:
                    connections.fell(stack, str(error))
                    stack.wipe()
            else:
                raise RuntimeError(f"{stack.name} did not come up in {_TRIES} tries")
            connections.note(stack)
            stack.wipe()
            return seconds

        return run

    contenders = {ours.name: devenv, limit.name: bare}
    others = {stack.name: peer(stack) for stack in bench.peers()}
    pairs = in_turn(contenders | others, rounds=min(bench.rounds, bench.peer_rounds), calm=bench.calm, warm=True)
    more = in_turn(contenders, rounds=max(bench.rounds - bench.peer_rounds, 0), calm=bench.calm, warm=False)
    whole = Pairs({name: pairs.seconds[name] + more.seconds[name] for name in contenders})
    ratio = whole.ratio(ours.name, limit.name)
    yield Figure(
        f"cold `up` of three servers, {bench.rounds} rounds", _seconds(whole, ours.name),
        "the limit: `docker compose up -d`, no health checks, until the slowest greets", _seconds(whole, limit.name),
        ratio, "≤ 1.10", ratio <= 1.10,
    )  # fmt: skip
    for name in others:
        yield Figure(
            f"cold `up`, {len(pairs.seconds[name])} rounds", _seconds(pairs, ours.name), name, _seconds(pairs, name),
            pairs.ratio(ours.name, name),
        )  # fmt: skip
    yield from connections.figures(ours.name, bench)


#: How often a peer is brought up until it comes.
_TRIES = 12


@dataclass
class Connections:
    """First connections right after each return: how many rounds had one that failed, by contender."""

    rounds: dict[str, list[dict[str, str]]] = field(default_factory=dict)

    def note(self, stack: Stack) -> None:
        self.rounds.setdefault(stack.name, []).append(stack.connect())

    def fell(self, stack: Stack, said: str) -> None:
        """A peer that did not come up: a round of its own, without a time."""
        last = said.strip().splitlines()[-1]
        self.rounds.setdefault(stack.name, []).append({"all": f"it did not come up: {last}"})

    def figures(self, ours: str, bench: Bench) -> Iterable[Figure]:
        good = {name: sum(not failed for failed in rounds) for name, rounds in self.rounds.items()}
        shown = {name: f"{good[name]} of {len(rounds)}" for name, rounds in self.rounds.items()}
        for name in self.rounds.keys() - {ours}:
            failed = sorted({f"{service}: {said}" for entry in self.rounds[name] for service, said in entry.items()})
            bench.notes += [f"First connection after {name} failed: {line}" for line in failed[:3]]
        peer = " · ".join(name for name in self.rounds if name != ours)
        theirs = " · ".join(shown[name] for name in self.rounds if name != ours)
        met = good[ours] == len(self.rounds[ours])
        if not met:
            bench.notes.append(f"First connections after devenv up that failed: {self.rounds[ours]}")
        yield Figure("rounds with all first connections let in", shown[ours], peer, theirs, None, "all", met)


def commands(bench: Bench) -> Iterable[Figure]:
    """What is typed all day, on stacks that are up: nothing to do, how it stands, the variables."""
    ours, hand = bench.scene.ours(), bench.scene.by_hand(5)
    ours.bring()
    ours.ports = bench.scene.decided_ports()
    hand.bring()

    def turns(*things: tuple[str, Callable[[], float]]) -> Pairs:
        return in_turn(dict(things), rounds=bench.repeats, calm=bench.calm, warm=True)

    up = turns(("ours", bench.devenv("up")), ("theirs", hand.bring))
    yield _at_most("`up` with nothing to do", up, "`docker compose up -d --wait`, nothing to do", 0.5)
    ps = bench.command(*bench.scene.rendered("ps"))
    yield _at_most("`status`", turns(("ours", bench.devenv("status")), ("theirs", ps)), "`docker compose ps`", 2.0)
    behind = turns(("ours", bench.devenv("behind")), ("theirs", ps))
    yield _within("`behind`, which IDEs and git run", behind, "`docker compose ps`", 0.150)
    config = bench.command(*bench.scene.rendered("config", "--quiet"))
    env = turns(("ours", bench.devenv("env")), ("theirs", config))
    yield _within("`env`", env, "`docker compose config --quiet`", 0.150)
    version = turns(("ours", bench.devenv("--version")), ("theirs", bench.command(sys.executable, "-c", "pass")))
    yield _within("`devenv --version`", version, "Python doing nothing", 0.100)
    ours.wipe()
    hand.wipe()


def _at_most(what: str, pairs: Pairs, peer: str, most: float) -> Figure:
    ratio = pairs.ratio("ours", "theirs")
    return Figure(what, _seconds(pairs, "ours"), peer, _seconds(pairs, "theirs"), ratio, f"≤ {most:g} ×", ratio <= most)


def _within(what: str, pairs: Pairs, peer: str, seconds: float) -> Figure:
    median = pairs.median("ours")
    ratio = pairs.ratio("ours", "theirs")
    limit = f"≤ {seconds * 1000:.0f} ms"
    return Figure(what, _seconds(pairs, "ours"), peer, _seconds(pairs, "theirs"), ratio, limit, median <= seconds)


def _seconds(pairs: Pairs, name: str) -> str:
    """Median, and between which the measurements were."""
    low, high = pairs.spread(name)
    median = pairs.median(name)
    if median < 1:
        return f"{median * 1000:.0f} ms ({low * 1000:.0f}–{high * 1000:.0f})"
    return f"{median:.2f} s ({low:.2f}–{high:.2f})"


def idle_stack(bench: Bench) -> Iterable[Figure]:
    """What health checks cost a stack that nobody uses, in percent of one processor."""
    ours = bench.scene.ours()
    variants = [ours, bench.scene.by_hand(5)]
    spent = {}
    for stack, bare in ((variants[0], bench.scene.limit(ours)), (variants[1], None)):
        stack.bring()
        checked = idle.cpu(stack.project, bench.idle_seconds)
        if bare is None:
            bare = without_checks(stack)
        bare.bring()
        spent[stack.name] = (checked, idle.cpu(stack.project, bench.idle_seconds))
        stack.wipe()
    percent = {name: 100 * (checked.total - bare.total) / bench.idle_seconds for name, (checked, bare) in spent.items()}
    for name, (checked, bare) in spent.items():
        bench.notes.append(f"Idle for {bench.idle_seconds:.0f} s, {name}: with checks {checked}; without {bare}.")
    mine, theirs = (percent[stack.name] for stack in variants)
    yield Figure(
        "CPU for probes of an idle stack", f"{mine:.2f} % of a core", f"health checks every 5 s, {variants[1].name}",
        f"{theirs:.2f} % of a core", mine / theirs if theirs > 0 else None, "≤ 1 %", mine <= 1,
    )  # fmt: skip


def without_checks(stack: Stack) -> Stack:
    """The same stack from the same file, its health checks off and nothing waited for."""
    override = stack.cwd / "compose.override.yaml"
    override.write_text(
        '{"services": {' + ", ".join(f'"{n}": {{"healthcheck": {{"disable": true}}}}' for n in stack.ports) + "}}"
    )
    up = [word for word in stack.up if word != "--wait"]
    return Stack(f"{stack.name}, off", up, stack.cwd, stack.env, stack.project, stack.logins, stack.ports)


def render(bench: Bench) -> Iterable[Figure]:
    """Manifests of many services, rendered whole; each time as if never seen before, so that they are checked too."""
    folders = {size: many(bench.scene.place / f"many{size}", size) for size in SIZES}
    peaks: dict[int, float] = {}

    def ours(size: int) -> Callable[[], float]:
        def run() -> float:
            state = folders[size] / "state"
            shutil.rmtree(state, ignore_errors=True)
            env = bench.scene.env | {"DEVENV_STATE": str(state)}
            done = timed([*bench.scene.devenv, "render", "--stdout"], env=env, cwd=folders[size])
            peaks[size] = max(done.peak, peaks.get(size, 0))
            return done.wall

        return run

    largest = folders[SIZES[-1]]
    argv = [*bench.scene.devenv, "render", "--stdout"]
    made = subprocess.run(argv, env=bench.scene.env, cwd=largest, capture_output=True, check=True).stdout
    (largest / "compose.yaml").write_bytes(made)
    config = ["docker", "compose", "--file", str(largest / "compose.yaml"), "config", "--quiet"]
    things = {str(size): ours(size) for size in SIZES} | {"compose": bench.command(*config)}
    pairs = in_turn(things, rounds=max(bench.repeats // 2, 3), calm=bench.calm, warm=True)
    last = str(SIZES[-1])
    beside = Pairs({"ours": pairs.seconds[last], "theirs": pairs.seconds["compose"]})
    peer = "`docker compose config --quiet` of the same file"
    yield _within(f"`render` of {SIZES[-1]:,} services, checked", beside, peer, 2)
    small, middle, large = (min(pairs.seconds[str(size)]) for size in SIZES)
    first, second = (middle - small) / (SIZES[1] - SIZES[0]), (large - middle) / (SIZES[2] - SIZES[1])
    yield Figure(
        f"each further service, {SIZES[1]} → {SIZES[2]:,}", f"{second * 1000:.2f} ms",
        f"each further one, {SIZES[0]} → {SIZES[1]} (fastest runs)", f"{first * 1000:.2f} ms",
        second / first, "linear: ≤ 1.25", second / first <= 1.25,
    )  # fmt: skip
    peak = peaks[SIZES[-1]] * 1.048576
    yield Figure("peak memory of that", f"{peak:.0f} MB", "", "", None, "≤ 150 MB", peak <= 150)


def many(folder: Path, size: int) -> Path:
    """A project of so many services, of the three kinds in turn, locked to digests that no registry has."""
    folder.mkdir(parents=True)
    kinds = (("postgres", "15.4"), ("redis", "7.0.15"), ("rabbitmq", "3.10.8"))
    lines = ['[project]\nname = "many"\n']
    for number in range(size):
        kind, version = kinds[number % len(kinds)]
        lines.append(f'\n[services.{kind}-{number}]\nkind = "{kind}"\nversion = "{version}"\n')
        lines.append(f"settings = {{ max_connections = {100 + number} }}\n" if kind == "postgres" else "")
    (folder / "devenv.toml").write_text("".join(lines), encoding="utf-8")
    images = "".join(
        f'\n[images."docker.io/library/{kind}:{version}"]\ndigest = "sha256:{"0" * 64}"\nsource = ""\ndate = ""\n'
        for kind, version in kinds
    )
    (folder / "devenv.lock").write_text(f"version = 1\n{images}", encoding="utf-8")
    return folder


FIGURES: Mapping[str, Callable[[Bench], Iterable[Figure]]] = {
    "render": render,
    "commands": commands,
    "idle": idle_stack,
    "cold": cold,
}


def run(bench: Bench, names: Sequence[str], told: Callable[[Figure], None]) -> list[Figure]:
    """All figures asked for, each told as soon as it is there."""
    made = []
    for name in names:
        start = time.monotonic()
        for figure in FIGURES[name](bench):
            told(figure)
            made.append(figure)
        for stack in bench.scene.stacks:
            stack.wipe()
        print(f"  ({name}: {time.monotonic() - start:.0f} s)", file=sys.stderr)
    return made
