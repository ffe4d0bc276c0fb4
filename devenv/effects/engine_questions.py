"""What the engine is asked: each question as a docker command that prints columns, and as a resource of the engine's
API whose answer makes the same columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from devenv.model.record import record

PROJECT, SERVICE = "com.docker.compose.project", "com.docker.compose.service"
#: The id of the checkout that made a volume or a container; on volumes also the folder where it was then.
OWNER, ROOT = "devenv.owner", "devenv.root"
#: On a volume of data: the folder that its driver options bind, which the CLI does not list.
DEVICE = "devenv.device"
Table = Sequence[Sequence[str]]


@record
class EngineQuery:
    """``words`` of the docker CLI; ``resource`` of the API; ``columns`` makes of its answer what the CLI prints."""

    words: tuple[str, ...]
    resource: str
    columns: Callable[[Any], Table]


def _shape(columns: Sequence[str], labels: Sequence[str]) -> str:
    return "\t".join((*columns, *(f'{{{{.Label "{label}"}}}}' for label in labels)))


def _labels(entry: Mapping[str, Any], names: Sequence[str]) -> list[str]:
    labels = entry.get("Labels") or {}
    return [labels.get(name, "") for name in names]


ENGINE = EngineQuery(
    ("version", "--format", "{{.Server.Version}} {{.Server.Os}}/{{.Server.Arch}}"),
    "/version",
    lambda said: [[f"{said['Version']} {said['Os']}/{said['Arch']}"]],
)

#: The folder that Compose was told to work in, by whoever started a container.
_FOLDER = "com.docker.compose.project.working_dir"
#: The Compose files that it was made from, with commas between.
_FILES = "com.docker.compose.project.config_files"
_OF_CONTAINERS = (
    *(PROJECT, SERVICE, "devenv.config", "devenv.version", _FOLDER, "devenv.ports", "devenv.data"),
    "devenv.workspace",
    OWNER,
    _FILES,
)


def _container(entry: Mapping[str, Any]) -> list[str]:
    ports = [
        f"{port['IP']}:{port['PublicPort']}->{port['PrivatePort']}/{port['Type']}"
        for port in entry.get("Ports") or ()
        if "PublicPort" in port
    ]
    names = ",".join(name.removeprefix("/") for name in entry["Names"])
    head = [entry["Id"], names, entry["State"], entry["Status"], entry["Image"], ", ".join(ports), _networks(entry)]
    return head + _labels(entry, _OF_CONTAINERS)


def _networks(entry: Mapping[str, Any]) -> str:
    """The ids of a container's networks. One that has never run knows only their names, and one that shares another
    container's network has none of its own."""
    mode = str((entry.get("HostConfig") or {}).get("NetworkMode", ""))
    if mode.startswith("container:"):
        return mode
    joined = (entry.get("NetworkSettings") or {}).get("Networks") or {}
    return ",".join(network.get("NetworkID") or name for name, network in joined.items())


CONTAINERS = EngineQuery(
    (
        *("ps", "--all", "--no-trunc", "--format"),
        _shape(
            ("{{.ID}}", "{{.Names}}", "{{.State}}", "{{.Status}}", "{{.Image}}", "{{.Ports}}", "{{.Networks}}"),
            _OF_CONTAINERS,
        ),
    ),
    "/containers/json?all=1",
    lambda said: [_container(entry) for entry in said],
)

_OF_VOLUMES = (PROJECT, "devenv.service", "devenv.kind", "devenv.format", "devenv.path", OWNER, ROOT)


def _volume(entry: Mapping[str, Any]) -> list[str]:
    device = (entry.get("Options") or {}).get("device", "")
    return [entry["Name"], entry["Mountpoint"], *_labels(entry, _OF_VOLUMES), device]


VOLUMES = EngineQuery(
    ("volume", "ls", "--format", _shape(("{{.Name}}", "{{.Mountpoint}}"), (*_OF_VOLUMES, DEVICE))),
    "/volumes",
    lambda said: sorted(_volume(entry) for entry in said["Volumes"] or ()),
)


NETWORKS = EngineQuery(
    ("network", "ls", "--no-trunc", "--format", "{{.ID}}\t{{.Name}}"),
    "/networks",
    lambda said: [[entry["Id"], entry["Name"]] for entry in said],
)


#: Asked for each image by itself where the API is asked: listing them all takes an engine long.
IMAGES = ("image", "ls", "--digests", "--no-trunc", "--format", "{{.Repository}}\t{{.Tag}}\t{{.Digest}}")


def image(name: str) -> str:
    """The resource that is there if an image is."""
    return f"/images/{quote(name, safe='/:@')}/json"
