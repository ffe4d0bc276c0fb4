"""A kind of service: what one folder of the catalogue says, as values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field, replace
from fnmatch import fnmatchcase
from typing import Any, Literal

from devenv.model.promise import Protocol
from devenv.model.record import record
from devenv.model.version import Version, in_range

#: What an option of a service may hold. ``map`` is a table of strings, ``ports`` one of ports by name,
#: ``question`` a Greeting.
OptionType = Literal["string", "integer", "boolean", "strings", "map", "ports", "question"]
Value = str | int | float | bool
OptionValue = Value | tuple[str, ...] | Mapping[str, Any] | None


@record
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


@record
class DataRule:
    """Where versions in a range keep their data, and what names its format.

    ``format`` is built of ``{major}`` and ``{minor}``: two versions that give the same text can open each other's
    data. ``paths`` are in the container; the first is the data itself.
    """

    versions: str
    format: str
    paths: tuple[str, ...]


@record
class Greeting:
    """How a server is asked, over its published port and in its own protocol, whether it serves.

    ``send`` is a template of characters 0–255, one a byte; ``expect`` is searched in the answer, where one character
    is one byte too. A group named ``version`` in it is the server's version.
    """

    port: str
    expect: str
    send: str = ""


@record
class Exec:
    """A command inside the running container, each word a template; ``input`` names a template file for its stdin.

    ``expect`` is searched in the output; a group named ``version`` in it is the server's version. ``fresh`` is a
    template too: whether the command is needed even where the image has just made new data itself (not blank: it is).
    ``beside`` are the words of the same in a container beside the server, templates of what the service provides.
    ``existing`` names a template file that goes before ``input``: what only data that was there already may need.
    ``at_boot``: the server brings the same about by itself whenever it starts.
    """

    command: tuple[str, ...]
    input: str = ""
    existing: str = ""
    expect: str = ""
    fresh: str = ""
    beside: tuple[str, ...] = ()
    at_boot: bool = False


@record
class Promised:
    """How what the manifest promises inside a server is tried: over a port, in a protocol that devenv speaks.

    ``pages`` are the names of further ports, those that answer HTTP as long as their plugin is enabled.
    """

    port: str
    protocol: Protocol
    pages: tuple[str, ...] = ()


@record
class ReportedSetting:
    """Where a server's answer holds a setting: ``pattern`` has one group, the value. One unit of the manifest's value
    is ``unit`` of the answer's."""

    pattern: str
    unit: int = 1


@record
class SettingsQuestion:
    """How a server is asked for its settings over a published port; it ends the connection after its answer."""

    port: str
    send: str
    answers: Mapping[str, ReportedSetting]


@record
class ConfigFile:
    """A file in the container, rendered from a template of the kind; one that renders to nothing is not there."""

    path: str
    template: str


@record
class SeedRule:
    """How files of some names are loaded: a command in the running container, each word a template, that reads the file
    (or a tar of the folder, for a name that ends with ``/``) on its standard input."""

    files: tuple[str, ...]
    command: tuple[str, ...]


@record
class Build:
    """What makes a derived image necessary: any value in these options that the image does not already hold."""

    dockerfile: str
    options: tuple[str, ...]
    not_on: tuple[str, ...] = ()


