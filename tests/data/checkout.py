"""A checkout with one service between two versions, and all that can be done to its data.

Volumes are lists of what was written to them; all that decides and remembers is the program's own.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
import tempfile
from dataclasses import replace
from pathlib import Path

from devenv.data import anew, pointing, remembering, switching
from devenv.data.upgrading import Moved
from devenv.effects import history, snapshots
from devenv.effects.store import Store
from devenv.effects.world import World
from devenv.errors import Refused
from devenv.journeys import rollback
from devenv.journeys.sync import Comparison
from devenv.journeys.sync_apply import write_manifest
from devenv.model.change import SyncPlan
from devenv.model.machine import Machine
from devenv.model.observed import Engine, ExistingVolume, Observed
from devenv.model.problem import Problem
from devenv.model.production import Bound
from devenv.model.resolved import ResolvedService
from devenv.model.snapshot import Snapshot
from devenv.model.upgrade import COPY, Recipe, Route, Upgrade, Way
from devenv.project import Project, open_project
from devenv.stages.generations import finds_older, left_behind, next_generation, own_live, to_resume
from devenv.stages.keep import older_data, older_words
from devenv.stages.plan_up import data_problem
from devenv.stages.plan_upgrade import behind, can_follow
from devenv.standing import with_generations
from tests.making import tree

OLD, NEW = "7.0.15", "8.0.2"
MANIFEST = '[project]\nname = "shop"\n[services.cache]\nkind = "redis"\nversion = "{}"\n'
#: Records are synced to the disk, many times in each history; this folder is in memory.
IN_MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None


@functools.cache
def opened(version: str) -> Project:
    """The project with a version, in a checkout that nothing has happened in."""
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        root = Path(folder)
        tree(root, {"devenv.toml": MANIFEST.format(version)})
        return open_project(World(cwd=root, env={"HOME": folder, "DEVENV_STATE": f"{folder}/state"}))


class Checkout:
    """A project with one service, on an engine that has nothing but volumes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.store = Store(root / "state", root)
        self.written: dict[str, list[int]] = {}
        self.stamps: dict[str, ExistingVolume] = {}
        self.kept: dict[str, list[int]] = {}
        self.open = ""
        self.count = 0
        self.says(OLD)

    def says(self, version: str) -> None:
        """What devenv.toml says from now on."""
        tree(self.root, {"devenv.toml": MANIFEST.format(version)})
        self.wants(version)

    def wants(self, version: str) -> None:
        """What devenv.toml is going to say."""
        self.version = version
        self.project = self.project_of(version)

    def project_of(self, version: str) -> Project:
        return replace(opened(version), root=self.root, store=self.store, state=self.store.state)

    @property
    def service(self) -> ResolvedService:
        return self.project.resolved.services["cache"]

    def look(self) -> tuple[Machine, Observed]:
        machine, observed = with_generations(self.project, self.project.machine(), self.engine())
        remembering.complete(self.project, observed)
        return machine, observed

    def engine(self) -> Observed:
        return Observed(Engine("27", "linux/amd64"), volumes=tuple(self.stamps.values()))

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

    def problem(self) -> Problem | None:
        machine, observed = self.look()
        return data_problem(self.service, observed, machine)

    def announced(self) -> str:
        """What 'devenv up' says of older data that the service finds again."""
        machine, observed = self.look()
        found = older_data([self.service], observed, machine).get("cache")
        return older_words(found, dt.datetime.now(dt.UTC)) if found else ""

    def up(self, *, fresh: bool = False) -> bool:
        if self.problem() and not fresh:
            return False
        machine, observed = self.look()
        source = None if fresh else to_resume(self.service, observed, machine)
        machine = anew.set_aside({"cache": self.service}, observed, machine, ["cache"] if fresh else [])
        anew.keep(self.project, observed, machine, ["cache"])
        if source:
            self.make(machine.volume(self.service.volumes[0]), self.service, self.written[source.name])
            self.move({self.service.data: machine.generations[self.service.data]})
        anew.remember_use(self.project, machine, ["cache"])
        self.serve(machine)
        return True

    def move(self, generations: dict[str, str], *kept: Snapshot, empty: str = "") -> None:
        named = {"cache": empty} if empty else {}
        pointing.move(self.store, pointing.Move(generations, kept, {}, [], empty=named))
        self.store.clear_journal(of=pointing.JOURNAL)

    def sync(
        self, version: str, *, from_current: bool = False, source: ExistingVolume | None = None, verb: str = "sync"
    ) -> bool:
        """``source``: data that is moved whatever there is. Whether that version's data is served now."""
        former, was = self.project, self.version
        self.wants(version)
        machine, observed = self.look()
        if from_current and (use := left_behind(self.service, observed, machine)):
            source = self.stamps[use.volume]
        source = source or behind(self.service, observed, machine, None)
        older = finds_older(self.service, observed, machine) if source is None else None
        moved = Moved()
        if source:
            if not can_follow(self.service, source, observed.served.get(source.name, {})):
                self.wants(was)
                return False
            upgrade = self.upgrade(machine, observed, source)
            self.make(upgrade.target[0], self.service, self.written[source.name])
            switching.switch(self.project, machine, observed, [upgrade], texts={}, changes=[], verb=verb)
            switching.done(self.project)
            moved = Moved([upgrade])
        write_manifest(Comparison(former, self.project, SyncPlan(()), Bound({}, ()), verb=verb), self.project, moved)
        assert self.up()
        if older:
            anew.keep_left_behind(self.project, self.look()[1], {"cache": older})
        return True

    def try_(self, version: str, *, adopt: bool) -> bool:
        """A rehearsal on a copy of what the service has today, whatever was moved before. False where it is refused."""
        machine, observed = self.look()
        source = own_live(self.service, observed, machine) or to_resume(self.service, observed, machine)
        if source is None:
            return False
        if adopt:
            return self.sync(version, source=source)
        was, serving = self.version, self.open
        self.wants(version)
        possible = can_follow(self.service, source, observed.served.get(source.name, {}))
        if possible:
            upgrade = self.upgrade(*self.look(), source)
            assert upgrade.target[0] not in self.written
        self.wants(was)
        self.open = serving
        return possible

    def upgrade(self, machine: Machine, observed: Observed, source: ExistingVolume) -> Upgrade:
        self.open = ""  # the server is stopped for the copy
        generation = next_generation(self.service.data, observed.volumes, machine.generations)
        old = self.project_of(OLD if OLD.startswith(source.format) else NEW).resolved.services["cache"]
        target = replace(machine, generations={**machine.generations, self.service.data: generation})
        names = (source.name,), (target.volume(self.service.volumes[0]),)
        return Upgrade(old, self.service, *names, generation, Route(Way.IN_PLACE), Recipe((), (), COPY))

    def rollback(self) -> bool:
        """Undo the last sync, or do what the refusal says; whether it was undone."""
        try:
            entry = rollback.last_sync(self.store, self.project)
        except Refused as error:
            self.follow_the_refusal(error)
            return False
        former = OLD if OLD in (entry.before["devenv.toml"] or "") else NEW
        rollback.restore(entry, self.project_of(former), None)
        self.wants(former)
        self.open = ""
        machine, observed = self.look()
        older = finds_older(self.service, observed, machine)
        switching.take_back(self.project, machine, observed, entry)
        history.undo(self.store, entry)
        is_kept = older is not None and older.volume in self.look()[1].kept
        served = self.up()  # where the sync moved nothing there may be no data of the version before
        if older and served and not is_kept:
            anew.keep_left_behind(self.project, self.look()[1], {"cache": older})
        return True

    def follow_the_refusal(self, error: Refused) -> None:
        if "put the former devenv.toml back" in error.problems[0].hint:
            self.says(OLD if self.version == NEW else NEW)
            assert self.up()
        elif match := re.match(r"devenv snapshot restore (\S+) cache ", error.problems[0].hint):
            names = [item.name for item in self.look()[1].snapshots]
            assert self.restore(names.index(match[1]))

    def reset(self) -> None:
        machine, observed = self.look()
        live = own_live(self.service, observed, machine)
        generation = next_generation(self.service.data, observed.volumes, machine.generations)
        kept = [anew.taken_out(self.project, live, observed, name="before-reset", why="")] if live else []
        self.open = ""
        self.move({self.service.data: generation}, *kept, empty=self.service.data)
        assert self.up(), "'devenv up' begins anew"

    def snapshot(self) -> bool:
        """Keep a copy of the live data; False where there is none."""
        machine, observed = self.look()
        live = own_live(self.service, observed, machine)
        if live is None:
            return False
        item = anew.taken_out(self.project, live, observed, name="snapshot", why="")
        name = self.free(machine, observed)
        self.make(name, self.service, self.written[live.name])
        snapshots.add(self.store, [replace(item, volumes={live.path: name})])
        return True

    def free(self, machine: Machine, observed: Observed) -> str:
        return f"shop_{self.service.data}" + next_generation(self.service.data, observed.volumes, machine.generations)

    def restore(self, number: int) -> bool:
        """Restore one of all snapshots; False where there is none, or where it is refused."""
        machine, observed = self.look()
        if not observed.snapshots:
            return False
        chosen = observed.snapshots[number % len(observed.snapshots)]
        (volume,) = chosen.volumes.values()
        if chosen.data != self.service.data:
            return self.sync(self.version, source=self.stamps[volume], verb="snapshot restore")
        live = own_live(self.service, observed, machine)
        kept = [anew.taken_out(self.project, live, observed, name="before", why="")] if live else []
        name = self.free(machine, observed)
        self.make(name, self.service, self.written[volume])
        self.open = ""
        self.move({chosen.data: name.removeprefix(f"shop_{chosen.data}")}, *kept)
        assert self.up()
        return True

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


