"""Looking at the container engine: what runs, what is kept, what answers. Asks the docker CLI, changes nothing.

The CLI is asked directly, all questions at once, because these answers stand at the beginning of every command;
what changes something goes through ``effects.compose``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from devenv.effects.process import Begun, Finished, begin
from devenv.effects.world import World
from devenv.errors import DevenvError, Unreachable
from devenv.model.observed import Container, Engine, ExistingVolume, Observed

#: Engine API 1.40 (19.03) is the oldest on which Compose's file format 3.8 features we render all work.
OLDEST_ENGINE = (20, 10)
_PROJECT, _SERVICE = "com.docker.compose.project", "com.docker.compose.service"


def docker(*words: str, timeout: float | None = 60, input: str | None = None) -> Finished:
    """One docker command. Raises Unreachable when there is no docker or no engine; other failures are returned."""
    return _ended(begin(["docker", *words], asks=input is not None), timeout=timeout, input=input)


def _ended(begun: Begun, *, timeout: float | None = 60, input: str | None = None) -> Finished:
    try:
        done = begun.end(input=input, timeout=timeout)
    except (FileNotFoundError, PermissionError) as error:
        raise Unreachable("there is no 'docker' on PATH", "install Docker Engine, Docker Desktop or Colima") from error
    except TimeoutError as error:
        raise Unreachable(f"the container engine does not answer: {error}", _ELSEWHERE) from error
    if done.code != 0 and _is_unreachable(done.stderr):
        raise _unreachable(_first_line(done.stderr))
    return done


def _is_unreachable(stderr: str) -> bool:
    """No class of error has a code of its own in the CLI; these are all its ways of saying that nobody is there."""
    text = stderr.lower()
    return any(
        sign in text
        for sign in (
            "cannot connect to the docker daemon",
            "failed to connect to the docker api",
            "error during connect",
            "permission denied while trying to connect",
            "connection refused",
            "is the docker daemon running",
            "context not found",
            "http request to an https server",
        )
    )


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "it said nothing")


_ELSEWHERE = (
    "start Docker (Linux: 'sudo systemctl start docker'); DOCKER_HOST or 'docker context use' name another engine"
)
_REMEDIES = (
    (
        "permission denied",
        "you may not talk to the container engine",
        "Linux: 'sudo usermod -aG docker $USER', then log in anew",
    ),
    (
        "context not found",
        "the Docker context is not there",
        "'docker context ls' shows those that are, 'docker context use' chooses",
    ),
    ("", "the container engine does not answer", _ELSEWHERE),
)


def _unreachable(said: str) -> Unreachable:
    sentence, hint = next((sentence, hint) for sign, sentence, hint in _REMEDIES if sign in said.lower())
    return Unreachable(f"{sentence}: {said.removesuffix(' Is the docker daemon running?')}", hint)


@dataclass(frozen=True, slots=True)
class Looking:
    """Questions that were put to the engine and are being answered. Begin early, ask for ``result`` late."""

    _begun: tuple[Begun, ...]
    _world: World

    def result(self) -> Observed:
        """Everything the engine has, for all projects. Raises Unreachable."""
        engine, *others = self._begun
        version, platform = _engine(_table(engine))
        _check_version(version)  # first of all: one that is too old may not understand the other questions
        containers, volumes, *images = (_table(answer) for answer in others)
        return Observed(
            Engine(version, platform, _host(self._world)),
            tuple(_listed(row) for row in containers),
            tuple(ExistingVolume(*row) for row in volumes),
            _names(images[0] if images else ()),
        )


def look(world: World, *, images: bool = True) -> Looking:
    """Begin to look; the answers take as long as a program takes to import the rest of itself.

    ``images``: whether local images are wanted too; without them the result has none.
    """
    questions = (_ENGINE, _CONTAINERS, _VOLUMES, *((_IMAGES,) if images else ()))
    return Looking(tuple(begin(["docker", *question]) for question in questions), world)


def _check_version(version: str) -> None:
    numbers = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    if numbers and numbers < OLDEST_ENGINE:
        oldest = ".".join(str(part) for part in OLDEST_ENGINE)
        raise Unreachable(f"the container engine is version {version}, too old", f"devenv needs {oldest} or newer")


_ENGINE = ("version", "--format", "{{.Server.Version}} {{.Server.Os}}/{{.Server.Arch}}")


def _engine(table: Sequence[Sequence[str]]) -> tuple[str, str]:
    """Version and platform of the engine."""
    words = table[0][0].split()
    return words[0], words[-1]


def _host(world: World) -> str:
    """Where the engine runs: "" for this machine. As the docker CLI finds it: DOCKER_HOST, then the context."""
    address = world.env.get("DOCKER_HOST", "")
    if not address and _context(world) not in ("", "default"):
        done = docker("context", "inspect", "--format", "{{.Endpoints.docker.Host}}")
        address = done.stdout.strip() if done.code == 0 else ""
    url = urlsplit(address)
    if url.scheme not in ("tcp", "ssh", "http", "https") or url.hostname in (None, "localhost", "127.0.0.1", "::1"):
        return ""
    return str(url.hostname)


def _context(world: World) -> str:
    """The name of the CLI's context, read from its own configuration: asking the CLI costs a process."""
    if world.env.get("DOCKER_CONTEXT"):
        return world.env["DOCKER_CONTEXT"]
    folder = Path(world.env.get("DOCKER_CONFIG") or world.home / ".docker")
    try:
        value = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("currentContext", "")
    except (OSError, ValueError, AttributeError):
        return ""
    return str(value)


