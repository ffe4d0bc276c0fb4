"""What expressions of Terraform's configuration come to, as far as the files themselves say it.

Variables with their defaults, locals, attributes of other resources, and a few functions that change nothing. All else
is ``Unknown``: what a provider, a data source or a workspace would say is nobody's to guess.
"""

from __future__ import annotations

import functools
import json
import posixpath
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from devenv import yamlio
from devenv.model.record import record
from devenv.sources import hcl
from devenv.sources.terraform_scope import Scope, Unknown
from devenv.tomldoc import child

#: Expressions that refer to one another, and the work that all of one file's may cost.
_DEEPEST = 40
_MOST = 20_000
_LONGEST_PATH = 1000
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
class _Given:
    """An argument of a module, worked out only where it is asked for: modules may be given one another's outputs."""

    value: Any
    scope: Scope


def evaluated(value: Any, scope: Scope) -> Any:
    """A value with its expressions replaced by what they come to, or by ``Unknown``."""
    scope.spent[0] += 1
    if scope.depth > _DEEPEST or scope.spent[0] > _MOST:
        return Unknown("an expression that refers to too many others")
    if isinstance(value, dict):
        return {str(key): evaluated(item, scope) for key, item in value.items()}
    if isinstance(value, list):
        return [evaluated(item, scope) for item in value]
    if isinstance(value, str):
        text = hcl.heredoc(value)
        return _template(text, scope, partly="\n" in text)
    return value


def known_only(value: Any) -> Any:
    """The same without what is unknown."""
    if isinstance(value, dict):
        return {key: known_only(item) for key, item in value.items() if not isinstance(item, Unknown)}
    if isinstance(value, list):
        return [known_only(item) for item in value if not isinstance(item, Unknown)]
    return value


def _template(text: str, scope: Scope, *, partly: bool = False) -> Any:
    """A text with ``${…}`` in it; one that is nothing else may be a value of any type. ``partly``: what is unknown
    stays in it as ``${NAME}``, for texts of many lines."""
    pieces: list[str] = []
    position = 0
    while (start := _opening(text, position)) >= 0:
        end = hcl.closing(text, start + 2)
        value = _expression(text[start + 2 : end - 1], replace(scope, depth=scope.depth + 1))
        if start == 0 and end == len(text):
            return value
        if isinstance(value, Unknown):
            if not partly:
                return value
            value = f"${{{value.name}}}"
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
    if text in scope.iterators:
        return scope.iterators[text]
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
    keys = _keys(steps, scope)
    if unknown := next((key for key in keys if isinstance(key, Unknown)), None):
        return unknown
    if root == "module":
        return _output(keys, scope)
    holder = _holder(root, keys[0], scope)
    if holder is None:
        return _of_resource(root, keys, scope)
    try:
        return functools.reduce(child, keys, holder)
    except KeyError:
        return Unknown(f"{root}.{keys[0]}")


def _keys(steps: str, scope: Scope) -> list[Any]:
    keys: list[Any] = []
    for step in _STEP.finditer(steps):
        key: Any = step["name"] or step["key"]
        if step["index"] is not None or (key and key.isdecimal()):
            key = int((step["index"] or key)[:9])
        elif step["by"]:
            by = _TRAVERSAL.fullmatch(step["by"])
            key = _walked(by["root"], by["steps"], scope) if by else None
        keys.append(key)
    return keys


def _holder(root: str, name: Any, scope: Scope) -> Any:
    """What the names behind a root are looked up in; None where the root is a resource's type."""
    if root == "var":
        return {name: _variable(scope.variables[name], scope)} if name in scope.variables else {}
    if root == "local":
        written = scope.module.locals
        return {name: evaluated(written[name], _deeper(scope))} if name in written else {}
    if root == "path":
        return {"module": scope.module.path}
    return scope.iterators.get(root)


def _variable(value: Any, scope: Scope) -> Any:
    if not isinstance(value, _Given):
        return value
    return evaluated(value.value, replace(value.scope, depth=scope.depth + 1))


