"""What expressions of Terraform's configuration come to, as far as the files themselves say it.

Variables with their defaults, locals, attributes of other resources, and a few functions that change nothing. All else
is ``Unknown``: what a provider, a data source or a workspace would say is nobody's to guess.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from typing import Any

from devenv.model.record import record
from devenv.sources import hcl
from devenv.tomldoc import child

#: Expressions that refer to one another, and the work that all of one file's may cost.
_DEEPEST = 40
_MOST = 20_000
_STEP = re.compile(
    r'\.(?P<name>[A-Za-z_][\w-]*|\d+)|\[\s*(?P<index>\d+)\s*\]|\[\s*"(?P<key>[^"$\\]*)"\s*\]'
    r"|\[\s*(?P<by>[A-Za-z_][\w.-]*)\s*\]"
)
_TRAVERSAL = re.compile(rf"(?P<root>[A-Za-z_][\w-]*)(?P<steps>(?:{re.sub(r'[?]P<[a-z]+>', '?:', _STEP.pattern)})+)")
_CALL = re.compile(r"(?P<name>[a-z_0-9]+)\((?P<arguments>.*)\)", re.DOTALL)
_CONDITION = re.compile(r"(?P<left>[^?=!<>&|]+?)\s*(?P<sign>==|!=)\s*(?P<right>[^?=!<>&|]+)")
_REFERENCE = re.compile(r"\b(?:var|local|each|data|module)\.[\w-]+|\b[a-z]\w*\.[\w-]+")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_WORDS = {"true": True, "false": False, "null": None}


@record
class Unknown:
    """The value of an expression that these files do not say; ``name`` is what it depends on."""

    name: str


@record
class Scope:
    """What names mean in one module. ``attributes`` are those of its resources, as they are written, by their
    ``TYPE.NAME``; ``iterators`` are ``each``, ``count`` and what ``dynamic`` blocks name."""

    variables: Mapping[str, Any] = field(default_factory=dict)
    locals: Mapping[str, Any] = field(default_factory=dict)
    attributes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    iterators: Mapping[str, Any] = field(default_factory=dict)
    depth: int = 0
    #: How many values were evaluated so far, in the only item.
    spent: list[int] = field(default_factory=lambda: [0])


def evaluated(value: Any, scope: Scope) -> Any:
    """A value with its expressions replaced by what they come to, or by ``Unknown``."""
    scope.spent[0] += 1
    if scope.depth > _DEEPEST or scope.spent[0] > _MOST:
        return Unknown("an expression that refers to too many others")
    if isinstance(value, dict):
        return {str(key): evaluated(item, scope) for key, item in value.items()}
    if isinstance(value, list):
        return [evaluated(item, scope) for item in value]
    return _template(hcl.heredoc(value), scope) if isinstance(value, str) else value


def known_only(value: Any) -> Any:
    """The same without what is unknown."""
    if isinstance(value, dict):
        return {key: known_only(item) for key, item in value.items() if not isinstance(item, Unknown)}
    if isinstance(value, list):
        return [known_only(item) for item in value if not isinstance(item, Unknown)]
    return value


def _template(text: str, scope: Scope) -> Any:
    """A text with ``${…}`` in it; one that is nothing else may be a value of any type."""
    pieces: list[str] = []
    position = 0
    while (start := _opening(text, position)) >= 0:
        end = hcl.closing(text, start + 2)
        value = _expression(text[start + 2 : end - 1], replace(scope, depth=scope.depth + 1))
        if start == 0 and end == len(text):
            return value
        if isinstance(value, Unknown):
            return value
        if isinstance(value, dict | list) or value is None:
            return Unknown("a template")
        pieces += [text[position:start], _text(value)]
        position = end
    pieces.append(text[position:])
    if "%{" in text.replace("%%{", ""):
        return Unknown("a template")
    return "".join(pieces).replace("$${", "${")


def _opening(text: str, position: int) -> int:
    """Where the next ``${`` is that is not written ``$${``; -1 where there is none."""
    while (start := text.find("${", position)) >= 0:
        if start == 0 or text[start - 1] != "$":
            return start
        position = start + 2
    return -1


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _expression(text: str, scope: Scope) -> Any:
    text = text.strip()
    if text.startswith("(") and _split(text[1:], ")")[0] == text[1:-1]:
        return _expression(text[1:-1], scope)
    if text in _WORDS:
        return _WORDS[text]
    if _NUMBER.fullmatch(text):
        return float(text) if "." in text else int(text[:18])
    if text[:1] in ('"', "[", "{"):
        return _literal(text, scope)
    if match := _TRAVERSAL.fullmatch(text):
        return _walked(match["root"], match["steps"], scope)
    if (match := _CALL.fullmatch(text)) and match["name"] in _FUNCTIONS:
        return _FUNCTIONS[match["name"]](match["arguments"], scope)
    return _conditional(text, scope)


def _literal(text: str, scope: Scope) -> Any:
    try:
        value = hcl.parse(f"value = {text}").get("value")
    except hcl.NotHcl:
        return _unknown(text)
    return evaluated(value, scope)


def _unknown(text: str) -> Unknown:
    """What an expression depends on: a name in it, never a text, which may be anything."""
    found = _REFERENCE.search(re.sub(r'"[^"]*"?', '""', text))
    return Unknown(found[0] if found else "an expression")


def _conditional(text: str, scope: Scope) -> Any:
    """``condition ? one : other``, where the condition is a truth or compares two values."""
    condition, _, rest = _cut(text, "?")
    one, sign, other = _cut(rest, ":")
    if not sign:
        return _unknown(text)
    match = _CONDITION.fullmatch(condition.strip())
    if match:
        left, right = _expression(match["left"], scope), _expression(match["right"], scope)
        truth: Any = (left == right) == (match["sign"] == "==")
        if isinstance(left, Unknown) or isinstance(right, Unknown):
            truth = None
    else:
        truth = _expression(condition, scope) if _TRAVERSAL.fullmatch(condition.strip()) else None
    if not isinstance(truth, bool):
        return _unknown(condition)
    return _expression(one if truth else other, scope)


def _walked(root: str, steps: str, scope: Scope) -> Any:
    """What a name and the keys and indexes behind it lead to."""
    keys: list[Any] = []
    for step in _STEP.finditer(steps):
        key: Any = step["name"] or step["key"]
        if step["index"] is not None or (key and key.isdecimal()):
            key = int((step["index"] or key)[:9])
        elif step["by"]:
            by = _TRAVERSAL.fullmatch(step["by"])
            key = _walked(by["root"], by["steps"], scope) if by else None
        keys.append(key)
    whole = Unknown(f"{root}.{keys[0]}")
    holder: Any
    if root == "var":
        holder = scope.variables
    elif root == "local":
        holder = {keys[0]: evaluated(scope.locals[keys[0]], _deeper(scope))} if keys[0] in scope.locals else {}
    elif root in scope.iterators:
        holder = scope.iterators[root]
    else:
        return _of_resource(root, keys, scope)
    try:
        return functools.reduce(child, keys, holder)
    except KeyError:
        return whole


def _deeper(scope: Scope) -> Scope:
    return replace(scope, depth=scope.depth + 1)


#: Attributes by which resources are called. Where a file does not say one, it is the resource's own name in the file.
_CALLED = frozenset(["id", "arn", "name", "identifier", "cluster_identifier", "replication_group_id", "self_link"])


def _of_resource(kind: str, keys: Sequence[Any], scope: Scope) -> Any:
    """An attribute of another resource of the module: ``aws_db_parameter_group.main.name``."""
    written = scope.attributes.get(f"{kind}.{keys[0]}")
    path = [key for key in keys[1:] if not isinstance(key, int)]
    if written is None or len(path) != 1:
        return Unknown(f"{kind}.{keys[0]}")
    value: Any = Unknown(f"{kind}.{keys[0]}")
    if path[0] in written:
        value = evaluated(written[path[0]], _deeper(scope))
    if isinstance(value, Unknown) and path[0] in _CALLED:
        value = called(written, str(keys[0]), _deeper(scope))
    return value


def called(written: Mapping[str, Any], label: str, scope: Scope) -> str:
    """What a resource is called: by its own attributes where they say it, else as the file calls it."""
    for attribute in ("identifier", "cluster_identifier", "replication_group_id", "cluster_id", "name"):
        if attribute in written:
            value = evaluated(written[attribute], scope)
            if isinstance(value, str):
                return value
    return label


def _cut(text: str, sign: str) -> tuple[str, str, str]:
    """What is before and behind the first sign that is in no bracket and no text; as ``str.partition``."""
    before = _split(text, sign)[0]
    return before, text[len(before) : len(before) + 1], text[len(before) + 1 :]


def _split(text: str, sign: str) -> list[str]:
    """The parts of a text between signs that are in no bracket and no text."""
    parts, start, depth, quoted = [], 0, 0, False
    for index, letter in enumerate(text):
        if letter == '"' and text[index - 1 : index] != "\\":
            quoted = not quoted
        elif quoted:
            continue
        elif letter == sign and depth == 0:
            parts.append(text[start:index])
            start = index + 1
        else:
            depth += (letter in "([{") - (letter in ")]}")
    return [*parts, text[start:]]


def _arguments(text: str, scope: Scope) -> list[Any]:
    return [_expression(part, scope) for part in _split(text, ",") if part.strip()]


def _same(text: str, scope: Scope) -> Any:
    values = _arguments(text, scope)
    return values[0] if len(values) == 1 else _unknown(text)


def _first(text: str, scope: Scope) -> Any:
    """``try`` and ``coalesce``: the first that is something. One that is unknown might have been it."""
    for value in _arguments(text, scope):
        if value not in (None, ""):
            return value
    return _unknown(text)


def _lookup(text: str, scope: Scope) -> Any:
    values = _arguments(text, scope)
    if len(values) < 2 or not isinstance(values[0], dict):
        return _unknown(text)
    return values[0].get(str(values[1]), values[2] if len(values) > 2 else _unknown(text))


def _string(text: str, scope: Scope) -> Any:
    value = _same(text, scope)
    return value if isinstance(value, Unknown | dict | list) or value is None else _text(value)


def _encoded(text: str, scope: Scope) -> Any:
    value = _same(text, scope)
    return value if isinstance(value, Unknown) else json.dumps(known_only(value))


_FUNCTIONS: Mapping[str, Callable[[str, Scope], Any]] = {
    **dict.fromkeys(("toset", "tolist", "tomap", "tonumber", "tobool", "nonsensitive", "sensitive"), _same),
    **dict.fromkeys(("try", "coalesce"), _first),
    "jsonencode": _encoded,
    "lookup": _lookup,
    "tostring": _string,
}
