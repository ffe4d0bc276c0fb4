"""By what each volume's data was last served: what it takes to start that server again, whatever the manifest says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from devenv import pinning
from devenv.effects.world import World
from devenv.kinds import Catalogue
from devenv.model.lock import Lock, Locked
from devenv.model.machine import Machine
from devenv.model.observed import Container, ExistingVolume
from devenv.model.resolved import ResolvedService
from devenv.project import Project
from devenv.stages.load import build_manifest
from devenv.stages.resolve import images_of, resolve

_MEMORY = "served"


def remember(project: Project, machine: Machine, names: Iterable[str]) -> None:
    """Note as what these services' data is served now."""
    known = project.store.read(_MEMORY)
    entries = project.documents.merged.get("services", {})
    now = {
        machine.volume(service.volumes[0]): {"entry": entries[service.name], "digest": service.digest}
        for service in (project.resolved.services[name] for name in names)
        if service.volumes
    }
    if any(known.get(volume) != said for volume, said in now.items()):
        project.store.write(_MEMORY, known | now)


def note(project: Project, said: Mapping[str, Mapping[str, Any] | None]) -> None:
    """Note by what volumes were last opened, where somebody knows."""
    known = project.store.read(_MEMORY)
    new = {volume: dict(how) for volume, how in said.items() if how}
    if any(known.get(volume) != how for volume, how in new.items()):
        project.store.write(_MEMORY, known | new)


def known(project: Project, volume: str) -> dict[str, Any] | None:
    """What is remembered of one volume."""
    said: dict[str, Any] | None = project.store.read(_MEMORY).get(volume)
    return said


def recall(project: Project, world: World, volume: ExistingVolume, container: Container | None) -> ResolvedService:
    """The server that a volume's data was last opened by.

    Of data that nobody remembers (a volume of another devenv's, or of an IDE's before there was one) the stamp tells
    the kind and the series; the newest release of that is taken. Raises what asking a registry for it raises.
    """
    said: Mapping[str, Any] = project.store.read(_MEMORY).get(volume.name, {})
    entry = said.get("entry") or _guessed(project, volume, container)
    return _servers(project, world, volume.service, [entry], said.get("digest"))[0]


def stops(
    project: Project, world: World, volume: ExistingVolume, container: Container | None, versions: Sequence[str]
) -> tuple[ResolvedService, ...]:
    """Servers of other versions for a volume's data, as they are in the catalogue, otherwise as the one that it was
    last opened by. Raises DevenvError, which names every image that cannot be had."""
    said: Mapping[str, Any] = project.store.read(_MEMORY).get(volume.name, {})
    entry = said.get("entry") or _guessed(project, volume, container)
    # What an image is built on need not be what it was: it is the data's version that counts.
    kept = {key: value for key, value in entry.items() if key not in ("image", "variant")}
    return _servers(project, world, volume.service, [kept | {"version": version} for version in versions])


def _servers(
    project: Project, world: World, name: str, entries: Sequence[Mapping[str, Any]], digest: str | None = None
) -> tuple[ResolvedService, ...]:
    """The same service by several entries of a manifest; what no lock holds is asked for, all of it at once."""
    if not entries:
        return ()
    kinds = Catalogue(project.root, project.documents).read([entries[0]["kind"]])
    shapes = [{"project": {"name": project.manifest.project}, "services": {name: entry}} for entry in entries]
    manifests = [build_manifest(shape, kinds) for shape in shapes]
    wanted = [next(iter(images_of(manifest, kinds))) for manifest in manifests]
    known = {image: found for image in wanted if (found := digest or project.lock.digest(image))}
    held = {image: Locked(found, "", "") for image, found in known.items()}
    lacking = [image for image in wanted if image not in held]
    lock = Lock(held | (pinning.ask(project, world, lacking) if lacking else {}))
    return tuple(resolve(manifest, kinds, lock).services[name] for manifest in manifests)


def _guessed(project: Project, volume: ExistingVolume, container: Container | None) -> dict[str, Any]:
    entry: Mapping[str, Any] = project.documents.merged.get("services", {}).get(volume.service, {})
    runs = container is not None and volume.name.endswith(f"_{container.data}") and container.version
    version = container.version if container and runs else volume.format
    alike = entry.get("kind") == volume.kind
    kept = {key: value for key, value in entry.items() if alike and key not in ("image", "settings")}
    return kept | {"kind": volume.kind, "version": version}
