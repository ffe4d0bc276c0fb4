"""A kind of service: what one folder of the catalogue says, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from devenv.model.version import Version, in_range

#: What an option of a service may hold. ``map`` is a table of strings, ``ports`` one of ports by name,
#: ``question`` a Greeting.
OptionType = Literal["string", "integer", "boolean", "strings", "map", "ports", "question"]
Value = str | int | float | bool
OptionValue = Value | tuple[str, ...] | Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Option:
    """A key that services of this kind take beside those that all services take.

    ``default`` may name the project (``{{ project }}``). ``pattern`` is a regular expression for each string in it.
    ``known`` says that its values must be keys of the kind's ``packages``; ``absent`` are names that production may
    have and that the image lacks.
    """

    name: str
    type: OptionType
    description: str
    default: OptionValue = None
    pattern: str = ""
    known: bool = False
    absent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DataRule:
    """Where versions in a range keep their data, and what names its format.

    ``format`` is built of ``{major}`` and ``{minor}``: two versions that give the same text can open each other's
    data. ``paths`` are in the container; the first is the data itself.
    """

    versions: str
    format: str
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Greeting:
    """How a server is asked, over its published port and in its own protocol, whether it serves.

    ``send`` is a template of characters 0–255, one a byte; ``expect`` is searched in the answer, where one character
    is one byte too. A group named ``version`` in it is the server's version.
    """

    port: str
    expect: str
    send: str = ""


@dataclass(frozen=True, slots=True)
class Exec:
    """A command inside the running container, each word a template; ``input`` names a template file for its stdin.

    ``expect`` is searched in the output; a group named ``version`` in it is the server's version. ``fresh`` is a
    template too: whether the command is needed even where the image has just made new data itself (not blank: it is).
    """

    command: tuple[str, ...]
    input: str = ""
    expect: str = ""
    fresh: str = ""


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """A file in the container, rendered from a template of the kind; one that renders to nothing is not there."""

    path: str
    template: str


@dataclass(frozen=True, slots=True)
class Build:
    """What makes a derived image necessary: any value in these options that the image does not already hold."""

    dockerfile: str
    options: tuple[str, ...]
    not_on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kind:
    """Everything devenv knows of one kind of service.

    ``versions`` are the series that are said to work, ``tried`` those that devenv's own tests start. ``packages`` maps
    a value of a build option to what installs it ("" for what the image already holds). ``digest`` is over all files
    of the folder: it changes when the way of running this kind does. ``frozen_settings`` and ``frozen_options`` act
    only on new data; of a setting it says what it is where nobody sets it.
    """

    name: str
    title: str
    summary: str
    repository: str
    tag: str
    versions: tuple[str, ...]
    version_parts: int
    ports: Mapping[str, int]
    fragment: str
    digest: str
    tried: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()
    known_as: tuple[str, ...] = ()
    options: Mapping[str, Option] = field(default_factory=dict)
    data: tuple[DataRule, ...] = ()
    greeting: Greeting | None = None
    running_version: Exec | None = None
    ensure: Exec | None = None
    client: Exec | None = None
    outputs: Mapping[str, str] = field(default_factory=dict)
    files: tuple[ConfigFile, ...] = ()
    templates: Mapping[str, str] = field(default_factory=dict)
    build: Build | None = None
    packages: Mapping[str, str] = field(default_factory=dict)
    preload: Mapping[str, str] = field(default_factory=dict)
    stop_grace: str = "10s"
    settings: str = ""
    frozen_settings: Mapping[str, Value] = field(default_factory=dict)
    frozen_options: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def data_rule(self, version: Version) -> DataRule | None:
        """The first rule whose range holds the version; None for a kind that keeps no data."""
        return next((rule for rule in self.data if in_range(version, rule.versions)), None)
