"""Names as manifests have them, after what others call things."""

from __future__ import annotations

import re

_NOT_IN_A_NAME = re.compile(r"[^a-z0-9]+")


def label(text: str) -> str:
    """A DNS label of at most 40 characters; "" where nothing of ``text`` can begin one."""
    name = _NOT_IN_A_NAME.sub("-", text.lower()).strip("-")[:40].strip("-")
    return name if re.match(r"[a-z]", name) else ""
