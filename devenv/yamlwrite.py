"""YAML that is written: canonical, and for people, with comments and what several services share in one place."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any

from devenv.yamlio import Tag, YamlError, parse


class Verbatim(str):
    """A line of YAML that is written as it is: as a key of a mapping, whose value is None, or as an item of a list."""

    __slots__ = ()


class Comment(Verbatim):
    """A line of a comment, without its ``#``; it stands above the next key or item."""

    __slots__ = ()


class OneLine(dict[str, Any]):
    """A mapping that is written in one line, however long that is."""


def anchor(name: str, value: Mapping[str, Any]) -> Verbatim:
    """A top-level key (Compose ignores those that begin with ``x-``) whose value ``merge`` takes over elsewhere."""
    return Verbatim(f"x-{name}: &{name} {dump(OneLine(value)).strip()}")


def merge(name: str) -> Verbatim:
    """Takes over what ``anchor`` wrote under a name; keys beside it count where both have one."""
    return Verbatim(f"<<: *{name}")


def parse_commented(text: str) -> Any:
    """The values of one document, with those of its comments that have a line of their own. Raises YamlError.

    Where a line that begins like a comment is part of a text, all comments are left out.
    """
    values = parse(text)
    lines, comments = _lines_with_marks(text)
    try:
        commented = _with_comments(parse("\n".join(lines)), comments)
    except YamlError:
        return values
    return commented if without_comments(commented) == values else values


def _lines_with_marks(text: str) -> tuple[list[str], dict[str, Comment]]:
    lines: list[str] = []
    comments: dict[str, Comment] = {}
    for line in text.splitlines():
        indent, sign, comment = line.partition("#")
        if sign and not indent.strip():
            mark = f"{_MARK}{len(comments)}"
            comments[mark] = Comment(comment.strip())
            lines.append(mark)
        else:
            lines.append(line)
    for number in reversed(range(len(lines))):
        if lines[number].startswith(_MARK):
            lines[number] = _like_the_next(lines, number)
    return lines, comments


#: What stands for a comment while PyYAML, which knows none, has the document.
_MARK = "devenv:comment:"


def _like_the_next(lines: list[str], number: int) -> str:
    """The mark of a comment as an item of the list or a key of the mapping that it stands in."""
    below = lines[number + 1] if number + 1 < len(lines) else ""
    indent = below[: len(below) - len(below.lstrip())]
    return f"{indent}- {lines[number]}" if below.lstrip().startswith("- ") else f"{indent}{lines[number]}: null"


def _with_comments(value: Any, comments: Mapping[str, Comment]) -> Any:
    if isinstance(value, dict):
        return {_with_comments(key, comments): _with_comments(item, comments) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_comments(item, comments) for item in value]
    return comments.get(value, value) if isinstance(value, str) else value


def without_comments(value: Any) -> Any:
    """The values alone."""
    if isinstance(value, dict):
        return {key: without_comments(item) for key, item in value.items() if not isinstance(key, Comment)}
    if isinstance(value, list):
        return [without_comments(item) for item in value if not isinstance(item, Comment)]
    return value


def _block(dumper: Any, value: str) -> Any:
    style = "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


def _tag(dumper: Any, value: Tag) -> Any:
    return _block(dumper, str(value))


#: How long a list or a mapping may be that is written in one line.
_ONE_LINE = 100
#: Nothing is folded: a command can be copied as it stands.
_WIDTH = 1_000_000


def _sequence(dumper: Any, value: list[Any]) -> Any:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=_fits_one_line(value))


def _mapping(dumper: Any, value: dict[str, Any]) -> Any:
    flow = isinstance(value, OneLine) or _fits_one_line([*value, *value.values()])
    return dumper.represent_mapping("tag:yaml.org,2002:map", value.items(), flow_style=flow)


def _fits_one_line(items: list[Any]) -> bool:
    if any(isinstance(item, dict | list) for item in items):
        return False
    words = [str(item) for item in items]
    if any("\n" in word or word.startswith(_MARK) for word in words):
        return False
    return sum(len(word) + 2 for word in words) <= _ONE_LINE


@functools.cache
def _dumper() -> Any:
    import yaml

    fastest: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

    class Canonical(fastest):  # type: ignore[misc]
        def ignore_aliases(self, data: Any) -> bool:
            return True

    Canonical.add_representer(str, _block)
    Canonical.add_representer(Tag, _tag)
    Canonical.add_representer(list, _sequence)
    Canonical.add_representer(dict, _mapping)
    Canonical.add_representer(OneLine, _mapping)
    return Canonical


def dump(value: Any) -> str:
    """Values as YAML, keys in the order given: the same values always give the same text."""
    import yaml

    lines: list[str] = []
    text: str = yaml.dump(_marked(value, lines), Dumper=_dumper(), sort_keys=False, allow_unicode=True, width=_WIDTH)
    return _MARKED.sub(lambda found: found["indent"] + lines[int(found["number"])], text)


_MARKED = re.compile(rf"^(?P<indent> *)(?:- )?{_MARK}(?P<number>\d+)(?:: null)?$", re.MULTILINE)


def _marked(value: Any, lines: list[str]) -> Any:
    """The same with marks in place of lines that are written as they are, which are added to ``lines``."""
    if isinstance(value, Verbatim):
        lines.append(f"# {value}" if isinstance(value, Comment) else value)
        return f"{_MARK}{len(lines) - 1}"
    if isinstance(value, dict):
        kind = type(value)
        return kind({_marked(key, lines): _marked(item, lines) for key, item in value.items()})
    if isinstance(value, list | tuple):
        return [_marked(item, lines) for item in value]
    return value
