"""Which of a kind's ways loads a file, by its name alone."""

from __future__ import annotations

from fnmatch import fnmatchcase

from devenv.model.kind import Kind, SeedRule

#: How the names of exported snapshots end, where a name alone must tell.
ARCHIVE = ".devenv.tar"
PACKED = ".gz"


def is_archive(path: str) -> bool:
    return path.endswith(ARCHIVE)


def is_packed(path: str) -> bool:
    return path.endswith(PACKED)


def rule_for(kind: Kind, path: str) -> SeedRule | None:
    """The first rule for such a name; a folder's is to end with ``/``."""
    folder = "/" if path.endswith("/") else ""
    name = path.rstrip("/").rpartition("/")[2].removesuffix(PACKED) + folder
    return next((rule for rule in kind.seed if any(fnmatchcase(name, pattern) for pattern in rule.files)), None)
