"""The shape of ``devenv.toml``: pydantic models, made from the catalogue for the keys that each kind takes.

The same models check a manifest and give its JSON Schema, so an editor never completes what devenv refuses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictInt, StrictStr, create_model

from devenv.model.kind import Kind, Option

#: A DNS label without two hyphens in a row (which separate names in variables), short enough for a host name.
NAME = r"^[a-z](?:-?[a-z0-9]){0,39}$"
#: Compose's own rule for project names, less what a host name cannot hold.
PROJECT = NAME

Port = Annotated[StrictInt, Field(ge=1, le=65535)]
Scalar = StrictBool | StrictInt | StrictFloat | StrictStr
Command = StrictStr | list[StrictStr]
Name = Annotated[StrictStr, Field(pattern=NAME)]
Variable = Annotated[StrictStr, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
#: Of a container: some servers take settings with dots this way.
ContainerVariable = Annotated[StrictStr, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]*$")]
PortName = Annotated[StrictStr, Field(pattern=r"^[a-z][a-z0-9_]{0,29}$")]


class Shape(BaseModel):
    """No key that is not known, no value of another type than it says."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Open(BaseModel):
    """Keys that devenv does not know pass through."""

    model_config = ConfigDict(extra="allow", strict=True)


class ProjectShape(Shape):
    """Who this is."""

    name: StrictStr = Field(pattern=PROJECT, description="Prefix of containers and volumes; default database name.")
    catalogue: StrictStr = Field(default="", description="A folder of own kinds of service, relative to the manifest.")


class SourceShape(Shape):
    """Where an environment's truth is read: a path, a command, or a server whose address is in a variable."""

    kind: StrictStr = Field(default="", description="What it is, where its content does not tell: terraform-state, …")
    path: StrictStr = Field(default="", description="A file, a folder, or a pattern such as k8s/*.yaml.")
    command: list[StrictStr] = Field(default_factory=list, description="A command that prints it; no shell.")
    url_env: StrictStr = Field(
        default="", pattern=r"^[A-Za-z_][A-Za-z0-9_]*$|^$", description="The variable that holds a server's address."
    )
    service: StrictStr = Field(default="", description="The service of this manifest that it speaks of.")
    env_file: StrictStr = Field(
        default="", description="A file of variables that fills in Compose files, instead of the .env beside them."
    )
    tls_ca: StrictStr = Field(default="", description="A file of certificates that a live server is trusted by.")
    plaintext: StrictBool = Field(default=False, description="Ask a live server without TLS, off this machine too.")


class Environment(Shape):
    """A place where the application runs."""

    sources: list[SourceShape] = Field(default_factory=list, description="Where its truth is read, most trusted first.")


class AcceptanceShape(Shape):
    """A difference from an environment that is meant. It counts no longer for ``devenv sync --check``."""

    finding: StrictStr = Field(
        pattern=r"^[a-z][a-z0-9-]*/[a-z]+\.[^\s/]+$",
        description="The difference, as 'devenv sync --check' names it: production/services.mailpit.",
    )
    reason: StrictStr = Field(min_length=1, description="Why it is meant.")
    until: StrictStr = Field(
        default="",
        pattern=r"^\d{4}-\d\d-\d\d$|^$",
        description='The last day on which it is accepted: until = "2027-03-01".',
    )


class Parity(Shape):
    """Which differences between an environment and this manifest are meant."""

    accept: list[AcceptanceShape] = Field(default_factory=list, description="Differences that are meant.")


class Hooks(Shape):
    """Commands run in the project's folder with the variables of ``[env]``; no shell is involved."""

    post_up: list[Command] = Field(default_factory=list, description="After all services are ready.")


class SeedCommand(Shape):
    """A command that fills a service, run in the project's folder with the variables of ``[env]``; no shell."""

    command: list[StrictStr] = Field(min_length=1, description="The words of a command on this machine.")


class ServiceShape(Shape):
    """The keys that a service of any kind takes."""

    version: StrictStr = Field(default="", description="Production's version, as exact as it is known.")
    variant: StrictStr = Field(
        default="", pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$|^$", description="The image's variant: bookworm, alpine, …"
    )
    image: StrictStr = Field(default="", description="Another image of the same service, with its tag.")
    platform: StrictStr = Field(
        default="",
        pattern=r"^[a-z0-9]+/[a-z0-9]+(/[a-z0-9]+)?$|^$",
        description="The platform to run it for, where that is not this machine's: linux/amd64.",
    )
    port: Port | None = Field(default=None, description="The host port wanted for the service's first port.")
    ports: dict[StrictStr, Port] = Field(default_factory=dict, description="Host ports wanted, by the port's name.")
    settings: dict[StrictStr, Scalar | list[Scalar]] = Field(
        default_factory=dict, description="The server's own settings, named as the server names them."
    )
    environment: dict[ContainerVariable, StrictStr] = Field(
        default_factory=dict, description="Variables of the container."
    )
    follows: StrictStr = Field(default="", alias="from", description="The fact of production this service mirrors.")


