"""A library's complaints about a document in our own words: matched by pydantic's error type, never by its prose."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, time
from typing import Any

from pydantic import BaseModel, ValidationError

from devenv import tomldoc
from devenv.schema.fields import described, field_names, model_at
from devenv.schema.issue import Issue, did_you_mean

Path = tuple[str | int, ...]
Detail = Mapping[str, Any]


def issues_of(model: type[BaseModel], data: Mapping[str, Any]) -> list[Issue]:
    """Everything that is wrong with the shape of ``data``, in the document's order; [] if it fits the model."""
    try:
        model.model_validate(data)
    except ValidationError as error:
        return [_issue(path, details, model, data) for path, details in _places(error.errors(), data)]
    return []


def _places(details: Iterable[Any], data: Mapping[str, Any]) -> list[tuple[Path, list[Detail]]]:
    """The complaints by place. A union complains once for each of its members, about a list and about what is in it."""
    places: dict[Path, list[Detail]] = {}
    for detail in details:
        places.setdefault(_real_path(detail["loc"], data), []).append(detail)
    inner = {path[:length] for path in places for length in range(len(path))}
    return [(path, found) for path, found in places.items() if path not in inner]


def _issue(path: Path, details: list[Detail], model: type[BaseModel], data: Mapping[str, Any]) -> Issue:
    detail = details[0]
    kind, given, context = detail["type"], detail.get("input"), detail.get("ctx", {})
    if kind == "extra_forbidden":
        return Issue(path, "unknown key", _known_keys(path, model, data))
    if kind == "missing":
        return Issue(path, "is missing", _MISSING.get(str(path[-1])) or described(model, path, data))
    if kind == "string_pattern_mismatch":
        if detail["loc"][-1] == "[key]" or path == ("project", "name"):
            return Issue(path, *_bad_name(path, str(given)))
        hint = f"{described(model, path, data)} It must match {context['pattern']}".strip()
        return Issue(path, f"{given!r} cannot stand here", hint)
    if kind in ("greater_than_equal", "less_than_equal"):
        return Issue(path, f"{given} is no port", "ports go from 1 to 65535")
    if kind in ("too_short", "string_too_short"):
        return Issue(path, "must not be empty", described(model, path, data))
    if kind == "literal_error":
        return Issue(path, f"{given!r} is none of {context['expected']}", described(model, path, data))
    wanted = _either([_NOUNS[item["type"]] for item in details if item["type"] in _NOUNS])
    return Issue(
        path, f"must be {wanted}, not {_called(given)}", _remedy(kind, path, given) or described(model, path, data)
    )


_NOUNS = {
    "bool_type": "true or false",
    "string_type": "text",
    "float_type": "a number",
    "int_type": "a whole number",
    "list_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
}
_MISSING = {
    "version": 'say what production runs: version = "…"',
    "project": 'begin the file with [project] and name = "…"',
    "name": 'a short name such as name = "shop"',
    "image": 'say what to run: image = "ghcr.io/org/app:1.4"',
}


def _either(nouns: list[str]) -> str:
    """``text, a number or a list``; a whole number is a number."""
    order = [noun for noun in dict.fromkeys(_NOUNS.values()) if noun in nouns]
    if "a number" in order and "a whole number" in order:
        order.remove("a whole number")
    return " or ".join((", ".join(order[:-1]), order[-1])) if len(order) > 1 else (order or ["of another type"])[0]


def _called(value: object) -> str:
    names = {bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list", dict: "a table"}
    return next((name for sort, name in names.items() if isinstance(value, sort)), "a date or time")


def _remedy(kind: str, path: Path, given: object) -> str:
    """How to write what was probably meant."""
    key = f"{path[-1]} = " if isinstance(path[-1], str) else ""
    if key and path[0] == "services" and path[2:3] == ("settings",) and isinstance(given, dict):
        return f'a name with dots goes in quotes: "{_dotted(str(path[-1]), given)}" = …'
    if kind == "string_type" and isinstance(given, float):
        return f'put it in quotes, as it is written: {key}"{given!s}"'
    if kind == "string_type" and isinstance(given, int | date | time) and not isinstance(given, bool):
        return f'put it in quotes: {key}"{given}"'
    if kind == "list_type" and isinstance(given, str):
        return f'put it in brackets: {key}["{given}"]'
    if (
        kind in ("int_type", "bool_type")
        and isinstance(given, str)
        and (given.isdecimal() or given in ("true", "false"))
    ):
        return f"write it without quotes: {key}{given}"
    if _NOUNS.get(kind) == "a table":
        if isinstance(path[-1], int):
            return _inline_table(path, given)
        return f"begin a table: [{'.'.join(str(part) for part in path)}]"
    return ""


def _inline_table(path: Path, given: object) -> str:
    """What an element of a list is to be, where it can be guessed."""
    if path[0] == "environments" and isinstance(given, str):
        return f'put it in a table: {{ path = "{given}" }}'
    return "put it in a table: { … }"


def _dotted(name: str, below: Mapping[str, Any]) -> str:
    """The name that unquoted dots took apart."""
    inner: Any = below
    while isinstance(inner, Mapping) and inner:
        part, inner = next(iter(inner.items()))
        name = f"{name}.{part}"
    return name


def _bad_name(path: Path, name: str) -> tuple[str, str]:
    """Message and hint for what is not as names of its sort must be."""
    if path[0] == "env" or path[-2:-1] == ("environment",):
        return f"{name!r} cannot be the name of a variable", "letters, digits and _, not beginning with a digit"
    if path[-2:-1] == ("listens",):
        return f"{name!r} cannot be the name of a port", "lower-case letters, digits and _, beginning with a letter"
    hint = "lower-case letters, digits and single hyphens, beginning with a letter, at most 40"
    return f"{name!r} cannot be a name", f"{hint}: it becomes part of host names"


def _real_path(loc: Path, data: Any) -> Path:
    """pydantic's path less what it adds of its own: union members, discriminator values, ``[key]``."""
    path: list[str | int] = []
    here = data
    for index, part in enumerate(loc):
        try:
            here = tomldoc.child(here, part)
            path.append(part)
        except KeyError:
            last = index == len(loc) - 1
            if last and part != "[key]" and isinstance(here, Mapping) and not _is_union_member(part):
                path.append(part)
    return tuple(path)


def _is_union_member(part: str | int) -> bool:
    return isinstance(part, str) and (part.endswith("]") or part in ("str", "int", "float", "bool"))


def _known_keys(path: Path, model: type[BaseModel], data: Mapping[str, Any]) -> str:
    """What could have been meant, and what can stand there."""
    names = field_names(model_at(model, path[:-1], data))
    entry = data["services"][path[1]] if path[0] == "services" and len(path) == 3 else {}
    subject = f"{entry['kind']} takes" if "kind" in entry else "known here"
    return f"{did_you_mean(str(path[-1]), names)} {subject}: {', '.join(names)}".strip()
