"""How deeply values of other people's files are nested: nobody here can follow more than so many levels."""

from __future__ import annotations

from typing import Any

#: Levels of tables and lists. Definitions of Kubernetes' own resources, the deepest files that people have, stay
#: below 60; Python's own limit is near 1,000 calls, of which a reader may spend several on a level.
DEEPEST = 200


def is_too_deep(value: Any) -> bool:
    """Whether a tree of tables and lists has more than ``DEEPEST`` levels."""
    level = [value]
    for _ in range(DEEPEST):
        level = _below(level)
        if not level:
            return False
    return True


def _below(level: list[Any]) -> list[Any]:
    """The tables and lists that stand directly in those of one level."""
    found: list[Any] = []
    for value in level:
        inner = value.values() if isinstance(value, dict) else value
        if isinstance(value, dict | list):
            found += [item for item in inner if isinstance(item, dict | list)]
    return found
