"""Dataclasses that nobody changes, and that are quick to make.

A dataclass of the standard library writes and compiles six methods for each class, which was a third of the time of a
short command. Those that are the same for all stand here once; only ``__init__`` is still written. That nothing is
assigned to a record holds mypy: at run time the check would be two of the six.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any, TypeVar, cast, dataclass_transform

Made = TypeVar("Made")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(cls: type[Made]) -> type[Made]:
    """A class of fields with slots, whose instances are equal where all their fields are, and can be keys."""
    made: Any = dataclass(slots=True, repr=False, eq=False)(cls)
    made.__values_of__ = attrgetter(*made.__dataclass_fields__)
    made.__eq__, made.__hash__, made.__repr__ = _equal, _hash, _shown
    return cast("type[Made]", made)


def _equal(self: Any, other: Any) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    return self.__values_of__(self) == self.__values_of__(other)


def _hash(self: Any) -> int:
    return hash(self.__values_of__(self))


def _shown(self: Any) -> str:
    """What was made ``field(repr=False)`` is a secret."""
    shown = ", ".join(f"{item.name}={getattr(self, item.name)!r}" for item in fields(self) if item.repr)
    return f"{type(self).__qualname__}({shown})"
