"""What kustomizations say of images: another tag, or another name, for every container with a certain image."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from devenv.document import at, items, text_at
from devenv.model.fact import Evidence, Fact, Note
from devenv.model.record import record
from devenv.sources.image_facts import Sighting, fact_of
from devenv.sources.images import split
from devenv.sources.known import Known
from devenv.sources.kubernetes_objects import Object, is_kustomization

_RESOURCES = ("resources", "bases", "components")
_PATCHES = ("patches", "patchesStrategicMerge", "patchesJson6902")


@record
class Override:
    """One entry: what an image of this ``name`` becomes."""

    name: str
    image: str
    evidence: Evidence


@record
class _Kustomization:
    item: Object
    folder: str
    resources: tuple[str, ...]
    overrides: tuple[Override, ...]


@record
class Overrides:
    """All kustomizations by their folders, and the outermost of them, which are what is applied."""

    folders: Mapping[str, _Kustomization]
    outermost: tuple[str, ...]

    @staticmethod
    def of(objects: Sequence[Object]) -> Overrides:
        """Those that are among objects."""
        found = [_kustomization(item) for item in objects if is_kustomization(item.value)]
        folders = {entry.folder: entry for entry in found}
        inner = {path for entry in found for path in entry.resources if path != entry.folder}
        return Overrides(folders, tuple(folder for folder in folders if folder not in inner))

    def applied(self, image: str, item: Object, evidence: Evidence) -> tuple[str, Evidence]:
        """What becomes of an image of an object, and who says so; "" where two kustomizations make different things
        of it."""
        results = dict(_changed(image, evidence, chain) for chain in self._chains(item)) or {image: evidence}
        return ("", evidence) if len(results) > 1 else next(iter(results.items()))

    def alone(self, objects: Sequence[Object], known: Known) -> Iterator[tuple[Fact | None, tuple[Note, ...]]]:
        """Overrides for images that nothing here has: the objects are elsewhere, but this is what becomes of them."""
        seen = {_without_tag(image) for item in objects for image in _images_of(item)}
        renamed = (override for folder in self.folders.values() for override in folder.overrides)
        seen |= {name for override in renamed if (name := _without_tag(override.image)) != override.name}
        for folder in self.folders.values():
            for override in folder.overrides:
                if override.name not in seen:
                    name = override.name.rpartition("/")[2]
                    yield fact_of(Sighting(override.image, override.evidence, folder.item.trust, name), known)

    def missing(self, files: Mapping[str, object]) -> Iterator[str]:
        """Files that the outermost ones refer to and that are not here; of folders their ``kustomization.yaml``."""
        for folder in self.folders.values():
            for path in folder.resources:
                is_file = path.endswith((".yaml", ".yml", ".json"))
                wanted = path if is_file else posixpath.join(path, "kustomization.yaml")
                if path not in self.folders and posixpath.normpath(wanted) not in files:
                    yield wanted

    def patched(self) -> Iterator[Note]:
        """Patches are not applied here, and they may change anything."""
        for folder in self.folders.values():
            if any(items(at(folder.item.value, key)) for key in _PATCHES):
                said = "its patches are not applied: give devenv what 'kustomize build' prints"
                yield Note(said, folder.item.document.file)

    def _chains(self, item: Object) -> Iterator[list[Override]]:
        """For each of the outermost kustomizations that an object is in: what they say, the innermost first."""
        path = posixpath.normpath(item.document.file)
        for folder in self.outermost:
            if (chain := self._chain(folder, path, frozenset())) is not None:
                yield chain

    def _chain(self, folder: str, path: str, above: frozenset[str]) -> list[Override] | None:
        entry = self.folders[folder]
        inside = path in entry.resources or posixpath.normpath(entry.item.document.file) == path
        found: list[Override] = []
        for resource in entry.resources:
            if resource in self.folders and resource not in above and len(above) < 20:
                inner = self._chain(resource, path, above | {folder})
                inside = inside or inner is not None
                found += inner or []
        return [*found, *entry.overrides] if inside else None


def _kustomization(item: Object) -> _Kustomization:
    file = item.document.file
    folder = posixpath.dirname(file) or "."
    names = [name for key in _RESOURCES for name in items(at(item.value, key)) if isinstance(name, str)]
    near = [name for name in names if not re.search(r"[:?\0]|//|^github\.com/", name)]
    overrides = [_override(item, index, entry) for index, entry in enumerate(items(at(item.value, "images")))]
    return _Kustomization(
        item,
        posixpath.normpath(folder),
        tuple(posixpath.normpath(posixpath.join(folder, name)) for name in near),
        tuple(override for override in overrides if override.name),
    )


def _override(item: Object, index: int, entry: Any) -> Override:
    name = text_at(entry, "name")
    tag, digest = text_at(entry, "newTag"), text_at(entry, "digest")
    image = text_at(entry, "newName") or name
    image += (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")
    attribute = f"images[{index}]." + ("newTag" if tag else "digest" if digest else "newName")
    address = item.address if item.name else ""
    evidence = Evidence("kubernetes", item.document.file, address, attribute, item.document.day)
    return Override(name, image, evidence)


def _changed(image: str, evidence: Evidence, chain: Sequence[Override]) -> tuple[str, Evidence]:
    for override in chain:
        name = _without_tag(image)
        if override.name == name:
            _, new_tag, new_digest = split(override.image)
            kept = "" if new_tag or new_digest else image.removeprefix(name)
            image, evidence = override.image + kept, override.evidence
    return image, evidence


def _without_tag(image: str) -> str:
    """The name as it is written, registry and all, as kustomize compares it."""
    name = image.partition("@")[0]
    folder, slash, last = name.rpartition("/")
    return f"{folder}{slash}{last.partition(':')[0]}"


def _images_of(item: Object) -> Iterator[str]:
    for path in (("spec",), ("spec", "template", "spec"), ("spec", "jobTemplate", "spec", "template", "spec")):
        for key in ("containers", "initContainers"):
            for container in items(at(item.value, *path, key)):
                if image := text_at(container, "image"):
                    yield image
