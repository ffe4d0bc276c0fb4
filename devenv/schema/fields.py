"""What our own models say of a place in a document: which keys can stand there and what they mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

Path = Sequence[str | int]


def model_at(model: type[BaseModel], path: Path, data: Mapping[str, Any]) -> type[BaseModel] | None:
    """The model of the table at ``path``; None where there is none, as in tables of free names."""
    return _descend(model, path, data)[0]


def described(model: type[BaseModel], path: Path, data: Mapping[str, Any]) -> str:
    """What the key at ``path`` means, or what the one above means where it is a free name; "" if nobody said."""
    fields = (_descend(model, path[:length], data)[1] for length in range(len(path), 0, -1))
    return next((field.description or "" for field in fields if field), "")


def _descend(
    model: type[BaseModel], path: Path, data: Mapping[str, Any]
) -> tuple[type[BaseModel] | None, FieldInfo | None]:
    """The model below the last part of ``path``, and the field that part is (None: a free name or an index)."""
    here: type[BaseModel] | None = model
    field = None
    is_free = False
    for index, part in enumerate(path):
        field = None if is_free or here is None else _field(here, part)
        if field is not None:
            fitting = [item for item in _models_in(field.annotation) if _fits(item, path[: index + 2], data)]
            here = fitting[0] if fitting else None
        is_free = field is not None and get_origin(field.annotation) is dict
    return here, field


def field_names(model: type[BaseModel] | None) -> list[str]:
    """The keys that a model knows, in the order in which people write them."""
    if model is None:
        return []
    names = [field.alias or name for name, field in model.model_fields.items()]
    first = ("kind", "version", "variant")
    return sorted(names, key=lambda name: first.index(name) if name in first else len(first))


def _field(model: type[BaseModel], key: str | int) -> FieldInfo | None:
    return next((field for name, field in model.model_fields.items() if (field.alias or name) == key), None)


def _fits(model: type[BaseModel], path: Path, data: Mapping[str, Any]) -> bool:
    """Of the models of services, the one of the kind that the service says it is."""
    if path[0] != "services" or len(path) < 2:
        return True
    return model.__name__ == f"Service_{data['services'][path[1]].get('kind')}" or "kind" not in model.model_fields


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in get_args(annotation) for model in _models_in(argument)]
