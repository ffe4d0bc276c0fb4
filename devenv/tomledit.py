"""Editing TOML that a person wrote: the only user of tomlkit. What is not edited stays as it is, to the letter."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from devenv.model.record import record
from devenv.tomldoc import TomlError, parse


@record
class Edit:
    """``value`` is to stand at ``path`` (None: nothing is); ``remark`` goes into the comment behind it, where it takes
    the place of an earlier remark that ``earlier`` finds and leaves people's own words alone. Behind an inline table
    stand the remarks of all its values, each with its key."""

    path: tuple[str, ...]
    value: Any
    remark: str = ""


class NotEdited(ValueError):
    """An edit that cannot be made without touching something else: ``path`` is where."""

    def __init__(self, path: tuple[str, ...]) -> None:
        super().__init__(".".join(path))
        self.path = path


def edited(text: str, edits: Sequence[Edit], *, earlier: re.Pattern[str]) -> str:
    """The document with these values; comments, order, quotes and blank lines stay.

    What comes out is read again: raises NotEdited where it is not exactly the former values with these edits.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    wanted = parse(text)
    for edit in edits:
        _put(wanted, edit.path, edit.value)
    document = tomlkit.parse(text)
    inline: dict[tuple[str, ...], dict[str, str]] = {}
    for edit in edits:
        try:
            _edit(document, edit, earlier)
            if edit.remark and (outer := _inline_around(document, edit.path)):
                inline.setdefault(outer, {})[".".join(edit.path[len(outer) - 1 :])] = edit.remark
        except (TOMLKitError, KeyError, TypeError, AttributeError, ValueError) as error:
            raise NotEdited(edit.path) from error
    for outer, remarks in inline.items():
        _remark_behind(document, outer, remarks, earlier)
    made = tomlkit.dumps(document)
    for candidate in (_spaced(made, text), made):
        with contextlib.suppress(TomlError):
            if parse(candidate) == wanted:
                return candidate
    raise NotEdited(edits[0].path)


_HEADER = re.compile(r"\[[^\]]+\]{1,2}\s*(?:#.*)?")


def _spaced(made: str, former: str) -> str:
    """The document with a blank line between a table that was not there and the one behind it."""
    known = set(former.splitlines())
    lines: list[str] = []
    new = False
    for line in made.splitlines(keepends=True):
        if _HEADER.fullmatch(line.strip()):
            if new and lines[-1].strip():
                lines.append("\r\n" if line.endswith("\r\n") else "\n")
            new = line.strip() not in known
        lines.append(line)
    return "".join(lines)


def _inline_around(document: Any, path: tuple[str, ...]) -> tuple[str, ...]:
    """The path of the outermost inline table around a key; () where there is none."""
    import tomlkit

    table = document
    for depth, key in enumerate(path[:-1], start=1):
        table = table[key]
        if isinstance(table, tomlkit.items.InlineTable):
            return path[:depth]
    return ()


#: Where one remark behind an inline table ends and that of another key begins.
_NEXT_REMARK = re.compile(r"; (?=[\w-]+(?:\.[\w-]+)+ from )")


def _remark_behind(document: Any, path: tuple[str, ...], remarks: Mapping[str, str], earlier: re.Pattern[str]) -> None:
    """Put remarks, by key, behind an inline table. People's own words before them stay, and remarks of other keys."""
    table = document
    for key in path:
        table = table[key]
    comment = table.trivia.comment.lstrip("# ").rstrip()
    former = earlier.search(comment)
    own = comment[: former.start()] if former else comment
    by_key: dict[str, str] = {}
    for entry in _NEXT_REMARK.split(former[0].removeprefix("; ")) if former else ():
        key, _, remark = entry.partition(" ")
        by_key[key] = remark
    by_key |= remarks
    table.comment("; ".join(part for part in (own, *(f"{key} {remark}" for key, remark in by_key.items())) if part))


def _put(values: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for key in path[:-1]:
        values = values.setdefault(key, {})
        if not isinstance(values, dict):
            raise NotEdited(path)
    if value is None:
        values.pop(path[-1], None)
    else:
        values[path[-1]] = list(value) if isinstance(value, tuple) else value


def _edit(document: Any, edit: Edit, earlier: re.Pattern[str]) -> None:
    import tomlkit

    table = document
    for key in edit.path[:-1]:
        if key not in table:
            inline = isinstance(table, tomlkit.items.InlineTable)
            table[key] = tomlkit.inline_table() if inline else tomlkit.table()
        table = table[key]
    key = edit.path[-1]
    if edit.value is None:
        table.pop(key, None)
        return
    before = table.get(key)
    item = _like(before, edit.value)
    inline = isinstance(table, tomlkit.items.InlineTable)
    if not inline:
        own = before.trivia.comment.lstrip("# ").rstrip() if before is not None and hasattr(before, "trivia") else ""
        own = earlier.sub("", own).rstrip("; ")
        if remark := "; ".join(part for part in (own, edit.remark) if part):
            item.comment(remark)
            if before is not None and before.trivia.comment:
                item.trivia.comment_ws = before.trivia.comment_ws
    table[key] = item


def _like(before: Any, value: Any) -> Any:
    """A value written as the one before it was: in the same quotes, over as many lines."""
    import tomlkit

    if isinstance(value, list | tuple) and isinstance(before, tomlkit.items.Array):
        array = tomlkit.parse(f"a = {before.as_string()}")["a"]
        for index in reversed(range(len(array))):
            if array[index] not in value:
                del array[index]
        for entry in value[len(array) :]:
            array.append(entry)
        if array.unwrap() == list(value):
            return array
    if isinstance(value, list | tuple):
        return tomlkit.item(list(value))
    if isinstance(value, str) and isinstance(before, tomlkit.items.String):
        literal = before.as_string().startswith("'")
        if literal and not set(value) & set("'\n\r\t"):
            return tomlkit.string(value, literal=True)
    return tomlkit.item(value)
