"""The lock: for each image that devenv runs, the exact digest that everybody gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from devenv.model.image import ImageRef
from devenv.model.record import record


@record
class Locked:
    """One image's index digest (``sha256:…``), the registry that was asked, and the day (ISO) it was."""

    digest: str
    source: str
    date: str


@record
class Lock:
    """All locked images by canonical reference."""

    images: Mapping[ImageRef, Locked] = field(default_factory=dict)

    def digest(self, image: ImageRef) -> str | None:
        entry = self.images.get(image)
        return entry.digest if entry else None
