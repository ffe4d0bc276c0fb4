"""The Compose file of a workbench: the servers that an upgrade needs, rendered as the project's own are, without
published ports, on a network that leads nowhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from devenv import yamlwrite
from devenv.model.file import File
from devenv.model.upgrade import LABEL, Server
from devenv.targets import compose

PATH = "compose.yaml"
#: A server that is told to leave nothing half done may need long to end, and nobody waits for it but the upgrade.
_GRACE = "1800s"
#: An internal network publishes nothing; this one lets answers out to this machine and nothing to anywhere else.
_ASKED = {"driver_opts": {"com.docker.network.bridge.enable_ip_masquerade": "false"}}


def files(project: str, servers: Sequence[Server], volumes: Mapping[str, str], *, name: str) -> tuple[File, ...]:
    """The Compose file and the Dockerfiles of images that must be derived.

    ``volumes`` maps roles to names of volumes that are there; ``name`` is the Compose project's.
    """
    network = _ASKED if any(server.asked or server.published for server in servers) else {"internal": True}
    document: dict[str, Any] = {"name": name, "services": {}, "networks": {"default": network}}
    configs: dict[str, Any] = {}
    built = []
    for server in servers:
        values = compose.context(project, server.service)
        body, own = compose.entry(project, server.service, values)
        document["services"][server.name] = _body(body, server, name)
        configs |= {f"{server.name}-{key}": value for key, value in own.items()}
        if server.service.build:
            body["build"]["context"] = f"./{server.name}"
            built.append(compose.dockerfile(server.service, values, f"{server.name}/Dockerfile", ""))
    document["volumes"] = {role: {"external": True, "name": volume} for role, volume in volumes.items()}
    if configs:
        document["configs"] = configs
    return (File(PATH, yamlwrite.dump(document), mode=0o600), *built)


def _body(body: dict[str, Any], server: Server, name: str) -> dict[str, Any]:
    """The service's own body, made to serve nobody but the upgrade."""
    body.pop("ports", None)
    if server.published:
        body["ports"] = [f"127.0.0.1::{port.container}" for port in server.service.ports]
    elif server.asked:
        body["ports"] = [f"127.0.0.1::{server.asked.port}"]
    body["labels"] = {LABEL: name}
    body["stop_grace_period"] = _GRACE
    body["volumes"] = [f"{role}:{path}" for path, role in server.mounts.items()]
    body["command"] = [*body.get("command", []), *server.flags]
    if not body["command"]:
        del body["command"]
    if server.environment:
        body["environment"] = body.get("environment", {}) | dict(server.environment)
    if "configs" in body:
        body["configs"] = [mount | {"source": f"{server.name}-{mount['source']}"} for mount in body["configs"]]
    if server.idle:
        body |= {"entrypoint": ["sleep", "1000000"], "command": [], "user": "0", "init": True}
        body.pop("healthcheck", None)
    return body
