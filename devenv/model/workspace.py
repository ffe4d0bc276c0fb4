"""Where an IDE works: a container beside the services, with production's runtimes and the servers' own client tools."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from devenv.model.image import ImageRef
from devenv.model.record import record


@record
class Runtime:
    """A language's official image: ``tag`` holds ``{version}`` and ``{system}``, the release of Debian below it.

    ``folders`` are all that another image needs of it; () for one that only its own image can hold. ``path`` and
    ``environment`` are what must be set there. ``version`` is a command that prints it.
    """

    name: str
    title: str
    repository: str
    tag: str
    version: tuple[str, ...]
    folders: tuple[str, ...] = ()
    path: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


@record
class Installed:
    """A runtime at production's version, and the image that it comes from."""

    runtime: Runtime
    version: str
    image: ImageRef


@record
class Workspace:
    """One devcontainer: ``name`` is "" for the project's own, ``folder`` where its files are, ``service`` what it is
    called among the services.

    ``base`` is the image below; ``runtimes`` are all, also the one that the base brings. ``services`` are those that
    it works with. ``devenv`` is what pip installs to have devenv in there, "" for nothing. ``commands`` maps a moment
    of its life to what runs then. ``passed`` are keys of devcontainer.json that are none of devenv's business.
    """

    name: str
    folder: str
    service: str
    base: ImageRef
    runtimes: tuple[Installed, ...]
    services: tuple[str, ...]
    packages: tuple[str, ...]
    locale: str
    user: str
    platform: str
    devenv: str
    extensions: tuple[str, ...]
    settings: Mapping[str, Any]
    jetbrains: Mapping[str, Any]
    commands: Mapping[str, tuple[str, ...]]
    passed: Mapping[str, Any]

    @property
    def brought(self) -> tuple[Installed, ...]:
        """The runtimes that are copied into the base: one that only its own image can hold is there, or not at all."""
        return tuple(item for item in self.runtimes if item.image != self.base and item.runtime.folders)

    @property
    def images(self) -> tuple[ImageRef, ...]:
        return (self.base, *(item.image for item in self.brought))
