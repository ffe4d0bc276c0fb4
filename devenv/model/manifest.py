"""The manifest as values: what the user wrote, defaults not yet filled in."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import field
from typing import Any

from devenv.model.finding import Acceptance
from devenv.model.kind import OptionValue, Value
from devenv.model.record import record
from devenv.model.version import Version

Setting = Value | tuple[Value, ...]
#: In the place of a service's name: what is said is said of ``[runtimes]``.
RUNTIMES = "[runtimes]"


@record
class Service:
    """One ``[services.<name>]``: keys that every kind takes, and ``options``, those that its own kind takes."""

    name: str
    kind: str
    version: Version
    variant: str = ""
    image: str = ""
    platform: str = ""
    port: int | None = None
    ports: Mapping[str, int] = field(default_factory=dict)
    settings: Mapping[str, Setting] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, OptionValue] = field(default_factory=dict)
    follows: str = ""


@record
class Seed:
    """Something that fresh data is filled with: a file, a folder or a pattern of files, or a command on the host."""

    path: str = ""
    command: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.path or shlex.join(self.command)


@record
class Manifest:
    """The whole ``devenv.toml``, or it with ``devenv.local.toml`` laid over it."""

    project: str
    services: Mapping[str, Service] = field(default_factory=dict)
    profiles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    post_up: tuple[tuple[str, ...], ...] = ()
    seed: Mapping[str, tuple[Seed, ...]] = field(default_factory=dict)
    catalogue: str = ""
    environments: Mapping[str, Any] = field(default_factory=dict)
    accepted: tuple[Acceptance, ...] = ()
    runtimes: Mapping[str, str] = field(default_factory=dict)
    devcontainer: Mapping[str, Any] | None = None
