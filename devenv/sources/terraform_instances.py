"""Blocks of Terraform's configuration -> the resources that they make: ``count``, ``for_each`` and ``dynamic``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from devenv.document import items, table, text_at
from devenv.model.record import record
from devenv.sources.terraform_scope import Scope, Unknown
from devenv.sources.terraform_values import called, evaluated

#: Instances of one block, and entries of a dynamic one.
_MOST = 50
#: Attributes that Terraform itself takes of any block.
_META = frozenset(
    ["count", "for_each", "lifecycle", "provider", "providers", "depends_on", "dynamic", "timeouts", "provisioner"]
)


@record
class Placed:
    """One resource or call of a module: ``called`` is its name where its own attributes say none."""

    address: str
    called: str
    values: Mapping[str, Any]


def instances(kind: str, name: str, body: Mapping[str, Any], scope: Scope) -> Iterator[Placed]:
    """The resources that a block makes. One whose number nobody here knows is there once."""
    address = f"{kind}.{name}"
    for suffix, iterators in _repeated(body, scope):
        inner = replace(scope, iterators={**scope.iterators, **iterators})
        values = _body(body, inner, 0)
        yield Placed(address + suffix, called(body, name, inner), values)


_Repeated = Iterator[tuple[str, Mapping[str, Any]]]


def _repeated(body: Mapping[str, Any], scope: Scope) -> _Repeated:
    """(suffix of the address, iterators) of each instance."""
    if "count" in body:
        count = evaluated(body["count"], scope)
        number = count if isinstance(count, int) else 1
        for index in range(min(number, _MOST)):
            yield (f"[{index}]" if number > 1 else ""), {"count": {"index": index}}
    elif "for_each" in body:
        pairs = _pairs(evaluated(body["for_each"], scope))
        if pairs is None:
            yield "", {}
            return
        for key, value in pairs:
            yield f'["{key}"]', {"each": {"key": key, "value": value}}
    else:
        yield "", {}


def _pairs(value: Any) -> list[tuple[str, Any]] | None:
    """The keys and values that something is repeated for; None where nobody here knows them."""
    if isinstance(value, dict):
        return list(value.items())[:_MOST]
    if isinstance(value, list):
        named = [(text_at(value, index) or str(index), item) for index, item in enumerate(value)]
        return named[:_MOST]
    return None


def _body(body: Mapping[str, Any], scope: Scope, depth: int) -> dict[str, Any]:
    """The attributes of a block, and the blocks within it, those of ``dynamic`` too."""
    values: dict[str, Any] = {}
    for key, value in body.items():
        if key not in _META:
            values[key] = _inner(value, scope, depth)
    for entry in items(body.get("dynamic")):
        for key, block in table(entry).items():
            values[key] = [*items(values.get(key)), *_dynamic(str(key), table(block), scope, depth)]
    return values


def _inner(value: Any, scope: Scope, depth: int) -> Any:
    """A value, or a list of blocks that may hold dynamic ones themselves."""
    if isinstance(value, list) and depth < _MOST and any("dynamic" in table(item) for item in value):
        return [_body(item, scope, depth + 1) if isinstance(item, dict) else evaluated(item, scope) for item in value]
    return evaluated(value, scope)


def _dynamic(label: str, block: Mapping[str, Any], scope: Scope, depth: int) -> list[Any]:
    pairs = _pairs(evaluated(block.get("for_each"), scope))
    iterator = text_at(block, "iterator").removeprefix("${").removesuffix("}") or label
    content = items(block.get("content"))
    made: list[Any] = []
    for key, value in pairs or []:
        inner = replace(scope, iterators={**scope.iterators, iterator: {"key": key, "value": value}})
        made += [_body(item, inner, depth + 1) for item in content if isinstance(item, dict)]
    return [item for item in made if not isinstance(item, Unknown)]
