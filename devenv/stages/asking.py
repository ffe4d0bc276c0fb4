"""How each service is asked things: over its port whether it serves, inside its container whatever else."""

from __future__ import annotations

from typing import Any

from devenv.model.kind import Exec
from devenv.model.machine import Machine
from devenv.model.probe import Command, Question
from devenv.model.resolved import ResolvedService
from devenv.targets.compose import context
from devenv.templating import render


def greeting(service: ResolvedService, machine: Machine, project: str) -> Question | None:
    """The question that tells whether a service is ready; None for one that has no way to be asked."""
    rule = service.kind.greeting
    port = next((port for port in service.ports if rule is None or port.name == rule.port), None)
    if port is None:
        return None
    host_port = machine.ports.get(port.variable, port.preferred)
    if rule is None:
        return None
    sent = render(f"{service.kind.name}: ready.send", rule.send, context(project, service))
    return Question(machine.host, host_port, sent.encode("latin-1"), rule.expect)


def command(service: ResolvedService, rule: Exec, project: str, **more: Any) -> Command:
    """A command of the catalogue with its values filled in."""
    values = context(project, service) | more
    where = f"templates/services/{service.kind.name}/service.toml"
    words = tuple(render(where, word, values) for word in rule.command)
    text = service.kind.templates.get(rule.input, "")
    given = render(f"templates/services/{service.kind.name}/{rule.input}", text, values) if text else ""
    return Command(tuple(word for word in words if word), given, rule.expect)


def needed_when_fresh(service: ResolvedService, rule: Exec, project: str) -> bool:
    """Whether a command must run even on data that the image has just made itself."""
    return bool(render(f"{service.kind.name}: ensure.fresh", rule.fresh, context(project, service)).strip())
