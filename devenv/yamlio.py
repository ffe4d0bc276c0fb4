"""YAML that is read: nobody's text is trusted."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

from devenv.nesting import DEEPEST


class YamlError(ValueError):
    """Text that is no YAML; ``line`` is 1-based; ``deep``: it is nested more deeply than anybody can follow."""

    def __init__(self, message: str, line: int | None, *, deep: bool = False) -> None:
        super().__init__(message)
        self.line = line
        self.deep = deep


class Tag(str):
    """A tag of its own, as the only key of a table that holds the tagged value. A key that is written is no Tag, so
    a quoted ``"!reset"`` cannot pass for one."""

    __slots__ = ()


#: Nodes that a document may have once its aliases are followed, and keys that its merges may bring.
_MOST_NODES = 2_000_000
#: A longer number is none that anybody counts with, and Python refuses to print it.
_MOST_BITS = 1024


def parse(text: str) -> Any:
    """The values of one document, typed as YAML 1.1 does. Of a value with a tag of its own (Compose's ``!reset``) a
    table is made, with the Tag as its key. Raises YamlError."""
    import yaml

    try:
        value = yaml.load(text, Loader=_typed_loader())  # noqa: S506 - made of the safe one
    except yaml.YAMLError as error:
        raise _yaml_error(error) from error
    except RecursionError:
        raise YamlError("nested too deeply", None, deep=True) from None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        # PyYAML's constructors trust what stands behind a tag or looks like a date: ``!!bool maybe``, ``2001-99-99``.
        raise YamlError("a value is not of the type that it is given or looks like", None) from error
    _measure(value, {})
    return value


def key_lines(text: str) -> dict[str, int]:
    """The line of each key of a document's two outermost mappings: ``services``, ``services.db``. Raises YamlError."""
    import yaml

    try:
        root = yaml.compose(text, Loader=_typed_loader())
    except yaml.YAMLError as error:
        raise _yaml_error(error) from error
    found = {}
    for key, node in _entries(root):
        found[key.value] = key.start_mark.line + 1
        for name, _ in _entries(node):
            found[f"{key.value}.{name.value}"] = name.start_mark.line + 1
    return found


def _entries(node: Any) -> list[tuple[Any, Any]]:
    """The keys that are plain texts, and their values, of a mapping's node; [] for any other node."""
    import yaml

    entries = node.value if isinstance(node, yaml.MappingNode) else []
    return [(key, value) for key, value in entries if isinstance(key, yaml.ScalarNode)]


#: (key, line) of each key that stands in a mapping a second time.
Twice = list[tuple[str, int]]


def parse_texts(text: str) -> tuple[list[Any], Twice]:
    """All documents of a file that somebody else wrote, and the keys that stand twice in one mapping.

    Every scalar is text, as it is written: ``7.10`` is no number and ``on`` is not true; only null is None. What a tag
    of its own stands before is a table with that tag as its key (``{"!Ref": "x"}``). An anchor may be defined anew, as
    the specification has it. Raises YamlError, also for aliases that say far more than is written.
    """
    import yaml

    try:
        builder = _Texts(yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
        documents = builder.documents()
        _measure(documents, {})
    except yaml.YAMLError as error:
        raise _yaml_error(error) from None
    except UnicodeEncodeError:
        raise YamlError("it holds half of a character", None) from None
    except RecursionError:
        raise YamlError("nested too deeply", None, deep=True) from None
    return documents, builder.twice


def _yaml_error(error: Exception) -> YamlError:
    mark = getattr(error, "problem_mark", None)
    said = getattr(error, "problem", None) or "it holds a control character"  # the reader's alone has no problem
    # LibYAML's own limit, where it has one.
    return YamlError(said, mark.line + 1 if mark else None, deep="nesting depth" in said)


def _measure(value: Any, known: dict[int, tuple[int, int]]) -> tuple[int, int]:
    """How many nodes there are to walk, and how many levels; what is there once by several names counts each time.

    Raises YamlError for more than anybody can walk.
    """
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        raise YamlError("it holds a number that is longer than any", None)
    if not isinstance(value, dict | list):
        return 1, 0
    if id(value) in known:
        return known[id(value)]
    known[id(value)] = _MOST_NODES, 0  # one that holds itself has no end
    size, levels = 1, 0
    for item in value.values() if isinstance(value, dict) else value:
        inner_size, inner_levels = _measure(item, known)
        size += inner_size
        levels = max(levels, inner_levels + 1)
    if size > _MOST_NODES:
        raise YamlError("its aliases say far more than is written", None)
    if levels > DEEPEST:
        raise YamlError("nested too deeply", None, deep=True)
    known[id(value)] = size, levels
    return size, levels


class _Texts:
    """Builds values from the events of PyYAML, so that none of its constructors decides what a text means."""

    def __init__(self, events: Iterator[Any]) -> None:
        import yaml

        self._yaml = yaml
        self._events = events
        self._anchors: dict[str, Any] = {}
        self._merged = 0
        self.twice: Twice = []

    def documents(self) -> list[Any]:
        found = []
        for event in self._events:
            if isinstance(event, self._yaml.DocumentStartEvent):
                self._anchors = {}
                found.append(self._value(next(self._events), 0))
        return found

    def _value(self, event: Any, depth: int) -> Any:
        if isinstance(event, self._yaml.AliasEvent):
            if event.anchor not in self._anchors:
                raise YamlError("found undefined alias", _line(event))
            return self._anchors[event.anchor]
        if depth > DEEPEST:
            raise YamlError("nested too deeply", _line(event), deep=True)
        if isinstance(event, self._yaml.ScalarEvent):
            return self._named(event, _scalar(event))
        if isinstance(event, self._yaml.SequenceStartEvent):
            entries: list[Any] = []
            made = self._named(event, entries)
            self._fill_list(entries, depth)
            return made
        table: dict[str, Any] = {}
        made = self._named(event, table)
        self._fill_table(table, depth)
        return made

    def _named(self, event: Any, value: Any) -> Any:
        """The value under its tag, if it has one of its own, remembered by its anchor also while it is being filled."""
        tag = event.tag or ""
        if tag.startswith("!") and tag != "!":
            value = {tag: value}
        if event.anchor:
            self._anchors[event.anchor] = value
        return value

    def _fill_list(self, entries: list[Any], depth: int) -> None:
        for event in self._events:
            if isinstance(event, self._yaml.SequenceEndEvent):
                return
            entries.append(self._value(event, depth + 1))

    def _fill_table(self, table: dict[str, Any], depth: int) -> None:
        merges: list[Any] = []
        for event in self._events:
            if isinstance(event, self._yaml.MappingEndEvent):
                break
            key = self._key(event, depth)
            value = self._value(next(self._events), depth + 1)
            if key == "<<" and isinstance(event, self._yaml.ScalarEvent) and event.implicit[0]:
                merges += value if isinstance(value, list) else [value]
                continue
            if key in table:
                self.twice.append((key, _line(event)))
            table[key] = value
        if merges:
            self._merge(table, merges)

    def _key(self, event: Any, depth: int) -> str:
        if isinstance(event, self._yaml.ScalarEvent):
            key: Any = self._named(event, event.value)
        else:
            key = self._value(event, depth + 1)
        if not isinstance(key, str):
            raise YamlError("found a key that is no text", _line(event))
        return key

    def _merge(self, table: dict[str, Any], merges: list[Any]) -> None:
        """Put what ``<<`` brings before a table's own keys, which count where both have one."""
        own = dict(table)
        table.clear()
        for source in merges:
            if not isinstance(source, dict):
                raise YamlError("'<<' merges something that is no mapping", None)
            self._merged += len(source)
            if self._merged > _MOST_NODES:
                raise YamlError("its aliases say far more than is written", None)
            for key, value in source.items():
                table.setdefault(key, value)
        table.update(own)


_NULLS = frozenset(["", "~", "null", "Null", "NULL"])
_NULL_TAG = "tag:yaml.org,2002:null"


def _scalar(event: Any) -> str | None:
    if event.tag == _NULL_TAG or (event.implicit[0] and event.value in _NULLS):
        return None
    text: str = event.value
    return text


def _line(event: Any) -> int:
    line: int = event.start_mark.line + 1
    return line


@functools.cache
def _typed_loader() -> Any:
    import yaml
    from yaml.composer import Composer

    safe: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Typed(Composer, safe):  # type: ignore[misc]
        def __init__(self, stream: str) -> None:
            safe.__init__(self, stream)
            Composer.__init__(self)

        def compose_node(self, parent: Any, index: Any) -> Any:
            """LibYAML's composer refuses an anchor that is defined anew, which the specification allows."""
            event = self.peek_event()
            if not isinstance(event, yaml.AliasEvent):
                self.anchors.pop(event.anchor, None)
            return super().compose_node(parent, index)

    def tagged(loader: Any, suffix: str, node: Any) -> Any:
        tag = Tag(f"!{suffix}")
        if isinstance(node, yaml.ScalarNode):
            return {tag: loader.construct_scalar(node)}
        if isinstance(node, yaml.SequenceNode):
            return {tag: loader.construct_sequence(node, deep=True)}
        return {tag: loader.construct_mapping(node, deep=True)}

    Typed.add_multi_constructor("!", tagged)
    return Typed
