"""Names as manifests have them, after what others call things."""

from __future__ import annotations

import re
import unicodedata

_NOT_IN_A_NAME = re.compile(r"[^a-z0-9]+")


def label(text: str) -> str:
    """A DNS label of at most 40 characters; "" where nothing of ``text`` can begin one. ``été`` becomes ``ete``."""
    letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    name = _NOT_IN_A_NAME.sub("-", letters.lower()).strip("-")[:40].strip("-")
    return name if re.match(r"[a-z]", name) else ""
