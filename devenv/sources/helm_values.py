"""Values of Helm charts, laid over one another."""

from __future__ import annotations

from typing import Any

_DEEPEST = 20


def merged(under: Any, over: Any, depth: int = 0) -> Any:
    """Both, where what is ``over`` counts: tables are joined key by key, all else is replaced."""
    if not isinstance(under, dict) or not isinstance(over, dict) or depth > _DEEPEST:
        return over
    both = dict(under)
    for key, value in over.items():
        both[key] = merged(under[key], value, depth + 1) if key in under else value
    return both
