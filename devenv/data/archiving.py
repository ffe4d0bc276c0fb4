"""Kept copies of data as files, for a colleague's machine: written, and taken in as kept copies there.

Data of kinds whose own files are one version's and one processor's alone goes as a dump, which the server of the
manifest's version reads; of the others the files go, and what moves them to another version does so at a restore.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from devenv import __version__
from devenv.console import Progress
from devenv.data import seeding, served
from devenv.data.benches import bench_name, bench_of, prepare, scratch_of
from devenv.data.keeping import Place, measured, new_volumes
from devenv.effects import archive, snapshots, volumes
from devenv.effects.archive import Archive, Member, Writer
from devenv.effects.workbench import clear
from devenv.errors import DevenvError, ManifestError, Refused
from devenv.model.observed import ExistingVolume
from devenv.model.problem import Problem
from devenv.model.resolved import ResolvedService
from devenv.model.snapshot import Snapshot
from devenv.model.upgrade import LABEL, Recipe, Route, Upgrade, Way
from devenv.model.version import parse_version
from devenv.pinning import pinned
from devenv.stages.archives import check_about, checked_entries
from devenv.upgrades.registry import DUMP, PORTABLE

#: Changes when an older devenv could not read what this one writes.
SHAPE = 1
_CENSUS = "census.txt"


def export(place: Place, chosen: Sequence[Snapshot], path: Path, *, force: bool, progress: Progress) -> int:
    """Write an archive of kept copies; its size in bytes. Raises as ``archive.writing`` does; nothing stays then."""
    with archive.writing(path, force=force) as writer:
        told = [_packed(place, item, writer, progress) for item in chosen]
        about = {
            "devenv": __version__,
            "shape": SHAPE,
            "at": snapshots.now(),
            "project": place.project.manifest.project,
        }
        about |= {"platform": place.observed.engine.platform, "snapshots": told}
        writer.text(archive.ABOUT, _json(about))
    return path.stat().st_size


def _json(value: Mapping[str, Any]) -> str:
    import json

    return json.dumps(value, indent=1, sort_keys=True) + "\n"


def _packed(place: Place, item: Snapshot, writer: Writer, progress: Progress) -> dict[str, Any]:
    """One kept copy's members, and what is told of it."""
    told = {key: value for key, value in asdict(item).items() if key != "volumes"}
    told["seeded"] = seeding.state_of(place.project.store, next(iter(item.volumes.values())))
    if item.kind in PORTABLE:
        return told | {"dump": _dumped(place, item, writer, progress)}
    members = {}
    for index, (folder, volume) in enumerate(item.volumes.items()):
        progress.update(item.service, f"writing {volume}")
        write = archive.pack(volume, image=place.images(item.service)[0], label=f"{LABEL}={place.bench}")
        members[folder] = asdict(writer.add(f"{item.service}/{index}.tar.gz", write))
    progress.done(item.service, "is written")
    return told | {"files": members}


def _dumped(place: Place, item: Snapshot, writer: Writer, progress: Progress) -> dict[str, Any]:
    first = next(iter(item.volumes.values()))
    volume = ExistingVolume(first, place.machine.project, item.service, item.kind, item.format)
    served.note(place.project, {first: item.served})
    server = served.recall(place.project, place.world, volume, None)
    name = bench_name(place.machine, item.service)
    upgrade = _work(server, PORTABLE[item.kind].pack(server), tuple(item.volumes.values()), (f"{name}_{DUMP}",))
    scratch = scratch_of(place.machine, upgrade)
    with place.undone("snapshot export", volumes=[*scratch.values(), *upgrade.target], bench=name):
        folder = _carried_out(place, upgrade, scratch, progress)
        census = (folder / "census-before").read_text(encoding="utf-8")
        writer.text(f"{item.service}/{_CENSUS}", census)
        progress.update(item.service, "writing it")
        image = place.project.image_of(server)
        member = writer.add(
            f"{item.service}/dump.tar.gz", archive.pack(upgrade.target[0], image=image, label=f"{LABEL}={name}")
        )
        clear(name, [*scratch.values(), *upgrade.target])
    progress.done(item.service, "is written, as a dump")
    return asdict(member)


def _work(server: ResolvedService, recipe: Recipe, source: tuple[str, ...], target: tuple[str, ...]) -> Upgrade:
    """The same server before and after: a workbench's way of saying what it works on."""
    return Upgrade(server, server, source, target, "", Route(Way.DUMP), recipe)


def _carried_out(
    place: Place,
    upgrade: Upgrade,
    scratch: Mapping[str, str],
    progress: Progress,
    *,
    census: str = "",
    filled: tuple[Archive, Member] | None = None,
) -> Path:
    """Do a recipe's steps; the folder with what they said. ``filled``: what the dump is unpacked from."""
    import threading

    name = bench_name(place.machine, upgrade.service)
    bench = bench_of(place.world, place.project, place.machine, upgrade, scratch, progress, threading.Event())
    bench = replace(bench, journal=lambda entry: None, census=census)
    clear(name, [*scratch.values(), *upgrade.target])
    prepare(place.world, place.project, place.machine, bench, upgrade)
    if filled:
        found, member = filled
        progress.update(upgrade.service, f"unpacking {member.file}")
        image, volume = place.project.image_of(upgrade.new), bench.volumes[DUMP]
        archive.unpack(found.path, member, found.offsets[member.file], volume, image=image, label=f"{LABEL}={name}")
    try:
        bench.carry_out(upgrade.recipe)
    except DevenvError as error:
        error.problems = tuple(replace(p, hint=f"{p.hint}\n  Full log: {bench.log}".strip()) for p in error.problems)
        raise
    return bench.folder