ACTS = ["up", "up --fresh", "old", "new", "sync", "from current", "rollback", "reset", "snapshot", "try", "try --adopt"]


def act(checkout: Checkout, step: str | int) -> None:
    other = NEW if checkout.version == OLD else OLD
    if isinstance(step, int):
        checkout.restore(step)
    elif step in ("old", "new"):
        checkout.says(OLD if step == "old" else NEW)
    elif step == "up":
        up(checkout, other)
    elif step == "up --fresh":
        checkout.up(fresh=True)
    elif step == "sync":
        checkout.sync(other)
    elif step == "from current":
        checkout.sync(checkout.version, from_current=True)
    elif step.startswith("try"):
        checkout.try_(other, adopt="--adopt" in step)
    else:
        getattr(checkout, step)()


def up(checkout: Checkout, other: str) -> None:
    """What 'devenv up' hints at works: data of another version is moved, or found with that version in devenv.toml."""
    announced = checkout.announced()
    problem = checkout.problem()
    if problem is None:
        assert checkout.up()
    elif "devenv sync " in problem.hint:
        assert checkout.sync(checkout.version)
    else:
        assert "put the old version back into devenv.toml" in problem.hint
        checkout.says(other)
        assert checkout.up()
    if "devenv sync --from-current" in announced:
        assert checkout.sync(checkout.version, from_current=True)
