"""Data besides the live one, for programs: snapshots, older data that is found again, data of other versions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from devenv.model.observed import ExistingVolume
    from devenv.model.snapshot import Snapshot
    from devenv.stages.keep import OlderData


def snapshot_entry(item: Snapshot) -> dict[str, Any]:
    """What every command reports of a snapshot. What it was last opened by is devenv's own business."""
    values = asdict(item)
    del values["served"]
    return values | {"volumes": dict(item.volumes)}


def older_entries(found: Collection[OlderData]) -> list[dict[str, Any]]:
    """Services that open older data of their version."""
    return [
        {
            "service": item.service,
            "kind": item.kind,
            "format": item.format,
            "since": item.left.since,
            "left": {"kind": item.left.kind, "format": item.left.format, "volume": item.left.volume},
            "command": item.command or None,
            "message": message,
        }
        for item, message in zip(found, older_sentences(found), strict=True)
    ]


def older_sentences(found: Collection[OlderData]) -> list[str]:
    """The same for people."""
    from devenv.stages.keep import older_words

    now = dt.datetime.now(dt.UTC)
    return [older_words(item, now) for item in found]


def other_version_entry(volume: ExistingVolume) -> dict[str, Any]:
    """Live data of a version that its service does not have in devenv.toml now."""
    from devenv.stages.keep import other_version_words

    return {
        "service": volume.service,
        "kind": volume.kind,
        "format": volume.format,
        "volume": volume.name,
        "message": other_version_words(volume),
    }
