"""What services ask of the machine beyond containers of their own.

Packaged kinds ask for nothing; kinds of the project's own may, and so may ``compose.override.yaml`` and keys of
``[devcontainer]`` that devenv passes on.

Compose has many keys and gets more, so those that stay within the container are listed, and all others are asked for.
The keys are those of https://github.com/compose-spec/compose-spec/blob/main/05-services.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from devenv import yamlwrite
from devenv.model.machine import is_loopback
from devenv.model.resolved import ResolvedService
from devenv.model.text import one_line
from devenv.targets import compose
from devenv.yamlio import Tag

if TYPE_CHECKING:
    from devenv.model.workspace import Workspace

#: Keys of a Compose service that act on its own container alone, whatever they say.
_HARMLESS = frozenset((
    "attach", "cap_drop", "command", "configs", "container_name", "cpu_count", "cpu_percent", "cpu_period",
    "cpu_quota", "cpu_shares", "cpus", "cpuset", "depends_on", "develop", "dns", "dns_opt", "dns_search",
    "domainname", "entrypoint", "environment", "expose", "extra_hosts", "healthcheck", "hostname", "image", "init",
    "labels", "links", "logging", "mac_address", "mem_limit", "mem_reservation", "mem_swappiness", "memswap_limit",
    "networks", "pids_limit", "platform", "profiles", "pull_policy", "read_only", "restart", "scale",
    "secrets", "shm_size", "stdin_open", "stop_grace_period", "stop_signal", "storage_opt", "sysctls", "tmpfs",
    "tty", "ulimits", "user", "working_dir",
))  # fmt: skip
#: Keys that say whose namespace a container has, and what leaves it its own or another service's.
_NAMESPACES = frozenset(("network_mode", "pid", "ipc", "uts", "cgroup"))
_OWN_NAMESPACE = re.compile(r"none|private|shareable|service:[\w.-]+")
#: Keys whose every entry is a right of its own.
_RIGHTS = frozenset(("cap_add", "devices", "security_opt", "device_cgroup_rules", "group_add", "volumes_from"))
#: Keys of devcontainer.json that act in the workspace's container or in the IDE alone
#: (https://containers.dev/implementors/json_reference).
_IN_WORKSPACE = frozenset((
    "containerEnv", "customizations", "forwardPorts", "hostRequirements", "init", "name", "onCreateCommand",
    "otherPortsAttributes", "overrideCommand", "portsAttributes", "postAttachCommand", "postCreateCommand",
    "postStartCommand", "remoteEnv", "secrets", "shutdownAction", "updateContentCommand", "updateRemoteUserUID",
    "userEnvProbe", "waitFor", "workspaceFolder",
))  # fmt: skip
_LOCAL_VARIABLE = re.compile(r"\$\{(?:localEnv|env):(\w+)")
#: What a whole Compose file may say without reaching anything: its parts are looked at one by one.
_PARTS = frozenset(("services", "volumes", "networks", "configs", "secrets"))
_NAMES = frozenset(("name", "version"))
#: Keys of volumes, networks, configs and secrets that lead to nothing that was there before.
_DEFINITION = frozenset(("labels", "internal", "ipam", "attachable", "enable_ipv4", "enable_ipv6", "content"))
_OWN_DRIVERS = ("bridge", "local")
#: The engine's rule for names of volumes; a path is none.
_VOLUME = re.compile(r"[a-zA-Z0-9][\w.-]+")
_SHELL = "variables of this machine"
#: ``$NAME`` and ``${NAME…}``; two dollars are one that means nothing.
_VARIABLE = re.compile(r"\$\$|\$\{?([A-Za-z_]\w*)")
#: ``${NAME:-default}``, whose colon parts nothing.
_REFERENCE = re.compile(r"\$\{[^}]*\}")
#: What ``.devenv/.env`` alone sets: devenv hides the shell's from Compose.
_OWN_VARIABLES = ("DEVENV_", "COMPOSE_")


def reach(service: ResolvedService, project: str) -> tuple[str, ...]:
    """What it asks for, each as in a Compose file: ``privileged: true``, ``network_mode: host``, ``volumes: /:/x``."""
    body, _ = compose.entry(project, service, compose.context(project, service))
    if body.get("build") == compose.build_of(service):
        del body["build"]
    return tuple(_of_service(yamlwrite.without_comments(body)))


def reach_of_file(document: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The same of a whole Compose file, by key: ``services.db``, ``volumes.data``, ``include``."""
    found = {}
    for key, value in _as_compose_reads(document).items():
        if key in _PARTS and isinstance(value, dict):
            for name, body in value.items():
                found[f"{key}.{name}"] = tuple(_of_part(key, body))
        elif value and key not in _NAMES and not key.startswith("x-"):
            found[key] = (_text(value),)
    return {key: rights for key, rights in found.items() if rights}


