"""Values for tests, made the way the program makes them: from manifest text and the packaged catalogue."""

from __future__ import annotations

import functools
from pathlib import Path

from devenv.catalog import read_kind
from devenv.effects.files import read_folder, templates_root
from devenv.kinds import runtimes
from devenv.model.image import ImageRef
from devenv.model.kind import Kind
from devenv.model.lock import Lock, Locked
from devenv.model.manifest import Manifest
from devenv.model.resolved import Resolved
from devenv.stages.load import build_manifest, check_documents, parse_documents
from devenv.stages.resolve import images_of, resolve

DIGEST = "sha256:" + "0" * 63 + "1"


def kinds(*names: str) -> dict[str, Kind]:
    """Kinds of the packaged catalogue; all of them if none are named."""
    services = templates_root() / "services"
    wanted = names or tuple(sorted(path.name for path in services.iterdir()))
    return {name: _packaged(name) for name in wanted}


@functools.cache
def _packaged(name: str) -> Kind:
    """A packaged kind, read once: nobody changes a record."""
    return read_kind(name, read_folder(templates_root() / "services" / name))


def manifest(text: str) -> Manifest:
    """A checked manifest; ``[project]`` is put before it if it has none."""
    text = text if "[project]" in text else f'[project]\nname = "shop"\n{text}'
    documents = parse_documents(text)
    own = kinds(*documents.kinds())
    check_documents(documents, own, sorted(own), runtimes())
    return build_manifest(documents.merged, own)


def lock_for(made: Manifest, digest: str = DIGEST) -> Lock:
    """A lock that holds every image a manifest needs."""
    own = kinds(*{service.kind for service in made.services.values()})
    return Lock(dict.fromkeys(images_of(made, own), Locked(digest, "docker.io", "2026-11-23")))


def resolved(text: str, digest: str | None = DIGEST) -> Resolved:
    """A resolved manifest; ``digest`` None leaves the lock empty."""
    made = manifest(text)
    own = kinds(*{service.kind for service in made.services.values()})
    return resolve(made, own, lock_for(made, digest) if digest else Lock())


def image(text: str) -> ImageRef:
    from devenv.model.image import parse_image

    return parse_image(text)


def tree(root: Path, files: dict[str, str]) -> Path:
    """Write a folder of files."""
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return root