def take_in(place: Place, path: Path, *, name: str, progress: Progress, only: str = "") -> list[Snapshot]:
    """Make kept copies of what is in an archive; live data is not touched. Raises ManifestError or Refused for an
    archive that is none, is damaged, or is of what this project has no use for; ``only``: of one service."""
    found = archive.read(path)
    entries = check_about(found.about, found.sizes, SHAPE, path.name)
    if only and not (entries := [entry for entry in entries if entry["service"] == only]):
        raise ManifestError(f"{path.name} holds nothing of {only}")
    _check_fit(place, entries)
    entries = checked_entries(entries, place.project.documents.merged["services"], place.project.kinds, path.name)
    project = pinned(place.project, place.world, frozen=False, offline=False)
    registries = {**place.machine.registries, **project.registries()}  # it may never have been up here
    place = replace(place, project=project, machine=replace(place.machine, registries=registries))
    called = snapshots.free_name(place.project.store, name or str(entries[0]["name"]))
    made = []
    for entry in entries:
        take = _restored if "dump" in entry else _unpacked
        made.append(take(place, found, entry, called, progress))
        progress.done(made[-1].service, "is here")
    return made


def _check_fit(place: Place, entries: Sequence[Mapping[str, Any]]) -> None:
    problems = []
    for entry in entries:
        service = place.project.resolved.services.get(entry["service"])
        if service is None:
            problems.append(Problem(f"devenv.toml has no service {entry['service']!r}", "add it there"))
        elif service.kind.name != entry["kind"]:
            problems.append(Problem(f"{service.name} is {service.kind.name} here, and {entry['kind']} in the archive"))
        elif "dump" in entry and parse_version(entry["format"]).release[:1] > service.version.release[:1]:
            was = f"{service.name}: the dump is of {entry['version']}, which {service.version} does not read"
            problems.append(Problem(was, f'say version = "{entry["version"]}" in devenv.toml'))
    if problems:
        raise Refused(problems)


def _unpacked(place: Place, found: Archive, entry: Mapping[str, Any], name: str, progress: Progress) -> Snapshot:
    """Files of volumes, as they were."""
    service = place.project.resolved.services[entry["service"]]
    item = _snapshot(entry, name, found)
    item = replace(item, volumes=new_volumes(place, item.data, entry["files"]))
    size = 0
    with place.undone("snapshot import", volumes=item.volumes.values()):
        for folder, volume in item.volumes.items():
            stamp = {"devenv.project": place.project.manifest.project, "devenv.service": item.service}
            stamp |= {"devenv.kind": item.kind, "devenv.format": item.format, "devenv.path": folder}
            volumes.create_data(volume, place.machine, stamp)
            member = Member(**entry["files"][folder])
            progress.update(item.service, f"unpacking {member.file}")
            image = place.images(service.name)[0]
            label = f"{LABEL}={place.bench}"
            size += archive.unpack(found.path, member, found.offsets[member.file], volume, image=image, label=label)
        item = replace(item, size=size)
        seeding.note(place.project.store, next(iter(item.volumes.values())), entry["seeded"])
        snapshots.add(place.project.store, [item])
    return item


def _restored(place: Place, found: Archive, entry: Mapping[str, Any], name: str, progress: Progress) -> Snapshot:
    """A dump, by the server of the version that is wanted here."""
    service = place.project.resolved.services[entry["service"]]
    target = new_volumes(place, service.data, [volume.path for volume in service.volumes])
    bench = bench_name(place.machine, service.name)
    recipe = PORTABLE[service.kind.name].unpack(service)
    upgrade = _work(service, recipe, (), tuple(target.values()))
    scratch = scratch_of(place.machine, upgrade)
    said = {"entry": place.project.documents.merged["services"][service.name], "digest": service.digest}
    item = replace(
        _snapshot(entry, name, found),
        format=service.volumes[0].format,
        version=service.version.text,
        volumes=target,
        served=said,
    )
    with place.undone("snapshot import", volumes=[*scratch.values(), *target.values()], bench=bench):
        census = _text(found, f"{service.name}/{_CENSUS}")
        _carried_out(place, upgrade, scratch, progress, census=census, filled=(found, Member(**entry["dump"])))
        clear(bench, list(scratch.values()))
        item = measured(place, replace(item, size=None))
        seeding.note(place.project.store, next(iter(target.values())), entry["seeded"])
        snapshots.add(place.project.store, [item])
    return item


def _text(found: Archive, name: str) -> str:
    """A small member."""
    if found.sizes.get(name, 1 << 30) > 1 << 28:
        raise ManifestError(f"{found.path.name} is damaged: it holds no {name}", "have it exported again")
    with found.path.open("rb") as file:
        file.seek(found.offsets[name], os.SEEK_SET)
        return file.read(found.sizes[name]).decode("utf-8", "replace")


def _snapshot(entry: Mapping[str, Any], name: str, found: Archive) -> Snapshot:
    why = f"from {found.path.name}, of {str(found.about.get('at', ''))[:10]}"
    kept = {key: entry[key] for key in ("service", "kind", "format", "version", "size", "served")}
    return Snapshot(name=name, at=snapshots.now(), why=why, volumes={}, **kept)
