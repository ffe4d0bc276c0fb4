"""The shape of ``service.toml``, the declaration of a kind of service."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool, StrictInt, StrictStr

from devenv.schema.manifest import Port, Shape


class ImageShape(Shape):
    """``repository`` as people write it (``postgres``, ``quay.io/org/app``); ``tag`` of {version} and nothing else."""

    repository: StrictStr = Field(description="The image without its tag: postgres, quay.io/org/app.")
    tag: StrictStr = "{version}"
    variants: list[StrictStr] = Field(default_factory=list)
    known_as: list[StrictStr] = Field(default_factory=list)


class VersionShape(Shape):
    """``parts``: how many numbers a version must have for its data format to be known.

    ``known``: series that are said to work; ``tried``: those of them that our own tests start.
    """

    parts: StrictInt = 1
    known: list[StrictStr] = Field(default_factory=list)
    tried: list[StrictStr] = Field(default_factory=list)


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


class FileShape(Shape):
    template: StrictStr = Field(description="The template's file in the kind's folder.")


class BuildShape(Shape):
    dockerfile: StrictStr = Field(description="The template of what follows FROM, a file in the kind's folder.")
    options: list[StrictStr] = Field(description="The options whose values are installed.")
    not_on: list[StrictStr] = Field(default_factory=list)


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
    ports: dict[StrictStr, Port] = Field(default_factory=dict)
    options: dict[StrictStr, OptionShape] = Field(default_factory=dict)
    data: list[DataShape] = Field(default_factory=list)
    ready: ReadyShape | None = None
    running_version: ExecShape | None = None
    ensure: ExecShape | None = None
    client: ExecShape | None = None
    outputs: dict[StrictStr, StrictStr] = Field(default_factory=dict)
    files: dict[StrictStr, FileShape] = Field(default_factory=dict)
    build: BuildShape | None = None
    packages: dict[StrictStr, StrictStr] = Field(default_factory=dict)
    preload: dict[StrictStr, StrictStr] = Field(default_factory=dict)
    stop_grace: StrictStr = Field(default="10s", pattern=r"^\d+s$")
    settings: StrictStr = Field(default="", description='How settings reach the server, in a word or two; "": not.')
    frozen: FrozenShape = Field(default_factory=FrozenShape)
    notes: list[StrictStr] = Field(default_factory=list)
