"""What an archive of kept data says of itself, checked: it comes from somebody else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from devenv.errors import ManifestError

_AGAIN = "have it exported again"
_TEXTS = ("name", "service", "kind", "format", "version")
#: What names a volume must hold nothing else.
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")


def check_about(about: Mapping[str, Any], sizes: Mapping[str, int], shape: int, file: str) -> list[dict[str, Any]]:
    """The kept copies that an archive says it holds. ``sizes`` are those of its members. Raises ManifestError."""
    if not isinstance(about.get("shape"), int) or not isinstance(about.get("snapshots"), list):
        raise ManifestError(f"{file} is no snapshot that devenv exported")
    if about["shape"] > shape:
        raise ManifestError(f"{file} was written by devenv {about.get('devenv')}", "this one is older: upgrade it")
    entries = about["snapshots"]
    if not entries or not all(_is_entry(entry) for entry in entries):
        raise ManifestError(f"{file} is damaged: it does not say what it holds", _AGAIN)
    for entry in entries:
        for member in [entry["dump"]] if "dump" in entry else entry["files"].values():
            if sizes.get(member["file"]) != member["size"]:
                raise ManifestError(f"{file} is damaged: {member['file']} is not whole", _AGAIN)
    return [entry | {"size": entry.get("size"), "served": entry.get("served")} for entry in entries]


def _is_entry(entry: Any) -> bool:
    if not isinstance(entry, dict) or not all(isinstance(entry.get(key), str) for key in _TEXTS):
        return False
    if not all(_WORD.fullmatch(entry[key]) for key in _TEXTS):
        return False
    if not isinstance(entry.get("size"), int | None) or not isinstance(entry.get("served"), dict | None):
        return False
    served = entry.get("served") or {"entry": {"kind": entry["kind"]}}
    if not isinstance(served.get("entry"), dict) or served["entry"].get("kind") != entry["kind"]:
        return False
    if "dump" in entry:
        return _is_member(entry["dump"])
    files = entry.get("files")
    return (
        isinstance(files, dict)
        and bool(files)
        and all(path.startswith("/") and _is_member(member) for path, member in files.items())
    )


def _is_member(member: Any) -> bool:
    return (
        isinstance(member, dict)
        and set(member) == {"file", "size", "sha256"}
        and isinstance(member["file"], str)
        and isinstance(member["size"], int)
        and isinstance(member["sha256"], str)
    )
