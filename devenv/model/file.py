"""Files that devenv generates: to be written, and as found."""

from __future__ import annotations

from devenv.model.record import record


@record
class File:
    """``path`` below the project's root, with forward slashes; ``mode`` in octal; ``inputs`` digest of its causes."""

    path: str
    text: str
    inputs: str = ""
    mode: int = 0o644


@record
class FileState:
    """A file that devenv generates, as found: ``inputs`` is what it says it was made from ("" if it does not say).

    ``intact`` tells that nobody changed it since.
    """

    inputs: str
    intact: bool
