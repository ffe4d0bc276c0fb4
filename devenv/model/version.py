"""Versions of services, as production states them: ``15.4``, ``8.0.46``, ``RELEASE.2025-09-07``."""

from __future__ import annotations

import re

from devenv.model.record import record

#: Numbers separated by dots, each of a length that counts something, then what a vendor appends (``-rc1``, ``beta3``).
SHAPE = re.compile(r"(?P<numbers>\d{1,18}(?:\.\d{1,18})*)(?P<rest>(?:[-+._]?[A-Za-z][0-9A-Za-z.+-]*)?)")


@record
class Version:
    """A version's text and its leading numbers; ``release`` is () for a text that does not begin with one."""

    text: str
    release: tuple[int, ...]

    def __str__(self) -> str:
        return self.text

    def part(self, index: int) -> int | None:
        """The number at ``index`` (0: major), None where the version is too short to say."""
        return self.release[index] if index < len(self.release) else None


def parse_version(text: str) -> Version:
    """Never fails: whether a shape is possible for a kind of service is that kind's to say."""
    match = SHAPE.fullmatch(text.removeprefix("v"))
    numbers = tuple(int(part) for part in match["numbers"].split(".")) if match else ()
    return Version(text, numbers)


_RANGE_PART = re.compile(r"(>=|<=|>|<|==)?\s*(\d+(?:\.\d+)*)")


def in_range(version: Version, spec: str) -> bool:
    """Whether a version lies in a range such as ``">=18"`` or ``">=7.2, <8"``; an empty range holds everything.

    Versions are compared as far as the bound is written: ``8.4.2`` is ``<=8.4``, since a bound names a series.
    """
    for part in filter(None, (piece.strip() for piece in spec.split(","))):
        match = _RANGE_PART.fullmatch(part)
        if match is None:
            raise ValueError(f"not a version range: {spec!r}")
        bound = tuple(int(number) for number in match[2].split("."))
        have = (version.release + (0,) * len(bound))[: len(bound)]
        operator = match[1] or "=="
        holds = {
            ">=": have >= bound,
            "<=": have <= bound,
            ">": have > bound,
            "<": have < bound,
            "==": have == bound,
        }[operator]
        if not holds:
            return False
    return True
