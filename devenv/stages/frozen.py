"""Settings and options that act only on new data: what looks like a setting, and is a migration."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import Any

from devenv.errors import Refused
from devenv.model.machine import Machine
from devenv.model.observed import Observed
from devenv.model.problem import Problem
from devenv.model.resolved import ResolvedService


def guard_frozen(
    services: Iterable[ResolvedService], observed: Observed, machine: Machine, fresh: Container[str] = ()
) -> None:
    """Refuse to start a service on data that was made otherwise. Raises Refused with all that is so."""
    if problems := frozen_problems((service for service in services if service.name not in fresh), observed, machine):
        raise Refused(problems.values())


def frozen_problems(services: Iterable[ResolvedService], observed: Observed, machine: Machine) -> dict[str, Problem]:
    """Service -> why it cannot be started on data that was made otherwise; only those of which that is so."""
    changed = ((service, frozen(service, observed, machine)) for service in services)
    return {service.name: _problem(service, found) for service, found in changed if found}


def _problem(service: ResolvedService, changed: Mapping[str, tuple[str, str]]) -> Problem:
    words = "; ".join(
        f"{name} is {before or 'not set'} there, and {after or 'not set'} is wanted"
        for name, (before, after) in changed.items()
    )
    back = ", ".join(f"{name} back to {before or 'nothing'}" for name, (before, _) in changed.items())
    return Problem(
        f"{service.name}: there is data here already, and this acts only on new data: {words}",
        f"set {back}\n  devenv up --fresh {service.name}   start {service.version} empty; the old data is kept",
    )


def frozen(service: ResolvedService, observed: Observed, machine: Machine) -> dict[str, tuple[str, str]]:
    """Name -> what it was when the data that the service would open was last served, and what it is to be.

    Only what differs. {} where there is no such data, or nobody remembers by what it was served.
    """
    if not service.volumes:
        return {}
    volume = machine.volume(service.volumes[0])
    said = observed.served.get(volume)
    if said is None or all(item.name != volume for item in observed.volumes):
        return {}
    before, after = _of_entry(service, said.get("entry", {})), _of(service)
    return {name: (before[name], after[name]) for name in after if before[name] != after[name]}


def _of(service: ResolvedService) -> dict[str, str]:
    settings = {name: _setting(service.settings, name, usual) for name, usual in service.kind.frozen_settings.items()}
    return settings | {name: _word(service.options.get(name)) for name in service.kind.frozen_options}


def _of_entry(service: ResolvedService, entry: Mapping[str, Any]) -> dict[str, str]:
    given = entry.get("settings", {})
    settings = {name: _setting(given, name, usual) for name, usual in service.kind.frozen_settings.items()}
    defaults = service.kind.options
    options = {name: _word(entry.get(name, defaults[name].default)) for name in service.kind.frozen_options}
    return settings | options


def _setting(settings: Mapping[str, Any], name: str, usual: object) -> str:
    """What is set, whether its name is written with dashes or underscores; what is usual where nothing is."""
    given = (value for key, value in settings.items() if key.replace("-", "_") == name)
    return _word(next(given, usual))


def _word(value: object) -> str:
    return str(int(value)) if isinstance(value, bool) else str("" if value is None else value)