@record
class Kind:
    """Everything devenv knows of one kind of service.

    ``versions`` are the series that are said to work, ``tried`` those that devenv's own tests start. A version has
    ``version_parts`` numbers or more, and of those in a range no more than ``version_most`` says. ``version_mirrored``:
    it is to be production's; of a kind that stands in for something else, any will do. ``port_needs`` maps
    a port to the option, and those of its values, one of which it takes for the server to listen there.
    ``usual_variant`` is the variant, by range of versions, where there is no image without one. ``packages`` maps a
    value of a build option to what installs it ("" for what the image already holds), ``preload`` an extension to the
    libraries that must be loaded at the start, in their order and its own last, ``needs`` one to the settings that it
    cannot do without, as templates. ``reserved`` maps a setting that is not the manifest's to decide, or a pattern of
    such, to what to do instead. ``digest`` is over all files of the folder: it changes when the way of running this
    kind does. ``ends`` are exit codes, beside 0 and those of signals, of a server that ended well when it was asked to.
    ``in_place``: a newer server takes over an older one's data by itself; it is said by kinds of a project's own, for
    which devenv knows no better.
    ``effective`` is a command that prints the settings that a server runs with, one a line: name, value and what
    decided it instead of the configuration, with tabs between; or a question over a port.
    ``known_settings`` is a command that has a running server print its settings as ``settings/<series>.txt`` has them,
    ``refused_settings`` one that prints those that its program does not take, one a line: name, tab, why, or nothing
    for a name that it does not have.
    ``lacking`` prints what a server lacks of what the manifest promises, one a line: what ``promised`` cannot try.
    ``tools`` are its client programs in the server's image, by name or by a pattern of paths.
    ``frozen_settings`` and ``frozen_options`` act only on new data; of a setting it says what it is where nobody sets
    it.
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
    port_needs: Mapping[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    version_mirrored: bool = True
    version_most: Mapping[str, int] = field(default_factory=dict)
    usual_variant: Mapping[str, str] = field(default_factory=dict)
    variants: tuple[str, ...] = ()
    known_as: tuple[str, ...] = ()
    options: Mapping[str, Option] = field(default_factory=dict)
    data: tuple[DataRule, ...] = ()
    greeting: Greeting | None = None
    running_version: Exec | None = None
    effective: Exec | SettingsQuestion | None = None
    known_settings: Exec | None = None
    refused_settings: Exec | None = None
    ensure: Exec | None = None
    promised: Promised | None = None
    lacking: Exec | None = None
    client: Exec | None = None
    outputs: Mapping[str, str] = field(default_factory=dict)
    files: tuple[ConfigFile, ...] = ()
    templates: Mapping[str, str] = field(default_factory=dict)
    build: Build | None = None
    packages: Mapping[str, str] = field(default_factory=dict)
    preload: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    needs: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    seed: tuple[SeedRule, ...] = ()
    stop_grace: str = "10s"
    ends: tuple[int, ...] = ()
    in_place: bool = False
    settings: str = ""
    reserved: Mapping[str, str] = field(default_factory=dict)
    frozen_settings: Mapping[str, Value] = field(default_factory=dict)
    frozen_options: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def data_rule(self, version: Version) -> DataRule | None:
        """The first rule whose range holds the version; None for a kind that keeps no data."""
        return next((rule for rule in self.data if in_range(version, rule.versions)), None)

    def serving(self, said: Mapping[str, OptionValue]) -> Kind:
        """The kind with the ports that a server with these options listens on, and the outputs that those give.

        An option that is not said has its default.
        """
        given = {name: said.get(name, option.default) for name, option in self.options.items()}
        off = {
            port
            for port, (option, values) in self.port_needs.items()
            if not isinstance(have := given.get(option), tuple) or not set(values) & set(have)
        }
        if not off:
            return self
        without = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(off)))})_port\b")
        return replace(
            self,
            ports={name: port for name, port in self.ports.items() if name not in off},
            outputs={name: text for name, text in self.outputs.items() if not without.search(text)},
        )

    def variant_of(self, version: Version, said: str) -> str:
        """The variant that a service runs: the one it says, else the one without which there is no image."""
        usual = (variant for spec, variant in self.usual_variant.items() if in_range(version, spec))
        return said or next(usual, "")

    def most_parts(self, version: Version) -> int | None:
        """How many numbers a version can have; None where that is not known."""
        return next((most for spec, most in self.version_most.items() if in_range(version, spec)), None)

    def variant_in(self, version: Version) -> str:
        """The variant of an image that a version's text ends with: ``bookworm`` of ``7.0.15-bookworm``; "" if none."""
        _, _, end = version.text.partition("-")
        return end if any(re.fullmatch(rf"{re.escape(name)}[\d.]*", end) for name in self.variants) else ""

    def instead_of(self, setting: str) -> str:
        """What to do instead of a setting that devenv decides itself; "" for one that is the manifest's to decide."""
        wanted = _same(setting)
        return next((hint for name, hint in self.reserved.items() if fnmatchcase(wanted, _same(name))), "")


def _same(setting: str) -> str:
    """A setting's name as servers compare it; of one letter it is a flag, whose capital means something else."""
    return setting.lower().replace("-", "_") if len(setting) > 1 else setting
