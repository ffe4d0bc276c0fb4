"""Find this checkout its place on this machine: the project's name here, and a host port for every service's port."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from devenv.model.machine import Machine
from devenv.model.observed import Observed
from devenv.model.resolved import Port, Resolved

#: Where ports are looked for when the wanted one is taken: registered for nothing we run, and below the range from
#: which systems hand out ports to clients (Linux: 32768 and up; RFC 6335's dynamic ports: 49152 and up).
_FIRST, _LAST = 20000, 32000


@dataclass(frozen=True, slots=True)
class Moved:
    """A port that is not the one wanted, and why."""

    service: str
    wanted: int
    got: int
    owner: str


def project_name(name: str, root: str, kept: Mapping[str, str], taken_by: str) -> str:
    """What the Compose project is called here.

    ``kept`` is what ``.devenv/.env`` says. It holds for the checkout it was written for, and for one that was moved;
    ``taken_by`` is the root of another checkout that has the name ("" if nobody does): a copy or a second worktree
    gets a name of its own, which is the same each time.
    """
    if kept.get("COMPOSE_PROJECT_NAME") and (kept.get("DEVENV_ROOT") == root or not taken_by):
        return kept["COMPOSE_PROJECT_NAME"]
    return own_name(name, root) if taken_by else name


def own_name(name: str, root: str) -> str:
    """The name of a checkout whose project's plain name belongs to another one."""
    return f"{name}-{hashlib.sha256(root.encode()).hexdigest()[:6]}"


def place(
    resolved: Resolved,
    observed: Observed,
    *,
    project: str,
    root: str,
    kept: Mapping[str, str],
    registries: Mapping[str, str],
    generations: Mapping[str, str],
) -> tuple[Machine, tuple[Moved, ...]]:
    """Give every port its host port: the one kept, else the one wanted, else a free one that will be kept.

    Ports that this project's own containers hold are not taken. Two services never get the same one.
    """
    ours = {host for item in observed.containers if item.running for _, host in item.ports.values()}
    taken = {port: owner for port, owner in observed.taken.items() if port not in ours}
    ports: dict[str, int] = {}
    moved = []
    for name, port in ((service.name, port) for service in resolved.services.values() for port in service.ports):
        before = _number(kept.get(port.variable, ""))
        used = set(taken) | set(ports.values())
        wanted = before or port.preferred
        if wanted not in used:
            chosen = wanted
        elif port.preferred not in used:
            chosen = port.preferred
        else:
            chosen = next(candidate for candidate in _candidates(project, port) if candidate not in used)
        ports[port.variable] = chosen
        if chosen != wanted:
            moved.append(Moved(name, wanted, chosen, taken.get(wanted, "another service of this project")))
    host = observed.engine.host or "127.0.0.1"
    return Machine(project, root, ports, registries, host, generations), tuple(moved)


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and 0 < int(text) < 65536 else None


def _candidates(project: str, port: Port) -> Iterator[int]:
    """The same order each time for the same project and port, so that a choice is likely to be made again."""
    start = int(hashlib.sha256(f"{project} {port.variable}".encode()).hexdigest(), 16)
    span = _LAST - _FIRST
    for offset in range(span):
        yield _FIRST + (start + offset) % span
