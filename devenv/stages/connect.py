"""What an application needs to know to connect: the outputs of services, and the variables of ``[env]``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from devenv.errors import ManifestError
from devenv.model.machine import Machine
from devenv.model.manifest import Manifest
from devenv.model.problem import Problem
from devenv.model.resolved import Resolved, ResolvedService
from devenv.references import references, substitute


def outputs(service: ResolvedService, machine: Machine | None) -> dict[str, str]:
    """Name -> value of all that a service provides, as seen from this machine, or (None) from a container beside it.

    Besides what its kind declares: ``host``, ``port``, ``<name>_port`` for further ports, and every option that is
    plain text or a number (``user``, ``password``, …).
    """
    from devenv.templating import render

    values = _known(service, machine or inside(service))
    plain = {name: str(value) for name, value in values.items() if type(value) in (str, int)}
    declared = {
        name: render(f"{service.kind.name}: outputs.{name}", template, values)
        for name, template in service.kind.outputs.items()
    }
    return {name: value for name, value in (plain | declared).items() if value}


def _known(service: ResolvedService, machine: Machine) -> dict[str, Any]:
    values: dict[str, Any] = {
        name: value for name, value in service.options.items() if name != "url" and value is not None
    }
    values |= {"options": service.options, "settings": service.settings, "version": service.version.text}
    values["release"] = service.version.release
    values["host"] = machine.host
    for index, port in enumerate(service.ports):
        number = machine.ports.get(port.variable, port.preferred)
        values["port" if index == 0 else f"{port.name}_port"] = number
    return values


def inside(service: ResolvedService) -> Machine:
    """Where a service is for a container beside it: under its own name, at its own ports."""
    ports = {port.variable: port.container for port in service.ports}
    return Machine("", "", ports, host=service.name)


def environment(manifest: Manifest, resolved: Resolved, machine: Machine | None) -> dict[str, str]:
    """The variables of ``[env]`` with every reference filled in: as seen from this machine, or (None) from a container
    beside the services. Only services that are referred to are rendered."""
    cache: dict[str, dict[str, str]] = {}

    def value(service: str, output: str) -> str:
        if service not in cache:
            cache[service] = outputs(resolved.services[service], machine)
        if output not in cache[service]:
            known = ", ".join(cache[service])
            raise ManifestError(Problem(f"{service} provides no {output!r}", f"it provides: {known}", key="env"))
        return cache[service][output]

    return {name: substitute(text, value) if references(text) else text for name, text in manifest.env.items()}


def output(resolved: Resolved, machine: Machine | None, service: str, name: str = "url") -> str:
    """One output of one service. Raises ManifestError naming those that there are."""
    values: Mapping[str, str] = outputs(resolved.services[service], machine)
    if name not in values:
        raise ManifestError(Problem(f"{service} provides no {name!r}", f"it provides: {', '.join(values)}"))
    return values[name]
