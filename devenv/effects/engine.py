"""Looking at the container engine: what runs, what is kept, what answers. Changes nothing.

All questions are asked at once and before all else, because their answers stand at the beginning of every command: of
the engine's own socket where that is on this machine, else of the docker CLI. What changes something goes through
``effects.compose``.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from devenv.effects import engine_socket
from devenv.effects.engine_questions import (
    CONTAINERS,
    ENGINE,
    IMAGES,
    NETWORKS,
    VOLUMES,
    EngineQuery,
    Table,
    image,
)
from devenv.effects.process import Begun, Finished, begin, pass_through
from devenv.effects.world import World
from devenv.errors import DevenvError, Unreachable
from devenv.model.observed import Container, Engine, ExistingVolume, Observed
from devenv.model.record import record

#: The oldest that the tests run on.
OLDEST_ENGINE = (20, 10)

#: What comes of a socket that is not there, or behind which no engine speaks.
_NO_ANSWER = (OSError, ValueError, LookupError, TypeError, AttributeError)


def docker(
    *words: str,
    timeout: float | None = 60,
    input: str | None = None,
    source: int | None = None,
    sink: int | None = None,
) -> Finished:
    """One docker command. Raises Unreachable when there is no docker or no engine; other failures are returned.

    ``source`` and ``sink`` are file descriptors for what is too large to come through here.
    """
    begun = begin(["docker", *words], asks=input is not None, source=source, sink=sink)
    return ended(begun, timeout=timeout, input=input, foreign=words[0] == "exec")


def docker_on_terminal(*words: str) -> int:
    """One docker command with the user's own streams; its exit code. Raises Unreachable when there is no docker."""
    try:
        return pass_through(["docker", *words])
    except (FileNotFoundError, PermissionError) as error:
        raise no_docker() from error


def no_docker() -> Unreachable:
    """What to say where there is no docker that can be started."""
    return Unreachable("there is no 'docker' on PATH", _NOT_INSTALLED)


def ended(begun: Begun, *, timeout: float | None = 60, input: str | None = None, foreign: bool = False) -> Finished:
    """A docker command that was begun, at its end. Raises as ``docker`` does."""
    try:
        done = begun.end(input=input, timeout=timeout)
    except (FileNotFoundError, PermissionError) as error:
        raise no_docker() from error
    except TimeoutError as error:
        raise Unreachable(f"the container engine does not answer: {error}", _ELSEWHERE) from error
    if done.code != 0 and _is_unreachable(done.stderr, foreign=foreign):
        raise _unreachable(_first_line(done.stderr))
    return done


def _is_unreachable(stderr: str, *, foreign: bool = False) -> bool:
    """No class of error has a code of its own in the CLI; these are all its ways of saying that nobody is there.

    ``foreign``: a program in a container speaks too, of connections of its own.
    """
    text = stderr.lower().strip()
    if foreign:
        return text.removeprefix("error: ").startswith(_NOBODY)
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


#: How the CLI begins to say so.
_NOBODY = (
    "cannot connect to the docker daemon",
    "failed to connect to the docker api",
    "error during connect",
    "permission denied while trying to connect",
)


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "it said nothing")


_ELSEWHERE = (
    "start Docker (Linux: 'sudo systemctl start docker'); DOCKER_HOST or 'docker context use' name another engine"
)
_NOT_INSTALLED = "install Docker Engine, Docker Desktop or Colima; in a devcontainer's workspace: run it on the host"
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


def _table(begun: Begun) -> Table:
    """The lines of a docker command, split at tabs."""
    done = ended(begun)
    if done.code != 0:
        raise DevenvError(f"docker failed: {_first_line(done.stderr)}", "'devenv doctor' looks for the cause")
    return [line.split("\t") for line in done.stdout.splitlines()]


@record
class _Asked:
    """A question on its way: over the engine's socket or by a docker command."""

    question: EngineQuery
    sock: socket.socket | None
    begun: Begun | None

    def table(self) -> Table:
        """The answer, in columns. Raises Unreachable, or DevenvError for a question that was not understood."""
        if self.sock:
            try:
                return self.question.columns(engine_socket.answer(self.sock))
            except _NO_ANSWER:
                pass  # docker says what is the matter, if it does not know better
        return _table(self.begun or begin(["docker", *self.question.words]))


def _ask(question: EngineQuery, place: str) -> _Asked:
    if place:
        try:
            return _Asked(question, engine_socket.ask(place, question.resource), None)
        except OSError:
            pass
    return _Asked(question, None, begin(["docker", *question.words]))


