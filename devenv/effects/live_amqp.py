"""Asking RabbitMQ over AMQP: its greeting says what it is before anybody has logged in."""

from __future__ import annotations

import struct
from typing import Any

from devenv.effects.live_line import Endpoint, NoAnswer

_PROTOCOL = b"AMQP\x00\x00\x09\x01"
#: Octets of the values of a table, by their type, where that is fixed.
_SIZES = {
    "t": 1,
    "b": 1,
    "B": 1,
    "U": 2,
    "u": 2,
    "I": 4,
    "i": 4,
    "L": 8,
    "l": 8,
    "f": 4,
    "d": 8,
    "D": 5,
    "T": 8,
    "V": 0,
}
_METHOD, _CONNECTION_START = 1, b"\x00\x0a\x00\x0a"


def ask(way: Endpoint) -> dict[str, Any]:
    """Raises NoAnswer, OSError. The login that the address holds is not used."""
    with way.plain_line() as line:
        line.send(_PROTOCOL)
        head = line.exactly(7)
        if head[:4] == b"AMQP":
            raise NoAnswer("does not speak AMQP 0-9-1")
        kind, _, size = struct.unpack("!BHI", head)
        payload = line.exactly(size)
    if kind != _METHOD or payload[:4] != _CONNECTION_START:
        raise NoAnswer("does not answer as RabbitMQ does")
    try:
        told = _texts(payload[6:])
    except (struct.error, IndexError):
        raise NoAnswer("does not answer as RabbitMQ does") from None
    return {"product": told.get("product", ""), "version": told.get("version", "")}


def _texts(data: bytes) -> dict[str, str]:
    """The texts of a table, by name."""
    (size,) = struct.unpack_from("!I", data)
    found, at, end = {}, 4, min(4 + size, len(data))
    while at < end:
        name = data[at + 1 : at + 1 + data[at]].decode("utf-8", "replace")
        at += 1 + data[at]
        kind = chr(data[at])
        at += 1
        if kind in ("S", "F", "A", "x"):
            (length,) = struct.unpack_from("!I", data, at)
            if kind == "S":
                found[name] = data[at + 4 : at + 4 + length].decode("utf-8", "replace")
            at += 4 + length
        elif kind in _SIZES:
            at += _SIZES[kind]
        else:
            break
    return found
