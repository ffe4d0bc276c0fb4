"""A library's complaints about a document in our own words: matched by pydantic's error type, never by its prose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from devenv import tomldoc
from devenv.schema.issue import Issue, did_you_mean


def issues_of(model: type[BaseModel], data: Mapping[str, Any]) -> list[Issue]:
    """Everything that is wrong with the shape of ``data``, in the document's order; [] if it fits the model."""
    try:
        model.model_validate(data)
    except ValidationError as error:
        return _without_echoes([_issue(detail, data, model) for detail in error.errors()])
    return []


def _without_echoes(issues: list[Issue]) -> list[Issue]:
    """A union complains once for each of its members; one sentence for each place is enough."""
    seen: dict[tuple[str | int, ...], Issue] = {}
    for issue in issues:
        seen.setdefault(issue.path, issue)
    return list(seen.values())


def _issue(detail: Mapping[str, Any], data: Mapping[str, Any], model: type[BaseModel]) -> Issue:
    path = _real_path(detail["loc"], data)
    kind = detail["type"]
    given = detail.get("input")
    if kind == "extra_forbidden":
        return Issue(path, "unknown key", _known_keys(path, detail["loc"], model))
    if kind == "missing":
        return Issue((*path,), "is missing", _MISSING.get(str(path[-1]), ""))
    if kind == "union_tag_not_found":
        return Issue((*path, "kind"), "is missing", "'devenv catalog' lists the kinds")
    if kind == "string_pattern_mismatch":
        return _pattern_issue(path, str(given))
    if kind in ("greater_than_equal", "less_than_equal"):
        return Issue(path, f"{given} is no port", "ports go from 1 to 65535")
    return Issue(path, f"{_EXPECTED.get(kind, 'has the wrong type')}, not {_called(given)}", _remedy(kind, path, given))


_EXPECTED = {
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "float_type": "must be a number",
    "list_type": "must be a list",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
    "literal_error": "must be the name of a kind",
}
_MISSING = {
    "version": 'say what production runs: version = "…"',
    "project": 'begin the file with [project] and name = "…"',
    "name": 'a short name such as name = "shop"',
    "kind": "'devenv catalog' lists the kinds",
}


def _called(value: object) -> str:
    names = {bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list", dict: "a table"}
    return names.get(type(value), "a date or time")


def _remedy(kind: str, path: Sequence[str | int], given: object) -> str:
    if kind == "string_type" and isinstance(given, int | float) and not isinstance(given, bool):
        return (
            f'put it in quotes: {path[-1]} = "{given}"' if isinstance(path[-1], str) else f'put it in quotes: "{given}"'
        )
    if kind == "list_type" and isinstance(given, str):
        return f'put it in brackets: {path[-1]} = ["{given}"]'
    return ""


def _pattern_issue(path: tuple[str | int, ...], given: str) -> Issue:
    """The key itself (pydantic ends its path with ``[key]``) or the value does not look as it must."""
    place = path[0] if path else ""
    if (place == "services" and len(path) == 2) or place in ("project", "environments"):
        hint = (
            "lower-case letters, digits and single hyphens, beginning with a letter, at most 40: it becomes a host name"
        )
        return Issue(path, f"{given!r} cannot be a name", hint)
    if place == "env":
        return Issue(
            path, f"{given!r} cannot be the name of a variable", "letters, digits and _, not beginning with a digit"
        )
    return Issue(path, f"{given!r} is not of the right shape", "")


def _real_path(loc: Sequence[str | int], data: Any) -> tuple[str | int, ...]:
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


def _known_keys(path: tuple[str | int, ...], loc: Sequence[str | int], model: type[BaseModel]) -> str:
    """What could have been meant, and what can stand there."""
    if path[:1] == ("services",) and len(path) == 3:
        kind = str(loc[2])
        names = _field_names(_service_of(model, kind))
        subject = f"{kind} takes"
    else:
        names = _field_names(_model_at(model, path[:-1]))
        subject = "known here"
    meant = did_you_mean(str(path[-1]), names)
    listed = ", ".join(names)
    return f"{meant} {subject}: {listed}".strip() if names else meant


def _service_of(model: type[BaseModel], kind: str) -> type[BaseModel] | None:
    for candidate in _models_in(model.model_fields["services"].annotation):
        if candidate.__name__ == f"Service_{kind}":
            return candidate
    return None


def _model_at(model: type[BaseModel] | None, path: Sequence[str | int]) -> type[BaseModel] | None:
    for part in path:
        if model is None:
            return None
        found = model.model_fields.get(str(part))
        inner = list(_models_in(found.annotation)) if found else []
        model = inner[0] if inner else model if not found else None
    return model


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    from typing import get_args

    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in get_args(annotation) for model in _models_in(argument)]


def _field_names(model: type[BaseModel] | None) -> list[str]:
    if model is None:
        return []
    names = [field.alias or name for name, field in model.model_fields.items()]
    first = ("kind", "version", "variant")
    return sorted(names, key=lambda name: first.index(name) if name in first else len(first))
