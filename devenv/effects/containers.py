"""Single containers: how one is, run something in it, read its last words."""

from __future__ import annotations

import contextlib
import json
import re
import socket
from collections.abc import Mapping, Sequence
from typing import Any

from devenv.effects import engine_socket
from devenv.effects.engine import docker, socket_of
from devenv.effects.engine_questions import PROJECT, SERVICE
from devenv.effects.process import Finished
from devenv.effects.world import World
from devenv.model.observed import Container
from devenv.model.probe import Command


def inspect(world: World, ids: Sequence[str]) -> tuple[Container, ...]:
    """How containers are just now, by id, all asked at once; one that went away meanwhile is left out."""
    if place := socket_of(world):
        with contextlib.suppress(OSError, ValueError), contextlib.ExitStack() as opened:
            asked = [opened.enter_context(engine_socket.ask(place, f"/containers/{item}/json")) for item in ids]
            return tuple(_inspected(entry) for sock in asked if (entry := _entry(sock)))
    done = docker("container", "inspect", *ids) if ids else None
    return tuple(_inspected(entry) for entry in json.loads(done.stdout or "[]")) if done else ()


def _entry(sock: socket.socket) -> Any:
    try:
        return engine_socket.answer(sock)
    except LookupError:
        return None


def _inspected(entry: Mapping[str, Any]) -> Container:
    state, labels = entry["State"], entry["Config"].get("Labels") or {}
    return Container(
        id=entry["Id"],
        name=entry["Name"].removeprefix("/"),
        project=labels.get(PROJECT, ""),
        service=labels.get(SERVICE, ""),
        state=state["Status"],
        health=(state.get("Health") or {}).get("Status", ""),
        exit_code=state.get("ExitCode", 0),
        out_of_memory=bool(state.get("OOMKilled")),
        image=entry["Config"].get("Image", ""),
        limits=_limits(entry["HostConfig"]),
    )


def _limits(host: Mapping[str, Any]) -> dict[str, str]:
    """What ``docker update`` can change, by names for people. The engine says 0 or nothing where there is no limit."""
    restart = host.get("RestartPolicy") or {}
    retries = restart.get("MaximumRetryCount") or 0
    return {
        "memory limit": _size(host.get("Memory")),
        "memory and swap": _size(host.get("MemorySwap")),
        "memory reservation": _size(host.get("MemoryReservation")),
        "CPUs": f"{(host.get('NanoCpus') or 0) / 1e9:g}",
        "CPU quota": str(host.get("CpuQuota") or 0),
        "CPU period": str(host.get("CpuPeriod") or 0),
        "CPU shares": str(host.get("CpuShares") or 0),
        "CPU set": host.get("CpusetCpus") or "all",
        "process limit": str(host.get("PidsLimit") or "none"),
        "restart policy": (restart.get("Name") or "no") + (f":{retries}" if retries else ""),
    }


def _size(count: int | None) -> str:
    """Bytes, in MB where that is exact."""
    if not count:
        return "none"
    if count < 0:
        return "unlimited"
    return f"{count >> 20} MB" if count % (1 << 20) == 0 else f"{count} bytes"


def exists(container: str) -> bool:
    """Whether there is a container of that id, running or not."""
    return docker("container", "inspect", "--format", "{{.Id}}", container).code == 0


def published(container: str) -> dict[int, int]:
    """Container's port -> host's port, of a container that has just been started."""
    done = docker("container", "inspect", "--format", "{{json .NetworkSettings.Ports}}", container)
    ports = json.loads(done.stdout or "{}") or {}
    return {int(name.partition("/")[0]): int(bound[0]["HostPort"]) for name, bound in ports.items() if bound}


def health_command(container: str) -> tuple[str, ...]:
    """The words of a container's own health check, as ``docker exec`` takes them; () if it has none."""
    done = docker("container", "inspect", "--format", "{{json .Config.Healthcheck}}", container)
    try:
        how, *words = (json.loads(done.stdout or "null") or {}).get("Test") or ("NONE",)
    except ValueError:
        return ()
    return {"CMD": tuple(words), "CMD-SHELL": ("/bin/sh", "-c", *words)}.get(how, ())


def execute(container: str, command: Command, *, timeout: float | None = 120) -> Finished:
    """Run a command in a running container. Raises Unreachable if the engine is gone."""
    words = ["exec", *(["--interactive"] if command.input else []), container, *command.argv]
    return docker(*words, input=command.input or None, timeout=timeout)


def version_in(finished: Finished, expect: str) -> str:
    """The group ``version`` of ``expect`` in what a command printed; "" if it is not there."""
    match = re.search(expect, finished.stdout) if expect else None
    return (match.groupdict().get("version") or "") if match else ""


#: What only a terminal understands: colours, the cursor.
_ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b.|[\x00-\x08\x0b-\x1f\x7f]")


def last_lines(container: str, count: int = 12) -> str:
    """The end of what a container has logged since somebody started it: both of its streams in their true order."""
    shape = "{{if not .RestartCount}}{{.State.StartedAt}}{{end}}"
    started = docker("container", "inspect", "--format", shape, container).stdout.strip()
    since = ["--since", started] if started else []
    done = docker("logs", "--timestamps", *since, "--tail", str(count), container)
    lines = sorted((done.stdout + done.stderr).splitlines()) if done.code == 0 else []
    return "\n".join(_ESCAPES.sub("", line.partition(" ")[2]) for line in lines[-count:])