def reach_of_workspace(workspace: Workspace) -> tuple[str, ...]:
    """What a devcontainer asks for: commands on the machine, mounts, rights, features, variables of the shell."""
    found = [f"{key}: {_text(value)}" for key, value in workspace.passed.items() if value and key not in _IN_WORKSPACE]
    whole = _text([dict(workspace.passed), dict(workspace.commands)])
    if names := sorted(set(_LOCAL_VARIABLE.findall(whole))):
        found.append(f"{_SHELL}: {', '.join(names)}")
    return tuple(found)


def _of_part(kind: str, body: Any) -> Iterator[str]:
    if not isinstance(body, dict):
        if body:
            yield _text(body)
    elif kind == "services":
        yield from _of_service(body)
    else:
        yield from _of_definition(body)


def _of_service(body: Mapping[str, Any]) -> Iterator[str]:
    for key, value in body.items():
        if not value or key in _HARMLESS or str(key).startswith("x-"):
            continue
        if key == "volumes":
            yield from _of_mounts(value)
        elif key == "ports":
            yield from _of_ports(value)
        elif key == "deploy":
            yield from _of_deployment(value)
        elif key in _RIGHTS and isinstance(value, list):
            yield from (f"{key}: {_text(entry)}" for entry in value)
        elif key not in _NAMESPACES or not _OWN_NAMESPACE.fullmatch(str(value)):
            yield f"{key}: {_text(value)}"
    if names := sorted({*_passed_on(body.get("environment")), *_variables(body)}):
        yield f"{_SHELL}: {', '.join(names)}"


def _of_mounts(value: Any) -> Iterator[str]:
    for mount in value if isinstance(value, list) else [value]:
        if not _is_within_engine(mount):
            yield f"volumes: {_text(mount)}"


def _is_within_engine(mount: Any) -> bool:
    """Whether a mount is a volume, an image or an empty folder, not a folder of the machine."""
    if isinstance(mount, dict):
        if mount.get("type") == "volume":
            return _VOLUME.fullmatch(str(mount.get("source", ""))) is not None
        return mount.get("type") in ("tmpfs", "image")
    source, colon, _ = str(mount).partition(":")
    return not colon or _VOLUME.fullmatch(source) is not None


def _of_ports(value: Any) -> Iterator[str]:
    for port in value if isinstance(value, list) else [value]:
        if not _is_on_loopback(port):
            yield f"a port that other machines reach: {_text(port)}"


def _is_on_loopback(port: Any) -> bool:
    """Whether a port is published for this machine alone. Without an address Compose publishes on all of them."""
    if isinstance(port, dict):
        address = str(port.get("host_ip", ""))
    else:
        numbers_alone = _REFERENCE.sub("0", str(port))
        address, _, _ = numbers_alone.rpartition(":")[0].rpartition(":")
    address = address.strip("[]")
    return is_loopback(f"[{address}]")


def _of_deployment(value: Any) -> Iterator[str]:
    """Only hardware is anything of the machine's: ``deploy.resources.reservations.devices``."""
    for key in ("resources", "reservations", "devices"):
        value = value.get(key) if isinstance(value, dict) else None
    if value:
        yield f"deploy: devices: {_text(value)}"


def _of_definition(body: Mapping[str, Any]) -> Iterator[str]:
    """Of a volume, network, config or secret: folders behind drivers, files, what belongs to others."""
    for key, value in body.items():
        if not value or key in _DEFINITION or str(key).startswith("x-"):
            continue
        if key != "driver" or value not in _OWN_DRIVERS:
            yield f"{key}: {_text(value)}"
    if names := sorted(_variables(body)):
        yield f"{_SHELL}: {', '.join(names)}"


def _passed_on(environment: Any) -> set[str]:
    """Variables that a container gets with the value that they have in the shell."""
    if isinstance(environment, dict):
        return {str(name) for name, value in environment.items() if value is None}
    entries = environment if isinstance(environment, list) else []
    return {str(entry) for entry in entries if "=" not in str(entry)}


def _variables(value: Any) -> set[str]:
    """Variables of the shell that Compose fills in."""
    if isinstance(value, dict | list):
        found: set[str] = set()
        for item in value.values() if isinstance(value, dict) else value:
            found |= _variables(item)
        return found
    names = _VARIABLE.findall(value) if isinstance(value, str) else []
    return {name for name in names if name and not name.startswith(_OWN_VARIABLES)}


def _as_compose_reads(value: Any) -> Any:
    """The same without tags. ``!reset`` removes what there was; of any other tag Compose takes the value as it is."""
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, set):
        return {str(key): None for key in value}
    if isinstance(value, list | tuple):
        return [_as_compose_reads(item) for item in value]
    if not isinstance(value, dict):
        return value
    tag = next(iter(value), None)
    if isinstance(tag, Tag):
        return None if tag == "!reset" else _as_compose_reads(value[tag])
    return {str(key): _as_compose_reads(item) for key, item in value.items()}


def _text(value: Any) -> str:
    """A value in one line, as YAML takes it."""
    return one_line(value) if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
