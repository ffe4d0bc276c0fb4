"""YAML text: the only user of PyYAML. Reading is safe and refuses a key that stands twice; writing is canonical."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any


class YamlError(ValueError):
    """Text that is no YAML; ``line`` is 1-based; ``deep``: it is nested more deeply than anybody can follow."""

    def __init__(self, message: str, line: int | None, *, deep: bool = False) -> None:
        super().__init__(message)
        self.line = line
        self.deep = deep


def parse(text: str) -> Any:
    """The values of one document. Raises YamlError."""
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return yaml.load(text, Loader=loader)  # noqa: S506 - one of the safe two
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise YamlError(getattr(error, "problem", None) or str(error), mark.line + 1 if mark else None) from error


#: Nodes that a document may have once its aliases are followed.
_MOST_NODES = 2_000_000
#: (key, line) of each key that stands in a mapping a second time.
Twice = list[tuple[str, int]]


def parse_texts(text: str) -> tuple[list[Any], Twice]:
    """All documents of a file that somebody else wrote, and the keys that stand twice in one mapping.

    Every scalar is text, as it is written: ``7.10`` is no number and ``on`` is not true; only null is None. What a tag
    of its own stands before is a table with that tag as its key (``{"!Ref": "x"}``). Raises YamlError, also for
    aliases that say far more than is written.
    """
    import yaml

    try:
        loader = _text_loader()(text)
        try:
            documents = []
            while loader.check_data():
                documents.append(loader.get_data())
        finally:
            loader.dispose()
        _measure(documents, {})
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        said = getattr(error, "problem", None) or "it holds a control character"  # the reader's alone has no problem
        # LibYAML's own limit, where it has one; a RecursionError is Python's.
        raise YamlError(said, mark.line + 1 if mark else None, deep="nesting depth" in said) from None
    except RecursionError:
        raise YamlError("nested too deeply", None, deep=True) from None
    return documents, loader.twice


def _measure(value: Any, sizes: dict[int, int]) -> int:
    """How many nodes there are to walk; what is there once by several names counts each time. Raises YamlError."""
    if not isinstance(value, dict | list):
        return 1
    if id(value) in sizes:
        return sizes[id(value)]
    sizes[id(value)] = _MOST_NODES  # one that holds itself has no end
    inner = value.values() if isinstance(value, dict) else value
    size = 1 + sum(_measure(item, sizes) for item in inner)
    if size > _MOST_NODES:
        raise YamlError("its aliases say far more than is written", None)
    sizes[id(value)] = size
    return size


def _only(resolvers: Any, tags: tuple[str, ...]) -> Any:
    """Of the rules that give a plain scalar a type, those for these tags, by the scalar's first character."""
    return {first: [(tag, rule) for tag, rule in rules if tag in tags] for first, rules in resolvers.items()}


@functools.cache
def _text_loader() -> Any:
    import yaml

    safe: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    kept = ("tag:yaml.org,2002:merge", "tag:yaml.org,2002:null")

    class Texts(safe):  # type: ignore[misc]
        yaml_implicit_resolvers = _only(safe.yaml_implicit_resolvers, kept)

        def __init__(self, stream: str) -> None:
            super().__init__(stream)
            self.twice: Twice = []

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
            seen = set()
            for key, _ in node.value:
                if key.tag != kept[0] and isinstance(key, yaml.ScalarNode):
                    if key.value in seen:
                        self.twice.append((key.value, key.start_mark.line + 1))
                    seen.add(key.value)
            made: dict[Any, Any] = super().construct_mapping(node, deep=deep)
            return made

    def tagged(loader: Any, tag: str, node: Any) -> Any:
        if isinstance(node, yaml.ScalarNode):
            value = loader.construct_scalar(node)
        elif isinstance(node, yaml.SequenceNode):
            value = loader.construct_sequence(node, deep=True)
        else:
            value = loader.construct_mapping(node, deep=True)
        return value if tag.startswith("tag:yaml.org") else {f"!{tag}": value}

    Texts.add_multi_constructor("!", tagged)
    Texts.add_multi_constructor("tag:yaml.org,2002:", lambda loader, tag, node: tagged(loader, "tag:yaml.org", node))
    return Texts


class Comment(str):
    """A line of a comment: as a key of a mapping, whose value is None, or as an item of a list, it stands above the
    next one."""

    __slots__ = ()


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
    return commented if _without_comments(commented) == values else values


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


def _without_comments(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_comments(item) for key, item in value.items() if not isinstance(key, Comment)}
    if isinstance(value, list):
        return [_without_comments(item) for item in value if not isinstance(item, Comment)]
    return value


def _block(dumper: Any, value: str) -> Any:
    style = "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


#: How long a list or a mapping may be that is written in one line.
_ONE_LINE = 100


def _sequence(dumper: Any, value: list[Any]) -> Any:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=_fits_one_line(value))


def _mapping(dumper: Any, value: dict[str, Any]) -> Any:
    flat = [*value, *value.values()]
    return dumper.represent_mapping("tag:yaml.org,2002:map", value.items(), flow_style=_fits_one_line(flat))


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
    Canonical.add_representer(list, _sequence)
    Canonical.add_representer(dict, _mapping)
    return Canonical


def dump(value: Any) -> str:
    """Values as YAML, keys in the order given: the same values always give the same text."""
    import yaml

    comments: list[str] = []
    text: str = yaml.dump(_marked(value, comments), Dumper=_dumper(), sort_keys=False, allow_unicode=True, width=120)
    return _MARKED.sub(lambda found: f"{found['indent']}# {comments[int(found['number'])]}", text)


_MARKED = re.compile(rf"^(?P<indent> *)(?:- )?{_MARK}(?P<number>\d+)(?:: null)?$", re.MULTILINE)


def _marked(value: Any, comments: list[str]) -> Any:
    """The same with marks in place of comments, whose texts are added to ``comments``."""
    if isinstance(value, Comment):
        comments.append(value)
        return f"{_MARK}{len(comments) - 1}"
    if isinstance(value, dict):
        return {_marked(key, comments): _marked(item, comments) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_marked(item, comments) for item in value]
    return value