def _table(question: Begun) -> list[list[str]]:
    """The lines of one docker command, split at tabs."""
    done = _ended(question)
    if done.code != 0:
        raise DevenvError(f"docker failed: {_first_line(done.stderr)}", "'devenv doctor' looks for the cause")
    return [line.split("\t") for line in done.stdout.splitlines()]


_CONTAINER_LABELS = (_PROJECT, _SERVICE, "devenv.config", "devenv.version", "devenv.root", "devenv.ports")
_CONTAINER_COLUMNS = ("{{.ID}}", "{{.Names}}", "{{.State}}", "{{.Status}}", "{{.Image}}", "{{.Ports}}")
_PUBLISHED = re.compile(r"(?P<address>[^\s,]*):(?P<host>\d+)->(?P<container>\d+)/tcp")
_PAIR = re.compile(r"(\d+):(\d+)")
_PUBLISHED_RANGE = re.compile(r"(?P<address>[^\s,]*):(?P<host>\d+)-(?P<last>\d+)->(?P<container>\d+)-\d+/tcp")


def _shape(columns: Sequence[str], labels: Sequence[str]) -> str:
    return "\t".join((*columns, *(f'{{{{.Label "{label}"}}}}' for label in labels)))


_CONTAINERS = ("ps", "--all", "--no-trunc", "--format", _shape(_CONTAINER_COLUMNS, _CONTAINER_LABELS))


def containers() -> tuple[Container, ...]:
    """All containers there are just now, of all projects."""
    return tuple(_listed(row) for row in _table(begin(["docker", *_CONTAINERS])))


def _listed(row: Sequence[str]) -> Container:
    """A line of ``docker ps``: what an inspection would say more of is only asked of a container that died."""
    identity, name, state, status, image, ports, project, service, config, version, root, made = row
    health = re.search(r"\((healthy|unhealthy|health: starting)\)", status)
    code = re.match(r"Exited \((\d+)\)", status)
    return Container(
        id=identity,
        name=name,
        project=project,
        service=service,
        state=state,
        health=health[1].removeprefix("health: ") if health else "",
        exit_code=int(code[1]) if code else 0,
        image=image,
        config=config,
        version=version,
        root=root,
        ports=_published(ports),
        made_ports={int(inside): int(host) for inside, host in _PAIR.findall(made)},
    )


def _published(text: str) -> dict[int, tuple[str, int]]:
    """``127.0.0.1:5432->5432/tcp, :::8000-8001->80-81/tcp``: container's port -> (address, host port)."""
    ports = {}
    for match in _PUBLISHED.finditer(text):
        ports[int(match["container"])] = (match["address"], int(match["host"]))
    for match in _PUBLISHED_RANGE.finditer(text):
        first = int(match["host"])
        for offset in range(int(match["last"]) - first + 1):
            ports[int(match["container"]) + offset] = (match["address"], first + offset)
    return ports


def inspect(ids: Sequence[str]) -> tuple[Container, ...]:
    """How containers are just now, by id; one that went away meanwhile is left out."""
    if not ids:
        return ()
    done = docker("container", "inspect", *ids)
    return tuple(_inspected(entry) for entry in json.loads(done.stdout or "[]"))


def _inspected(entry: Mapping[str, Any]) -> Container:
    state, labels = entry["State"], entry["Config"].get("Labels") or {}
    return Container(
        id=entry["Id"],
        name=entry["Name"].removeprefix("/"),
        project=labels.get(_PROJECT, ""),
        service=labels.get(_SERVICE, ""),
        state=state["Status"],
        health=(state.get("Health") or {}).get("Status", ""),
        exit_code=state.get("ExitCode", 0),
        out_of_memory=bool(state.get("OOMKilled")),
        image=entry["Config"].get("Image", ""),
    )


def health_command(container: str) -> tuple[str, ...]:
    """The words of a container's own health check, as ``docker exec`` takes them; () if it has none."""
    done = docker("container", "inspect", "--format", "{{json .Config.Healthcheck}}", container)
    try:
        how, *words = (json.loads(done.stdout or "null") or {}).get("Test") or ("NONE",)
    except ValueError:
        return ()
    return {"CMD": tuple(words), "CMD-SHELL": ("/bin/sh", "-c", *words)}.get(how, ())


_VOLUME_LABELS = (_PROJECT, "devenv.service", "devenv.kind", "devenv.format", "devenv.path")


_VOLUMES = ("volume", "ls", "--format", _shape(("{{.Name}}",), _VOLUME_LABELS))
_IMAGES = ("image", "ls", "--digests", "--no-trunc", "--format", "{{.Repository}}\t{{.Tag}}\t{{.Digest}}")


def _names(table: Sequence[Sequence[str]]) -> frozenset[str]:
    """Local image names: ``repository:tag`` and ``repository@digest``."""
    names = set()
    for repository, tag, digest in table:
        names |= {f"{repository}:{tag}", f"{repository}@{digest}"}
    return frozenset(names)
