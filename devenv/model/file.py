"""A file that devenv generates."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class File:
    """``path`` below the project's root, with forward slashes; ``mode`` in octal; ``inputs`` digest of its causes."""

    path: str
    text: str
    inputs: str = ""
    mode: int = 0o644
