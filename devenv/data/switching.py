"""Making moved data the data, and putting an end to what a killed run left of that.

Killed at any moment before the switch, everything made is thrown away; after it, what is left is done. Which of the two
is in the journal of upgrades.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from devenv.data import anew, pointing, remembering, seeding, served
from devenv.data.benches import JOURNAL
from devenv.effects import files, history, snapshots
from devenv.effects.compose import start_containers
from devenv.effects.containers import exists
from devenv.effects.store import Store
from devenv.effects.workbench import clear
from devenv.model.file import File
from devenv.model.machine import Machine
from devenv.model.observed import Observed
from devenv.model.record import record
from devenv.model.snapshot import Snapshot
from devenv.model.upgrade import Upgrade
from devenv.project import Project
from devenv.stages.generations import next_generation, own_live


@record
class Switch:
    """What makes moved data the data: the generations that are live from now on, the texts of files that say so (by
    path below the root), the digests of what they are before, the copies that are kept, and what history says of it:
    ``changes`` and the ``verb`` that made them."""

    generations: Mapping[str, str]
    files: Mapping[str, str]
    before: Mapping[str, str]
    kept: Sequence[Snapshot]
    changes: Sequence[str]
    verb: str = "sync"


def switch(
    project: Project,
    machine: Machine,
    observed: Observed,
    upgrades: Sequence[Upgrade],
    *,
    texts: Mapping[str, str],
    changes: Sequence[str],
    verb: str,
) -> None:
    """Point at the new data. From the first line on it will be done whatever happens, by the next devenv if need be.

    Kept is what was moved, unless it is a kept copy already, and data of the new version that is no longer live.
    """
    remembering.complete(project, observed)
    generations = {upgrade.new.data: upgrade.generation for upgrade in upgrades}
    before = {path: history.digest(files.read_text(project.root / path)) for path in texts}
    old = [_snapshot(project, upgrade) for upgrade in upgrades if not observed.kept.intersection(upgrade.source)]
    for upgrade in upgrades:
        replaced = own_live(upgrade.new, observed, machine)
        if replaced is not None and replaced.name not in upgrade.source:
            why = f"was the {upgrade.new.version} data before the upgrade {upgrade.words}"
            name = f"before-{upgrade.old.version}"
            # Redis 7.2.4 and the Valkey 7.2.4 that takes its place have one version's name.
            taken = [item.name for item in old]
            old.append(anew.taken_out(project, replaced, observed, name=name, why=why, taken=taken))
    seeding.inherit(project.store, {upgrade.source[0]: upgrade.target[0] for upgrade in upgrades})
    entry = Switch(generations, texts, before, old, changes, verb)
    project.store.journal({"switch": asdict(entry)}, of=JOURNAL)
    _point(project.store, entry)


def _point(store: Store, entry: Switch) -> None:
    pointing.point(store, entry.kept, entry.generations)


def _snapshot(project: Project, upgrade: Upgrade) -> Snapshot:
    """The old data, which stays as it is."""
    old = upgrade.old
    wanted = f"{upgrade.service}-before-{upgrade.new.version}"
    return Snapshot(
        name=snapshots.free_name(project.store, wanted),
        service=upgrade.service,
        kind=old.kind.name,
        format=old.volumes[0].format,
        version=old.version.text,
        at=snapshots.now(),
        why=f"before the upgrade {upgrade.words}",
        volumes={volume.path: name for volume, name in zip(old.volumes, upgrade.source, strict=False)},
        size=upgrade.size,
        served=served.known(project, upgrade.source[0]),
    )


def take_back(project: Project, machine: Machine, observed: Observed, entry: history.Entry) -> None:
    """What a sync moved is kept, and no longer the data: the next time it is moved anew, from what there is then."""
    remembering.complete(project, observed)
    generations = machine.generations
    left = {data for data, generation in entry.moved.items() if generations.get(data) == generation}
    why = f"made by the sync of {entry.at}, which was taken back"
    kept = [
        anew.taken_out(project, volume, observed, name="taken-back", why=why)
        for volume in observed.volumes
        if volume.data in left and volume.generation() == generations[volume.data]
    ]
    unused = {data: next_generation(data, observed.volumes, generations) for data in left}
    pointing.point(project.store, kept, unused)


def done(project: Project) -> None:
    """All that a switch means is done."""
    project.store.clear_journal(of=JOURNAL)


def recover(store: Store) -> list[str]:
    """Put an end to what a killed run left of an upgrade; sentences about it, [] if there is nothing.

    Before the switch all of it is thrown away and what ran runs again; after it, what is left is done.
    """
    begun, switched = unfinished(store)
    if switched:
        return _forward(store, switched, begun)
    told = []
    for service, said in begun.items():
        clear(said["bench"], said["scratch"])
        if said["container"] and exists(said["container"]):
            start_containers([said["container"]])
        told.append(f"the upgrade of {service} ({said['words']}) was interrupted; it is taken back, nothing is lost")
    store.clear_journal(of=JOURNAL)
    return told


def unfinished(store: Store) -> tuple[Mapping[str, Mapping[str, Any]], Mapping[str, Any]]:
    """What the upgrades that were killed set out to do, by service, and the switch; each empty if there was none.

    How far the steps had come makes no difference.
    """
    entries = store.unfinished(of=JOURNAL)
    begun: Mapping[str, Any] = next((entry["begin"] for entry in entries if "begin" in entry), {})
    switched: Mapping[str, Any] = next((entry["switch"] for entry in entries if "switch" in entry), {})
    return begun, switched


def _forward(store: Store, said: Mapping[str, Any], begun: Mapping[str, Mapping[str, Any]]) -> list[str]:
    entry = Switch(**(dict(said) | {"kept": [Snapshot(**item) for item in said["kept"]]}))
    found = {path: files.read_text(store.root / path) for path in entry.files}
    untouched = {path: text for path, text in found.items() if history.digest(text) == entry.before[path]}
    recorded = history.entries(store)[-1:]
    if not recorded or recorded[0].moved != entry.generations:
        after = {path: history.digest(entry.files[path]) for path in untouched}
        edited = {path: text for path, text in untouched.items() if text != entry.files[path]}
        history.add(store, entry.verb, entry.changes, before=edited, after=after, moved=entry.generations)
    for path in untouched:
        files.write(store.root, File(path, entry.files[path], mode=files.mode(store.root / path)))
    _point(store, entry)
    made = {volume for data in begun.values() for volume in data["target"]}
    for data in begun.values():
        clear(data["bench"], [name for name in data["scratch"] if name not in made])
    store.clear_journal(of=JOURNAL)
    words = "; ".join(f"{service} ({data['words']})" for service, data in begun.items())
    return [f"the upgrade of {words} was interrupted after the data was moved; it is now complete"]
