"""How exact a stated version is."""

from __future__ import annotations

import re

from devenv.model.fact import Precision

#: Parts of a full version, by kind, where they are not three. PostgreSQL has had two since 10.
_PARTS = {"postgres": 2, "clickhouse": 4, "mosquitto": 3}
#: No number of a version is longer; what is, is none.
_NUMBERS = re.compile(r"\d{1,9}(?!\d)(?:\.\d{1,9}(?!\d))*")


def parts(kind: str) -> int:
    """How many numbers a release of a kind has."""
    return _PARTS.get(kind, 3)


def stated(kind: str, text: str) -> tuple[str, Precision]:
    """A version as it is stated -> (version, precision): ``6.x`` is the series 6, ``16.2.0`` of Postgres is 16.2.

    A text that begins with no number states none: ("", NONE).
    """
    text = text.strip().removeprefix("v").removeprefix("V")
    match = _NUMBERS.match(text)
    if match is None:
        return "", Precision.NONE
    numbers = match[0].split(".")
    whole = parts(kind)
    if kind == "postgres" and int(numbers[0]) < 10:
        whole = 3
    numbers = numbers[:whole]
    if len(numbers) == whole:
        return ".".join(numbers), Precision.PATCH
    return ".".join(numbers), Precision.SERIES if len(numbers) == 1 else Precision.MINOR
