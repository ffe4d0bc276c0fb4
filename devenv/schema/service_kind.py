"""The shape of ``service.toml``, the declaration of a kind of service."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool, StrictInt, StrictStr

from devenv.schema.manifest import Port, Shape


class ImageShape(Shape):
    """``repository`` as people write it (``postgres``, ``quay.io/org/app``); ``tag`` of {version} and nothing else;
    ``usual_variant``: by range of versions, where there is no image without a variant.
    """

    repository: StrictStr = Field(description="The image without its tag: postgres, quay.io/org/app.")
    tag: StrictStr = "{version}"
    variants: list[StrictStr] = Field(default_factory=list)
    usual_variant: dict[StrictStr, StrictStr] = Field(default_factory=dict)
    known_as: list[StrictStr] = Field(default_factory=list)


class VersionShape(Shape):
    """``parts``: how many numbers a version must have for its data format to be known; ``most``: how many it can have,
    by range of versions.

    ``known``: series that are said to work; ``tried``: those of them that our own tests start. ``mirrored``: that it is
    production's matters; of a kind that stands in for something else, any will do.
    """

    parts: StrictInt = 1
    most: dict[StrictStr, StrictInt] = Field(default_factory=dict)
    known: list[StrictStr] = Field(default_factory=list)
    tried: list[StrictStr] = Field(default_factory=list)
    mirrored: StrictBool = True


class PortShape(Shape):
    """A port that the server listens on only with one of some values in an option: a plugin's."""

    port: Port
    needs: dict[StrictStr, list[StrictStr]] = Field(
        min_length=1, max_length=1, description='The option and the values, one of which it takes: { plugins = ["…"] }.'
    )


class OptionShape(Shape):
    type: Literal["string", "integer", "boolean", "strings", "map", "ports", "question"]
    description: StrictStr = Field(description="What the option is for, in a sentence.")
    default: Any = None
    pattern: StrictStr = ""
    known: StrictBool = False
    absent: list[StrictStr] = Field(default_factory=list)


class DataShape(Shape):
    versions: StrictStr = Field(
        default="", description='The versions it is for: ">=7.2, <8"; all of them unless given.'
    )
    format: StrictStr = Field(description="What names the data's format, of {major} and {minor}.")
    paths: Annotated[list[StrictStr], Field(min_length=1, description="Folders in the container, the data first.")]


class ReadyShape(Shape):
    port: StrictStr = Field(description="The name of the port to ask.")
    expect: StrictStr = Field(description="A regular expression found in the answer of a server that serves.")
    send: StrictStr = ""


class ExecShape(Shape):
    command: Annotated[list[StrictStr], Field(min_length=1, description="The words of a command in the container.")]
    input: StrictStr = ""
    expect: StrictStr = ""
    fresh: StrictStr = ""
    beside: list[StrictStr] = Field(default_factory=list, description="The same in a container beside the server.")


class EnsureShape(ExecShape):
    """``existing`` goes before ``input``: what only data that was there already may need.

    ``at_boot``: the server brings the same about by itself whenever it starts.
    """

    existing: StrictStr = ""
    at_boot: StrictBool = False


class PromisedShape(Shape):
    """What the options user, password, users, databases (or vhost and vhosts) and extensions promise is tried."""

    port: StrictStr = Field(description="The name of the port that is tried.")
    protocol: Literal["postgres", "mysql", "amqp", "clickhouse"] = Field(
        description="The protocol that is spoken there."
    )
    pages: list[StrictStr] = Field(default_factory=list, description="Ports of plugins, which answer HTTP.")


class ReportedSettingShape(Shape):
    pattern: StrictStr = Field(description="A regular expression in the answer; its one group is the value.")
    unit: StrictInt = Field(default=1, description="What one unit of the manifest's value is in the answer.")


class SettingsQuestionShape(Shape):
    """A question for the settings, for servers that end the connection after their answer."""

    port: StrictStr = Field(description="The name of the port to ask.")
    send: StrictStr
    answers: dict[StrictStr, ReportedSettingShape] = Field(min_length=1)


