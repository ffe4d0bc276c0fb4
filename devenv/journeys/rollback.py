"""Taking the last sync back: the manifest and the lock as it found them, and the data that it moved let go of."""

from __future__ import annotations

from dataclasses import replace

from devenv import generated_files
from devenv.data import switching
from devenv.effects import files, history, snapshots
from devenv.effects.store import Store
from devenv.effects.world import World
from devenv.errors import Refused
from devenv.journeys.sync import Follow
from devenv.model.file import File
from devenv.model.snapshot import Snapshot
from devenv.project import Project, open_project
from devenv.stages.load import MANIFEST
from devenv.stages.locking import PATH as LOCK
from devenv.standing import with_generations


def last_sync(store: Store, project: Project) -> history.Entry:
    """The sync that a rollback undoes. Raises Refused if there is none, or if somebody edited the manifest since."""
    entry = next((e for e in reversed(history.entries(store)) if e.verb == "sync" and not e.undone), None)
    if entry is None:
        raise Refused("there is no sync to undo", "'devenv history' shows what was changed here")
    if not entry.before:
        raise Refused(f"the sync of {entry.at} did not change {MANIFEST}", _ways_back(store, entry))
    if entry.after.get(MANIFEST) != history.digest(files.read_text(project.root / MANIFEST)):
        raise Refused(
            f"{MANIFEST} was edited after the sync of {entry.at}", "undo that first, or take the values back by hand"
        )
    return entry


def _ways_back(store: Store, entry: history.Entry) -> str:
    """How to go back after a sync that only moved data: to data of the same version that it replaced, which is a
    snapshot now, or to the version that devenv.toml had before somebody edited it."""
    replaced = {item.data: item for item in _kept_by(store, entry) if item.data in entry.moved}
    lines = [
        f"devenv snapshot restore {item.name} {item.service}   makes what {item.service} had before the live data"
        for item in replaced.values()
    ]
    if len(replaced) < len(entry.moved):
        lines.append(f"put the former {MANIFEST} back, then run 'devenv up': it finds the data of its versions")
    return "\n  ".join(lines)


def _kept_by(store: Store, entry: history.Entry) -> list[Snapshot]:
    """The snapshots that were made since the entry before this one."""
    earlier = [item.at for item in history.entries(store) if item.number < entry.number]
    since = earlier[-1] if earlier else ""
    return [item for item in snapshots.entries(store) if since <= item.at <= entry.at]


def before(world: World, entry: history.Entry) -> Project:
    """The project as it was before a sync."""
    return open_project(world, manifest=entry.before.get(MANIFEST) or "", lock=entry.before.get(LOCK) or "")


def restore(entry: history.Entry, former: Project, follow: Follow | None) -> Follow | None:
    """Manifest, lock and rendered files as a sync found them; data that it moved is let go of."""
    root = former.root
    for path, text in entry.before.items():
        if text is None:
            files.remove(root, path)
        else:
            files.write(root, File(path, text, mode=files.mode(root / path)))
    generated_files.write(former, former.render())
    if follow is None:
        return None
    prepared = follow.prepared
    switching.take_back(former, prepared.machine, prepared.observed, entry)
    machine, observed = with_generations(former, prepared.machine, prepared.observed)
    older = {service: use for service, use in follow.older.items() if use.volume not in observed.kept}
    return replace(follow, prepared=replace(prepared, machine=machine, observed=observed), older=older)
