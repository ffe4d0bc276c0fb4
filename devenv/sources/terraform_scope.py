"""What expressions of Terraform's configuration may name: modules, their variables, files of the checkout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from devenv.model.record import record


@record
class Unknown:
    """The value of an expression that these files do not say; ``name`` is what it depends on."""

    name: str


@record
class Call:
    """A module of this checkout that another one calls: its folder, and what it is given."""

    path: str
    arguments: Mapping[str, Any]


@record
class Module:
    """What the files of one folder say, nothing of it worked out. ``attributes`` are those of its resources by their
    ``TYPE.NAME``; ``calls`` are by name."""

    path: str
    variables: Mapping[str, Any]
    locals: Mapping[str, Any]
    attributes: Mapping[str, Mapping[str, Any]]
    outputs: Mapping[str, Any]
    calls: Mapping[str, Call]


@record
class Checkout:
    """All modules by their folder, and the texts of other files by their path; ``wanted`` collects the paths of those
    files that expressions name and that are not among them."""

    modules: Mapping[str, Module]
    texts: Mapping[str, str]
    wanted: list[str] = field(default_factory=list)


@record
class Scope:
    """What names mean in one module: ``variables`` are its own with what its caller gives it; ``iterators`` are
    ``each``, ``count``, what ``dynamic`` blocks name, and what a template is given."""

    checkout: Checkout
    module: Module
    variables: Mapping[str, Any]
    iterators: Mapping[str, Any] = field(default_factory=dict)
    depth: int = 0
    #: How many values were evaluated so far, in the only item.
    spent: list[int] = field(default_factory=lambda: [0])