@record
class Looking:
    """Questions that were put to the engine and are being answered. Begin early, ask for ``result`` late."""

    _asked: tuple[_Asked, ...]
    _world: World

    def result(self) -> Observed:
        """Everything the engine has, for all projects. Raises Unreachable."""
        engine, *others = self._asked
        version, platform = engine.table()[0][0].split(" ", 1)
        _check_version(version)  # first of all: one that is too old may not understand the other questions
        containers, volumes, networks = (asked.table() for asked in others)
        host = _host(self._world)
        return Observed(
            Engine(version, platform, host),
            tuple(_listed(row) for row in containers),
            tuple(_existing(row, is_local=not host) for row in volumes),
            networks=frozenset(word for row in networks for word in row),
        )


def _existing(row: Sequence[str], *, is_local: bool) -> ExistingVolume:
    """A line of ``docker volume ls``; ``is_local``: the engine's folders are this machine's."""
    name, folder, *labels, device = row
    bound_to = device if is_bound_elsewhere(name, folder, device, is_local=is_local) else ""
    return replace(ExistingVolume(name, *labels), folder=folder, bound_to=bound_to)


def is_bound_elsewhere(name: str, folder: str, device: str, *, is_local: bool) -> bool:
    """Whether a volume that was bound to its own folder is bound to where that was before the engine's data folder was
    moved or copied. A device with another ending is a folder that somebody chose for it."""
    if device == folder or not device.endswith(f"/volumes/{name}/_data"):
        return False
    return not (is_local and os.path.realpath(device) == os.path.realpath(folder))


def socket_of(world: World) -> str:
    """The path of the engine's socket on this machine; "" where the docker CLI is to be asked."""
    return engine_socket.find(world, _context(world))


def look(world: World) -> Looking:
    """Begin to look; the answers take as long as a program takes to import the rest of itself."""
    place = socket_of(world)
    return Looking(tuple(_ask(question, place) for question in (ENGINE, CONTAINERS, VOLUMES, NETWORKS)), world)


def images(world: World, names: Iterable[str]) -> frozenset[str]:
    """Those of these images, each ``repository:tag`` or ``repository@digest``, that are on the engine's machine."""
    wanted = frozenset(names)
    if place := socket_of(world):
        with contextlib.suppress(OSError, ValueError), contextlib.ExitStack() as opened:
            asked = {name: opened.enter_context(engine_socket.ask(place, image(name))) for name in wanted}
            return frozenset(name for name, sock in asked.items() if _is_there(sock))
    rows = _table(begin(["docker", *IMAGES]))
    return wanted & {f"{name}{sign}{part}" for name, tag, digest in rows for sign, part in ((":", tag), ("@", digest))}


def _is_there(sock: socket.socket) -> bool:
    try:
        engine_socket.answer(sock)
    except LookupError:
        return False
    return True


def containers(world: World) -> tuple[Container, ...]:
    """All containers there are just now, of all projects."""
    return tuple(_listed(row) for row in _ask(CONTAINERS, socket_of(world)).table())


def containers_by_socket(world: World) -> tuple[Container, ...] | None:
    """The same, if the engine's socket answers; None where a docker process would have to be asked."""
    place = socket_of(world)
    if not place:
        return None
    try:
        rows = CONTAINERS.columns(engine_socket.answer(engine_socket.ask(place, CONTAINERS.resource)))
    except _NO_ANSWER:
        return None
    return tuple(_listed(row) for row in rows)


def _check_version(version: str) -> None:
    numbers = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    if numbers and numbers < OLDEST_ENGINE:
        oldest = ".".join(str(part) for part in OLDEST_ENGINE)
        raise Unreachable(f"the container engine is version {version}, too old", f"devenv needs {oldest} or newer")


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


_PUBLISHED = re.compile(r"(?P<address>[^\s,]*):(?P<host>\d+)->(?P<container>\d+)/tcp")
_PAIR = re.compile(r"(\d+):(\d+)")
_PUBLISHED_RANGE = re.compile(r"(?P<address>[^\s,]*):(?P<host>\d+)-(?P<last>\d+)->(?P<container>\d+)-\d+/tcp")


def _listed(row: Sequence[str]) -> Container:
    """A line of ``docker ps``: what an inspection would say more of is only asked of a container that died."""
    identity, name, state, status, image, ports, networks, *labels = row
    project, service, config, version, folder, made, data, workspace, owner, compose_files = labels
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
        root=folder.removesuffix("/.devenv") if folder.endswith("/.devenv") else "",
        ports=_published(ports),
        made_ports={int(inside): int(host) for inside, host in _PAIR.findall(made)},
        data=data,
        workspace=workspace,
        networks=tuple(filter(None, networks.split(","))),
        owner=owner,
        compose_files=tuple(filter(None, compose_files.split(","))),
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