class FileShape(Shape):
    template: StrictStr = Field(description="The template's file in the kind's folder.")


class BuildShape(Shape):
    dockerfile: StrictStr = Field(description="The template of what follows FROM, a file in the kind's folder.")
    options: list[StrictStr] = Field(description="The options whose values are installed.")
    not_on: list[StrictStr] = Field(default_factory=list)


class ReservedShape(Shape):
    settings: list[StrictStr] = Field(description="Names of settings that devenv decides, or patterns: listeners.*.")
    instead: StrictStr = Field(description="What to do instead of setting them.")


class SeedShape(Shape):
    files: Annotated[list[StrictStr], Field(min_length=1, description="Patterns of names; a folder's ends with /.")]
    command: Annotated[list[StrictStr], Field(min_length=1, description="What reads such a file in the container.")]


class UpgradeShape(Shape):
    """``in_place``: a newer server takes over the data of an older one when it starts."""

    in_place: StrictBool = Field(description="Whether a newer server takes over an older one's data when it starts.")


class FrozenShape(Shape):
    """What acts only on new data. ``settings`` maps a name, with underscores, to what it is where nobody sets it."""

    settings: dict[StrictStr, StrictInt | StrictStr] = Field(default_factory=dict)
    options: list[StrictStr] = Field(default_factory=list)


class KindShape(Shape):
    """One kind of service. ``outputs`` are templates of what an application needs to know to connect."""

    title: StrictStr = Field(description='What people call it: title = "PostgreSQL".')
    summary: StrictStr = Field(description="What it is, in a sentence.")
    image: ImageShape | None = None
    version: VersionShape = Field(default_factory=VersionShape)
    ports: dict[StrictStr, Port | PortShape] = Field(default_factory=dict)
    options: dict[StrictStr, OptionShape] = Field(default_factory=dict)
    data: list[DataShape] = Field(default_factory=list)
    ready: ReadyShape | None = None
    running_version: ExecShape | None = None
    effective: ExecShape | SettingsQuestionShape | None = Field(
        default=None,
        description="How a server is asked which settings it runs with. A command prints name, value and, where it is "
        "not the configuration, what decided; with tabs between.",
    )
    known_settings: ExecShape | None = Field(
        default=None,
        description="A command that has a running server print its settings, as settings/<series>.txt has them.",
    )
    refused_settings: ExecShape | None = Field(
        default=None,
        description="A command that prints the settings that the server's program refuses, one a line: name, tab, why; "
        "nothing behind the tab says that there is no such setting.",
    )
    ensure: EnsureShape | None = None
    promised: PromisedShape | None = None
    lacking: ExecShape | None = Field(
        default=None, description="A command that prints what the server lacks of what a manifest promises, one a line."
    )
    client: ExecShape | None = None
    outputs: dict[StrictStr, StrictStr] = Field(default_factory=dict)
    files: dict[StrictStr, FileShape] = Field(default_factory=dict)
    build: BuildShape | None = None
    packages: dict[StrictStr, StrictStr] = Field(default_factory=dict)
    preload: dict[StrictStr, StrictStr] = Field(default_factory=dict)
    needs: dict[StrictStr, dict[StrictStr, StrictStr]] = Field(default_factory=dict)
    seed: list[SeedShape] = Field(default_factory=list)
    stop_grace: StrictStr = Field(default="10s", pattern=r"^\d+s$")
    ends: list[StrictInt] = Field(default_factory=list, description="Exit codes of a server that ended well, beside 0.")
    upgrade: UpgradeShape | None = None
    settings: StrictStr = Field(default="", description='How settings reach the server, in a word or two; "": not.')
    reserved: list[ReservedShape] = Field(default_factory=list)
    frozen: FrozenShape = Field(default_factory=FrozenShape)
    notes: list[StrictStr] = Field(default_factory=list)
    tools: list[StrictStr] = Field(default_factory=list, description="Client programs in the server's image.")
