"""What a service asks of the machine beyond a container of its own. Packaged kinds ask for nothing; a project's may."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from devenv.model.resolved import ResolvedService
from devenv.targets import compose

#: Keys of a Compose service that can share a namespace with the machine.
_NAMESPACES = ("network_mode", "pid", "ipc", "uts", "userns_mode", "cgroup")
#: Keys whose every entry is a right of its own.
_RIGHTS = ("cap_add", "devices", "security_opt", "device_cgroup_rules", "group_add", "volumes_from")
#: Keys that are a right of their own, whatever they say: programs, files, hardware and the engine of this machine.
_WHOLE = ("provider", "use_api_socket", "extends", "env_file", "label_file", "gpus", "runtime", "cgroup_parent")


def reach(service: ResolvedService, project: str) -> tuple[str, ...]:
    """What it asks for, each as in a Compose file: ``privileged``, ``network_mode: host``, ``volumes: /etc:/etc``."""
    body, _ = compose.entry(project, service, compose.context(project, service))
    return tuple(_asked_for(body))


def _asked_for(body: dict[str, Any]) -> Iterator[str]:
    if body.get("privileged"):
        yield "privileged"
    for key in _NAMESPACES:
        if str(body.get(key, "")).startswith(("host", "container:")):
            yield f"{key}: {body[key]}"
    for key in _WHOLE:
        if body.get(key):
            yield f"{key}: {_text(body[key])}"
    for key in _RIGHTS:
        for value in body.get(key) or ():
            yield f"{key}: {_text(value)}"
    for volume in body.get("volumes") or ():
        if source := _host_path(volume):
            yield f"volumes: {source}"


def _host_path(volume: Any) -> str:
    """What a mount shows of the machine; "" for a volume of the engine's."""
    if isinstance(volume, dict) and volume.get("type") in ("bind", "npipe"):
        return str(volume.get("source", ""))
    source = volume.get("source", "") if isinstance(volume, dict) else str(volume).partition(":")[0]
    return str(source) if str(source).startswith(("/", ".", "~", "$")) else ""


def _text(value: Any) -> str:
    """A value in one line, as YAML takes it."""
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
