"""Whatever happens to a service's data in whatever order: a kept generation is neither changed nor lost nor opened.

Volumes are lists of what was written to them; all that decides and remembers is the program's own.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as some

from devenv.data import anew, pointing, switching
from devenv.effects import history, snapshots
from devenv.effects.world import World
from devenv.model.machine import Machine
from devenv.model.observed import Engine, ExistingVolume, Observed
from devenv.model.resolved import ResolvedService
from devenv.model.snapshot import Snapshot
from devenv.model.upgrade import COPY, Recipe, Route, Upgrade, Way
from devenv.project import Project, open_project
from devenv.stages.generations import finds_older, left_behind, next_generation, own_live, to_resume
from devenv.stages.plan_up import data_problem
from devenv.stages.plan_upgrade import behind
from devenv.standing import with_generations
from tests.making import tree

OLD, NEW = "7.0.15", "8.0.2"
MANIFEST = '[project]\nname = "shop"\n[services.cache]\nkind = "redis"\nversion = "{}"\n'


class Checkout:
    """A project with one service, on an engine that has nothing but volumes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.world = World(cwd=root, env={"HOME": str(root), "DEVENV_STATE": str(root / "state")})
        self.written: dict[str, list[int]] = {}
        self.stamps: dict[str, ExistingVolume] = {}
        self.kept: dict[str, list[int]] = {}
        self.open = ""
        self.count = 0
        self.says(OLD)

    def says(self, version: str) -> None:
        """What devenv.toml says from now on."""
        self.version = version
        tree(self.root, {"devenv.toml": MANIFEST.format(version)})
        self.project: Project = open_project(self.world)

    @property
    def service(self) -> ResolvedService:
        return self.project.resolved.services["cache"]

    def look(self) -> tuple[Machine, Observed]:
        seen = Observed(Engine("27", "linux/amd64"), volumes=tuple(self.stamps.values()))
        return with_generations(self.project, self.project.machine(), seen)

    def make(self, name: str, service: ResolvedService, written: list[int]) -> None:
        volume = service.volumes[0]
        assert name not in self.written, "a volume's name was used twice"
        self.written[name] = list(written)
        self.stamps[name] = ExistingVolume(name, "shop", "cache", "redis", volume.format, volume.path)

    def serve(self, machine: Machine) -> None:
        """A server opens what the machine points to, and somebody writes to it."""
        self.open = machine.volume(self.service.volumes[0])
        if self.open not in self.written:
            self.make(self.open, self.service, [])
        self.count += 1
        self.written[self.open].append(self.count)

    def up(self, *, fresh: bool = False) -> bool:
        machine, observed = self.look()
        if data_problem(self.service, observed, machine) and not fresh:
            return False
        source = None if fresh else to_resume(self.service, observed, machine)
        anew.keep(self.project, observed, machine, ["cache"])
        if source:
            self.make(machine.volume(self.service.volumes[0]), self.service, self.written[source.name])
            self.move({self.service.data: machine.generations[self.service.data]})
        anew.remember_use(self.project, machine, ["cache"])
        self.serve(machine)
        return True

    def move(self, generations: dict[str, str], *kept: Snapshot, empty: str = "") -> None:
        named = {"cache": empty} if empty else {}
        pointing.move(self.project.store, pointing.Move(generations, kept, {}, [], empty=named))
        self.project.store.clear_journal(of=pointing.JOURNAL)

    def sync(self, version: str, *, from_current: bool = False, source: ExistingVolume | None = None) -> bool:
        before = (self.root / "devenv.toml").read_text()
        former, was = self.project, self.version
        self.says(version)
        machine, observed = self.look()
        if from_current and (use := left_behind(self.service, observed, machine)):
            source = self.stamps[use.volume]
        source = source or behind(self.service, observed, machine, None)
        older = finds_older(self.service, observed, machine) if source is None else None
        moved = {}
        if source:
            if source.format > self.service.volumes[0].format:
                self.says(was)
                return False
            upgrade = self.upgrade(former, machine, observed, source)
            self.make(upgrade.target[0], self.service, self.written[source.name])
            switching.switch(self.project, machine, observed, [upgrade], {}, [])
            switching.done(self.project)
            moved = {self.service.data: upgrade.generation}
        history.add(self.project.store, "sync", [], before={"devenv.toml": before}, moved=moved)
        assert self.up()
        if older:
            anew.keep_left_behind(self.project, self.look()[1], {"cache": older})
        return True

    def upgrade(self, former: Project, machine: Machine, observed: Observed, source: ExistingVolume) -> Upgrade:
        self.open = ""  # the server is stopped for the copy
        generation = next_generation(self.service.data, observed.volumes, machine.generations)
        old = replace(
            former.resolved.services["cache"], volumes=(replace(self.service.volumes[0], format=source.format),)
        )
        target = replace(machine, generations={**machine.generations, self.service.data: generation})
        names = (source.name,), (target.volume(self.service.volumes[0]),)
        return Upgrade(old, self.service, *names, generation, Route(Way.IN_PLACE), Recipe((), (), COPY))

    def rollback(self) -> None:
        done = [entry for entry in history.entries(self.project.store) if entry.verb == "sync" and not entry.undone]
        if not done:
            return
        (self.root / "devenv.toml").write_text(done[-1].before["devenv.toml"] or "")
        self.says(OLD if OLD in (self.root / "devenv.toml").read_text() else NEW)
        self.open = ""
        switching.take_back(self.project, *self.look(), done[-1])
        history.undo(self.project.store, done[-1])
        self.up()  # where the sync moved nothing there may be no data of the version before

    def reset(self) -> None:
        machine, observed = self.look()
        live = own_live(self.service, observed, machine)
        generation = next_generation(self.service.data, observed.volumes, machine.generations)
        kept = [anew.taken_out(self.project, live, observed, name="before-reset", why="")] if live else []
        self.open = ""
        self.move({self.service.data: generation}, *kept, empty=self.service.data)
        assert self.up(), "'devenv up' begins anew"

    def snapshot(self) -> None:
        machine, observed = self.look()
        live = own_live(self.service, observed, machine)
        if live is None:
            return
        item = anew.taken_out(self.project, live, observed, name="snapshot", why="")
        name = self.free(machine, observed)
        self.make(name, self.service, self.written[live.name])
        snapshots.add(self.project.store, [replace(item, volumes={live.path: name})])

    def free(self, machine: Machine, observed: Observed) -> str:
        return f"shop_{self.service.data}" + next_generation(self.service.data, observed.volumes, machine.generations)

    def restore(self, number: int) -> None:
        machine, observed = self.look()
        if not observed.snapshots:
            return
        chosen = observed.snapshots[number % len(observed.snapshots)]
        (volume,) = chosen.volumes.values()
        if chosen.data != self.service.data:
            self.sync(self.version, source=self.stamps[volume])
            return
        live = own_live(self.service, observed, machine)
        kept = [anew.taken_out(self.project, live, observed, name="before", why="")] if live else []
        name = self.free(machine, observed)
        self.make(name, self.service, self.written[volume])
        self.open = ""
        self.move({chosen.data: name.removeprefix(f"shop_{chosen.data}")}, *kept)
        assert self.up()

    def check(self) -> None:
        machine, observed = self.look()
        kept = {name: self.written[name] for item in observed.snapshots for name in item.volumes.values()}
        assert self.kept == {name: kept.get(name) for name in self.kept}, "a kept generation was changed or lost"
        self.kept = {name: list(written) for name, written in kept.items()}
        assert self.open not in kept
        assert machine.volume(self.service.volumes[0]) not in kept
        somewhere = {number for written in self.written.values() for number in written}
        assert somewhere == set(range(1, self.count + 1))
        reachable = {item.name for item in self.stamps.values()} - kept.keys()
        live = {f"shop_{data}{end}" for data, end in machine.generations.items()}
        live |= {f"shop_{item.data}" for item in self.stamps.values() if item.data not in machine.generations}
        assert reachable <= live, "data that is neither live nor kept"


