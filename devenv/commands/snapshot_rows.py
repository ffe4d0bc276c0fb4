"""A snapshot for programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from devenv.model.snapshot import Snapshot


def snapshot_entry(item: Snapshot) -> dict[str, Any]:
    """What every command reports of a snapshot. What it was last opened by is devenv's own business."""
    values = asdict(item)
    del values["served"]
    return values | {"volumes": dict(item.volumes)}