def _output(keys: Sequence[Any], scope: Scope) -> Any:
    """An output of a module of this checkout: ``module.db.version``, ``module.db[0].version``."""
    unknown = Unknown(f"module.{keys[0]}")
    call = scope.module.calls.get(keys[0])
    module = scope.checkout.modules.get(call.path) if call else None
    if call is None or module is None:
        return unknown
    rest = list(keys[1:])
    if len(rest) > 1 and rest[0] not in module.outputs:
        rest = rest[1:]
    if not rest or rest[0] not in module.outputs:
        return unknown
    given = {name: _Given(value, scope) for name, value in call.arguments.items()}
    inner = replace(_deeper(scope), module=module, variables={**module.variables, **given}, iterators={})
    try:
        return functools.reduce(child, rest[1:], evaluated(module.outputs[rest[0]], inner))
    except KeyError:
        return unknown


def _deeper(scope: Scope) -> Scope:
    """The same, one reference further in; what goes too deep comes to nothing."""
    return replace(scope, depth=scope.depth + 1)


#: Attributes by which resources are called. Where a file does not say one, it is the resource's own name in the file.
_CALLED = frozenset(["id", "arn", "name", "identifier", "cluster_identifier", "replication_group_id", "self_link"])


def _of_resource(kind: str, keys: Sequence[Any], scope: Scope) -> Any:
    """An attribute of another resource of the module: ``aws_db_parameter_group.main.name``."""
    written = scope.module.attributes.get(f"{kind}.{keys[0]}")
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
    if unknown := next((value for value in values[:2] if isinstance(value, Unknown)), None):
        return unknown
    if len(values) < 2 or not isinstance(values[0], dict):
        return _unknown(text)
    return values[0].get(str(values[1]), values[2] if len(values) > 2 else _unknown(text))


def _string(text: str, scope: Scope) -> Any:
    value = _same(text, scope)
    return value if isinstance(value, Unknown | dict | list) or value is None else _text(value)


def _encoded(text: str, scope: Scope) -> Any:
    value = _same(text, scope)
    return value if isinstance(value, Unknown) else json.dumps(known_only(value))


def _decoded(text: str, scope: Scope) -> Any:
    value = _same(text, scope)
    if not isinstance(value, str):
        return value if isinstance(value, Unknown) else _unknown(text)
    try:
        values, _ = yamlio.parse_texts(value)
    except yamlio.YamlError:
        return Unknown("a text that is no valid YAML")
    return values[0] if values else None


def _file(text: str, scope: Scope) -> Any:
    value = _same(text, scope)
    if not isinstance(value, str):
        return value if isinstance(value, Unknown) else _unknown(text)
    return _content(value, scope)


def _content(path: str, scope: Scope) -> Any:
    """The text of a file of the checkout, which is asked for if it is not there. Files elsewhere are nobody's."""
    whole = posixpath.normpath(path)
    if whole in scope.checkout.texts:
        return scope.checkout.texts[whole]
    is_inside = whole.startswith(f"{scope.module.path}/") or not whole.startswith(("/", "../"))
    if is_inside and len(whole) <= _LONGEST_PATH and not re.search(r"[\0*?\[]", whole):
        scope.checkout.wanted.append(whole)
    return Unknown("a file that is not here")


def _filled(text: str, scope: Scope) -> Any:
    """``templatefile``: a file, filled in with what is given; what nobody knows stays as it is written."""
    values = _arguments(text, scope)
    if len(values) != 2 or not isinstance(values[0], str) or not isinstance(values[1], dict):
        return _unknown(text)
    content = _content(values[0], scope)
    if isinstance(content, Unknown):
        return content
    return _template(content, replace(_deeper(scope), iterators=values[1]), partly=True)


_FUNCTIONS: Mapping[str, Callable[[str, Scope], Any]] = {
    **dict.fromkeys(("toset", "tolist", "tomap", "tonumber", "tobool", "nonsensitive", "sensitive"), _same),
    **dict.fromkeys(("try", "coalesce"), _first),
    **dict.fromkeys(("jsonencode", "yamlencode"), _encoded),
    **dict.fromkeys(("jsondecode", "yamldecode"), _decoded),
    "file": _file,
    "lookup": _lookup,
    "templatefile": _filled,
    "tostring": _string,
}
