"""A kept copy of a service's data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from devenv.model.record import record


@record
class Snapshot:
    """``name`` is what people call it; several services kept at once share one. ``at`` is in UTC, ``size`` in bytes.

    ``volumes`` maps the paths that the data is mounted at to names of volumes. ``served`` is by what it was last
    opened: the service's entry of the manifest and its image's digest.
    """

    name: str
    service: str
    kind: str
    format: str
    version: str
    at: str
    why: str
    volumes: Mapping[str, str]
    size: int | None = None
    served: Mapping[str, Any] | None = None

    @property
    def data(self) -> str:
        """The data that it is of, as ``Volume.data`` names it."""
        return f"{self.service}-{self.kind}-{self.format}"
