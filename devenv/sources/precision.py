"""How exact a stated version is."""

from __future__ import annotations

import re

from devenv.model.fact import Precision

#: Parts of a full version, by kind, where they are not three. PostgreSQL has had two since 10.
_PARTS = {"postgres": 2, "clickhouse": 4, "mosquitto": 3}
#: First numbers of the releases that there are, and of some years to come. A version that begins otherwise was never
#: released, so it is somebody's own number, or a packager's.
_MAJORS = {
    "postgres": range(6, 40),
    "mysql": (5, *range(8, 40)),
    "mariadb": (5, *range(10, 20)),
    "redis": range(2, 14),
    "valkey": range(7, 16),
    "memcached": range(1, 4),
    "rabbitmq": range(2, 10),
    "mongodb": range(1, 16),
    "elasticsearch": (*range(3), *range(5, 16)),
    "opensearch": range(1, 10),
    "kafka": range(10),
    "nats": range(8),
    "mosquitto": range(6),
    "clickhouse": (1, *range(18, 50)),
    "zookeeper": range(3, 6),
}
#: No number of a version is longer; what is, is none.
_NUMBERS = re.compile(r"\d{1,9}(?!\d)(?:\.\d{1,9}(?!\d))*")


def parts(kind: str) -> int:
    """How many numbers a release of a kind has."""
    return _PARTS.get(kind, 3)


def stated(kind: str, text: str) -> tuple[str, Precision]:
    """A version as it is stated -> (version, precision): ``6.x`` is the series 6, ``16.2.0`` of Postgres is 16.2.

    A text that begins with no number, or with one that no release begins with, states none: ("", NONE).
    """
    text = text.strip().removeprefix("v").removeprefix("V")
    match = _NUMBERS.match(text)
    if match is None:
        return "", Precision.NONE
    numbers = match[0].split(".")
    if int(numbers[0]) not in _MAJORS.get(kind, (int(numbers[0]),)):
        return "", Precision.NONE
    whole = parts(kind)
    if kind == "postgres" and int(numbers[0]) < 10:
        whole = 3
    numbers = numbers[:whole]
    if len(numbers) == whole:
        return ".".join(numbers), Precision.PATCH
    return ".".join(numbers), Precision.SERIES if len(numbers) == 1 else Precision.MINOR