ACTS = some.sampled_from(["up", "up --fresh", "old", "new", "sync", "from current", "rollback", "reset", "snapshot"])
STEPS = some.lists(some.one_of(ACTS, some.integers(0, 9)), min_size=4, max_size=14)


@settings(max_examples=40)
@given(STEPS)
def test_kept_generations_stay_what_they_are(steps: list[str | int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        checkout = Checkout(Path(folder))
        for step in steps:
            act(checkout, step)
            checkout.check()


def act(checkout: Checkout, step: str | int) -> None:
    other = NEW if checkout.version == OLD else OLD
    if isinstance(step, int):
        checkout.restore(step)
    elif step in ("old", "new"):
        checkout.says(OLD if step == "old" else NEW)
    elif step == "up":
        if not checkout.up():
            follow_the_hint(checkout, other)
    elif step == "up --fresh":
        checkout.up(fresh=True)
    elif step == "sync":
        checkout.sync(other)
    elif step == "from current":
        checkout.sync(checkout.version, from_current=True)
    else:
        getattr(checkout, step)()


def follow_the_hint(checkout: Checkout, other: str) -> None:
    """The data is of another version: 'devenv sync' moves it, and with that version in devenv.toml it is found."""
    if checkout.version == NEW:
        assert checkout.sync(NEW)
    else:
        checkout.says(other)
        assert checkout.up()


def test_snapshots_are_found_again_where_their_list_was_damaged() -> None:
    with tempfile.TemporaryDirectory() as folder:
        checkout = Checkout(Path(folder))
        assert checkout.up()
        checkout.snapshot()
        checkout.up()
        (before,) = checkout.look()[1].snapshots
        (checkout.project.store.folder / "snapshots.json").write_text("{")
        (found,) = checkout.look()[1].snapshots
        assert (found.name, found.volumes) == ("cache-7.0-g2", before.volumes)
        checkout.restore(0)
        checkout.check()
        checkout.reset()
        checkout.check()
        assert len(checkout.look()[1].snapshots) == 3
