"""By what each volume's data was last served: what it takes to start that server again, whatever the manifest says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
    kinds = Catalogue(project.root, project.documents).read([entry["kind"]])
    shape = {"project": {"name": project.manifest.project}, "services": {volume.service: entry}}
    manifest = build_manifest(shape, kinds)
    (image,) = images_of(manifest, kinds)
    digest = said.get("digest") or project.lock.digest(image)
    locked = Locked(digest, "", "") if digest else pinning.ask(project, world, [image])[image]
    return resolve(manifest, kinds, Lock({image: locked})).services[volume.service]


def _guessed(project: Project, volume: ExistingVolume, container: Container | None) -> dict[str, Any]:
    entry: Mapping[str, Any] = project.documents.merged.get("services", {}).get(volume.service, {})
    runs = container is not None and volume.name.endswith(f"_{container.data}") and container.version
    version = container.version if container and runs else volume.format
    alike = entry.get("kind") == volume.kind
    kept = {key: value for key, value in entry.items() if alike and key not in ("image", "settings")}
    return kept | {"kind": volume.kind, "version": version}
