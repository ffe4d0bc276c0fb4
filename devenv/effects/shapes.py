"""What a value that was read from JSON looks like: small claims, put together to larger ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Shape = Callable[[Any], bool]


def text(value: Any) -> bool:
    return isinstance(value, str)


def number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def boolean(value: Any) -> bool:
    return isinstance(value, bool)


def nothing_or(shape: Shape) -> Shape:
    return lambda value: value is None or shape(value)


def one_of(*shapes: Shape) -> Shape:
    return lambda value: any(shape(value) for shape in shapes)


def list_of(shape: Shape) -> Shape:
    return lambda value: isinstance(value, list | tuple) and all(shape(item) for item in value)


def table_of(shape: Shape) -> Shape:
    """A table of free names."""
    return lambda value: isinstance(value, dict) and all(text(key) and shape(item) for key, item in value.items())


def fields(needed: Mapping[str, Shape], further: Mapping[str, Shape] | None = None) -> Shape:
    """A table that has all of the ``needed`` keys, perhaps some of the ``further`` ones, and no other."""
    shapes = {**needed, **(further or {})}

    def fits(value: Any) -> bool:
        if not isinstance(value, dict) or not needed.keys() <= value.keys() <= shapes.keys():
            return False
        return all(shapes[key](item) for key, item in value.items())

    return fits


def _manifest_entry(value: Any) -> bool:
    return isinstance(value, dict) and text(value.get("kind")) and text(value.get("version", ""))


#: By what data was last opened.
SERVED = fields({"entry": _manifest_entry}, {"digest": nothing_or(text)})
#: ``model.snapshot.Snapshot``.
SNAPSHOT = fields(
    {
        "name": text,
        "service": text,
        "kind": text,
        "format": text,
        "version": text,
        "at": text,
        "why": text,
        "volumes": table_of(text),
    },
    {"size": nothing_or(number), "served": nothing_or(SERVED)},
)
