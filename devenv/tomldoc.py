"""TOML text: values out of it, and where in it a key stands. The only user of tomlkit."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from typing import Any

Key = str | int


class TomlError(ValueError):
    """Text that is no TOML: ``message`` without the position, ``line`` 1-based (None: not said)."""

    def __init__(self, message: str, line: int | None) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


_POSITION = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)")


def parse(text: str) -> dict[str, Any]:
    """The values of a document. Raises TomlError."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        prose = str(error)
        position = _POSITION.search(prose)
        last = text.count("\n") + 1
        line = int(position[1]) if position and position[1] else last
        raise TomlError(_POSITION.sub("", prose), line) from error


def child(data: Any, key: Key) -> Any:
    """The value at one key of a table or one index of a list. Raises KeyError where there is none."""
    if isinstance(data, dict) and key in data:
        return data[key]
    if isinstance(data, list) and isinstance(key, int) and key < len(data):
        return data[key]
    raise KeyError(key)


def locate(text: str, path: Sequence[Key]) -> int | None:
    """The 1-based line of the key at ``path``, or of the nearest thing above it that the text has; None: nowhere.

    tomlkit's items carry no positions, but it writes back exactly what it read: a mark put at the path shows up on
    the line wanted. A whole table cannot be replaced so (it would move), so headers are looked for by their text.
    """
    for length in range(len(path), 0, -1):
        found = _locate_value(text, path[:length]) or _locate_header(text, path[:length])
        if found:
            return found
    return None


_MARK = "devenv-looks-for-this-value"


def _locate_value(text: str, path: Sequence[Key]) -> int | None:
    import tomlkit
    from tomlkit.exceptions import TOMLKitError
    from tomlkit.items import AoT, Table

    try:
        document: Any = tomlkit.parse(text)
        parent = document
        for key in path[:-1]:
            parent = parent[key]
        child = parent[path[-1]]
        if isinstance(child, Table | AoT) or _is_table_out_of_order(child):
            return None
        parent[path[-1]] = _MARK
        written = tomlkit.dumps(document)
    except (KeyError, IndexError, TypeError, TOMLKitError):
        return None
    before, mark, _ = written.partition(_MARK)
    return before.count("\n") + 1 if mark else None


def _is_table_out_of_order(child: object) -> bool:
    from tomlkit.container import OutOfOrderTableProxy

    return isinstance(child, OutOfOrderTableProxy)


_HEADER = re.compile(r"\s*\[{1,2}\s*(?P<name>[^\[\]]+?)\s*\]{1,2}\s*(?:#.*)?$")


def _locate_header(text: str, path: Sequence[Key]) -> int | None:
    names = [str(key) for key in path if not isinstance(key, int)]
    nth = next((key for key in reversed(path) if isinstance(key, int)), 0)
    first_child = None
    for number, line in enumerate(text.splitlines(), start=1):
        match = _HEADER.match(line)
        if match is None:
            continue
        header = split_key(match["name"])
        if header == names:
            if nth == 0:
                return number
            nth -= 1
        elif header[: len(names)] == names and first_child is None:
            first_child = number
    return first_child


_KEY_PART = re.compile(r"""\s*(?:"(?P<basic>(?:[^"\\]|\\.)*)"|'(?P<literal>[^']*)'|(?P<bare>[A-Za-z0-9_-]+))\s*""")


def split_key(dotted: str) -> list[str]:
    """``services."my db".settings`` -> its parts; text that is no dotted key gives what could be read."""
    parts = []
    position = 0
    while match := _KEY_PART.match(dotted, position):
        parts.append(next(group for group in match.groups() if group is not None))
        position = match.end()
        if dotted[position : position + 1] != ".":
            break
        position += 1
    return parts