class QuestionShape(Shape):
    """How a server is asked from outside whether it serves."""

    port: StrictStr = Field(default="", description="The name of the port to ask; the first of listens unless given.")
    send: StrictStr = Field(
        default="", description="What to send, one byte a character; a server may also speak first."
    )
    expect: StrictStr = Field(description="A regular expression that is found in the answer of a server that serves.")


def service_model(kind: Kind) -> type[BaseModel]:
    """The model of a service of one kind: the common keys and the kind's own options."""
    fields: dict[str, Any] = {
        name: (
            _annotation(option, first=_first_is_used(kind, name)),
            Field(default=option.default, description=option.description),
        )
        for name, option in kind.options.items()
    }
    fields["kind"] = (Literal[kind.name], Field(description=kind.title))
    if kind.version_parts:
        fields["version"] = (StrictStr, Field(description=f"{kind.title}'s version in production."))
    if not kind.repository:
        fields["image"] = (StrictStr, Field(description="The image to run, with its tag."))
    return create_model(f"Service_{kind.name}", __base__=ServiceShape, __doc__=kind.summary, **fields)


def _first_is_used(kind: Kind, option: str) -> bool:
    """Whether a kind's templates take the first of a list, which then must have one."""
    texts = (kind.fragment, *kind.outputs.values(), *kind.templates.values())
    return any(f"options.{option}[0]" in text for text in texts)


def _annotation(option: Option, *, first: bool) -> Any:
    text: Any = Annotated[StrictStr, Field(pattern=option.pattern)] if option.pattern else StrictStr
    annotations: dict[str, Any] = {
        "string": text,
        "integer": StrictInt,
        "boolean": StrictBool,
        "strings": Annotated[list[text], Field(min_length=int(first))],
        "map": dict[StrictStr, text],
        "ports": dict[PortName, Port],
        "question": QuestionShape,
    }
    return annotations[option.type]


def manifest_model(kinds: Mapping[str, Kind]) -> type[BaseModel]:
    """The model of the whole manifest, for the kinds given (all of them for a schema)."""
    service: Any = _any_of([service_model(kind) for kind in kinds.values()]) if kinds else Open
    if len(kinds) > 1:
        service = Annotated[service, Field(discriminator="kind")]
    fields: dict[str, Any] = {
        "requires": (StrictStr, Field(default="", description="The devenv versions that understand it: >=0.1")),
        "project": (ProjectShape, Field(description="Who this is.")),
        "environments": (dict[Name, Environment], Field(default_factory=dict)),
        "services": (dict[Name, service], Field(default_factory=dict)),
        "parity": (Parity, Field(default_factory=dict)),
        "profiles": (
            dict[StrictStr, list[StrictStr]],
            Field(default_factory=dict, description="Named sets of services."),
        ),
        "runtimes": (dict[StrictStr, StrictStr], Field(default_factory=dict, description="Language runtimes.")),
        "env": (
            dict[Variable, StrictStr],
            Field(default_factory=dict, description="The variables that the application reads in production."),
        ),
        "devcontainer": (Open, Field(default_factory=dict, description="For .devcontainer/devcontainer.json.")),
        "seed": (
            dict[StrictStr, list[StrictStr | SeedCommand]],
            Field(default_factory=dict, description="What fresh data is filled with: by service, files and commands."),
        ),
        "hooks": (Hooks, Field(default_factory=dict)),
    }
    return create_model(
        "Manifest", __base__=Shape, __doc__="What production runs, for a developer's machine to run too.", **fields
    )


def _any_of(models: list[type[BaseModel]]) -> Any:
    union: Any = models[0]
    for model in models[1:]:
        union = union | model
    return union


def json_schema(kinds: Mapping[str, Kind], runtimes: Iterable[str]) -> dict[str, Any]:
    """The JSON Schema (2020-12) of ``devenv.toml`` with every kind of the catalogue and every runtime."""
    schema = manifest_model(kinds).model_json_schema(by_alias=True) | {"title": "devenv.toml"}
    schema["properties"]["runtimes"]["propertyNames"] = {"enum": sorted(runtimes)}
    services = schema["properties"]["services"]["patternProperties"]
    schema["properties"]["services"]["patternProperties"] = {name: _by_kind(kinds) for name in services}
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
    return cast("dict[str, Any]", _without_null(whole))


def _by_kind(kinds: Iterable[str]) -> dict[str, Any]:
    """A service: its kind decides which keys it takes, so that an editor complains about the wrong key alone.

    Of an ``anyOf`` it would show what is wrong with the service for each kind that it is not.
    """
    cases = [
        {
            "if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]},
            "then": {"$ref": f"#/$defs/Service_{kind}"},
        }
        for kind in kinds
    ]
    names = {"description": "The kind of service.", "enum": list(kinds)}
    return {"type": "object", "properties": {"kind": names}, "required": ["kind"], "allOf": cases}


def _without_null(schema: Any) -> Any:
    """TOML has no null, so there is none that an editor could complete or show as a default."""
    if isinstance(schema, list):
        return [_without_null(item) for item in schema if item != {"type": "null"}]
    if not isinstance(schema, dict):
        return schema
    kept = {key: _without_null(value) for key, value in schema.items() if (key, value) != ("default", None)}
    choices = kept.pop("anyOf", [])
    return choices[0] | kept if len(choices) == 1 else kept | ({"anyOf": choices} if choices else {})
