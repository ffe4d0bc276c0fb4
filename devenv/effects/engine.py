"""Looking at the container engine: what runs, what is kept, what answers. Asks the docker CLI, changes nothing.

The CLI is asked directly, all questions at once, because these answers stand at the beginning of every command;
what changes something goes through ``effects.compose``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

from devenv.effects.process import Finished, run
from devenv.errors import DevenvError, Unreachable
from devenv.model.observed import Container, Engine, ExistingVolume, Observed

#: Engine API 1.40 (19.03) is the oldest on which Compose's file format 3.8 features we render all work.
OLDEST_ENGINE = (20, 10)
_PROJECT, _SERVICE = "com.docker.compose.project", "com.docker.compose.service"


def docker(*words: str, timeout: float | None = 60, input: str | None = None) -> Finished:
    """One docker command. Raises Unreachable when there is no docker or no engine; other failures are returned."""
    try:
        done = run(["docker", *words], timeout=timeout, input=input)
    except FileNotFoundError as error:
        raise Unreachable("there is no 'docker' on PATH", "install Docker Engine, Docker Desktop or Colima") from error
    except TimeoutError as error:
        raise Unreachable(
            f"the container engine did not answer: {error}", "'devenv doctor' looks for the cause"
        ) from error
    if done.code != 0 and _is_unreachable(done.stderr):
        raise Unreachable(f"the container engine does not answer: {_first_line(done.stderr)}", _start_hint())
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
        )
    )


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "it said nothing")


def _start_hint() -> str:
    return "start Docker (Linux: 'sudo systemctl start docker'), or choose another engine: 'docker context use NAME'"


def look() -> Observed:
    """Everything the engine has, for all projects. Raises Unreachable."""
    questions: list[Callable[[], Any]] = [_engine, _containers, _volumes, _images]
    with ThreadPoolExecutor(len(questions)) as pool:
        engine, containers, volumes, images = [answer.result() for answer in [pool.submit(ask) for ask in questions]]
    _check_version(engine)
    return Observed(engine=engine, containers=containers, volumes=volumes, images=images)


def _check_version(engine: Engine) -> None:
    numbers = tuple(int(part) for part in re.findall(r"\d+", engine.version)[:2])
    if numbers and numbers < OLDEST_ENGINE:
        oldest = ".".join(str(part) for part in OLDEST_ENGINE)
        raise Unreachable(
            f"the container engine is version {engine.version}, too old", f"devenv needs {oldest} or newer"
        )


def _engine() -> Engine:
    done = _checked(docker("version", "--format", "{{json .Server}}"))
    server = json.loads(done.stdout)
    return Engine(
        version=server.get("Version", ""), platform=f"{server.get('Os', '')}/{server.get('Arch', '')}", host=_host()
    )


def _host() -> str:
    """Where the engine runs: "" for this machine. DOCKER_HOST and contexts are both answered by the CLI."""
    done = docker("context", "inspect", "--format", "{{.Endpoints.docker.Host}}")
    url = urlsplit(done.stdout.strip() if done.code == 0 else "")
    if url.scheme not in ("tcp", "ssh", "http", "https") or url.hostname in (None, "localhost", "127.0.0.1", "::1"):
        return ""
    return str(url.hostname)


def _checked(done: Finished) -> Finished:
    if done.code != 0:
        raise DevenvError(f"docker failed: {_first_line(done.stderr)}", "'devenv doctor' looks for the cause")
    return done


def _containers() -> tuple[Container, ...]:
    ids = _checked(docker("ps", "--all", "--quiet", "--no-trunc")).stdout.split()
    return inspect(ids)


def inspect(ids: Sequence[str]) -> tuple[Container, ...]:
    """Containers by id; one that went away meanwhile is left out."""
    if not ids:
        return ()
    done = docker("container", "inspect", *ids)
    return tuple(_container(entry) for entry in json.loads(done.stdout or "[]"))


def _container(entry: Mapping[str, Any]) -> Container:
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
        config=labels.get("devenv.config", ""),
        version=labels.get("devenv.version", ""),
        root=labels.get("devenv.root", ""),
        ports=_ports(entry),
        started=state.get("StartedAt", ""),
    )


def _ports(entry: Mapping[str, Any]) -> dict[int, tuple[str, int]]:
    """Published ports; of a stopped container those that it would publish."""
    bound = (entry.get("NetworkSettings") or {}).get("Ports") or (entry["HostConfig"].get("PortBindings") or {})
    ports = {}
    for inside, places in bound.items():
        number, _, protocol = inside.partition("/")
        for place in places or ():
            if protocol == "tcp" and place.get("HostPort"):
                ports[int(number)] = (place.get("HostIp", ""), int(place["HostPort"]))
    return ports


def _volumes() -> tuple[ExistingVolume, ...]:
    lines = _checked(docker("volume", "ls", "--format", "{{json .}}")).stdout.splitlines()
    return tuple(_volume(json.loads(line)) for line in lines)


def _volume(entry: Mapping[str, str]) -> ExistingVolume:
    labels = dict(pair.partition("=")[::2] for pair in entry.get("Labels", "").split(","))
    return ExistingVolume(
        name=entry["Name"],
        project=labels.get(_PROJECT, ""),
        service=labels.get("devenv.service", ""),
        kind=labels.get("devenv.kind", ""),
        format=labels.get("devenv.format", ""),
        path=labels.get("devenv.path", ""),
    )


def _images() -> frozenset[str]:
    """Local image names: ``repository:tag`` and ``repository@digest``."""
    shape = "{{.Repository}}\t{{.Tag}}\t{{.Digest}}"
    names = set()
    for line in _checked(docker("image", "ls", "--digests", "--no-trunc", "--format", shape)).stdout.splitlines():
        repository, tag, digest = line.split("\t")
        names |= {f"{repository}:{tag}", f"{repository}@{digest}"}
    return frozenset(names)
