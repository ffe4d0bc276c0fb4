"""How each service is asked things: over its port whether it serves, inside its container whatever else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from devenv.model.kind import Exec
from devenv.model.machine import Machine
from devenv.model.probe import Command, Question
from devenv.model.promise import Promise
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


def host_port(service: ResolvedService, name: str, machine: Machine) -> int | None:
    """Where a port of a service is published; None if it has no port of that name."""
    for port in service.ports:
        if port.name == name:
            return machine.ports.get(port.variable, port.preferred)
    return None


def promise(service: ResolvedService, machine: Machine) -> Promise | None:
    """What the manifest promises inside a server, and where that is tried; None where devenv has no way to try it."""
    rule = service.kind.promised
    host_ports = {port.name: machine.ports.get(port.variable, port.preferred) for port in service.ports}
    if rule is None or rule.port not in host_ports:
        return None
    return Promise(
        protocol=rule.protocol,
        host=machine.host,
        port=host_ports[rule.port],
        logins=_logins(service),
        names=_names(service),
        extensions=_strings(service, "extensions"),
        pages={name: host_ports[name] for name in rule.pages if name in host_ports},
    )


def _logins(service: ResolvedService) -> dict[str, str]:
    """User -> password, the application's own first; it has one password, whatever else names it."""
    own = {str(service.options["user"]): str(service.options["password"])}
    root = service.options.get("root_password")
    more = {"root": str(root)} if root is not None else {}
    users = service.options.get("users")
    if isinstance(users, Mapping):
        more |= {str(user): str(password) for user, password in users.items()}
    return own | {user: password for user, password in more.items() if user not in own}


def _names(service: ResolvedService) -> tuple[str, ...]:
    vhost = service.options.get("vhost")
    first = () if vhost is None else (str(vhost),)
    return tuple(dict.fromkeys((*first, *_strings(service, "vhosts"), *_strings(service, "databases"))))


def _strings(service: ResolvedService, option: str) -> tuple[str, ...]:
    value = service.options.get(option)
    return value if isinstance(value, tuple) else ()


def command(service: ResolvedService, rule: Exec, project: str, **more: Any) -> Command:
    """A command of the catalogue with its values filled in."""
    values = context(project, service) | more
    where = f"templates/services/{service.kind.name}/service.toml"
    words = tuple(render(where, word, values) for word in rule.command)
    given = "".join(_file(service, file, values) for file in (rule.existing, rule.input) if file)
    return Command(tuple(word for word in words if word), given, rule.expect)


def _file(service: ResolvedService, file: str, values: Mapping[str, Any]) -> str:
    return render(f"templates/services/{service.kind.name}/{file}", service.kind.templates[file], values)


def needed_when_fresh(service: ResolvedService, rule: Exec, project: str) -> bool:
    """Whether a command must run even on data that the image has just made itself."""
    return bool(render(f"{service.kind.name}: ensure.fresh", rule.fresh, context(project, service)).strip())
