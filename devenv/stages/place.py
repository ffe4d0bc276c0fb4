"""Find this checkout its place on this machine: the project's name here, and a host port for every service's port."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping

from devenv.model.machine import Machine
from devenv.model.observed import Observed
from devenv.model.record import record
from devenv.model.resolved import STANDARD, Port, Resolved

#: Where ports are looked for when the wanted one is taken: registered for nothing we run, and below the range from
#: which systems hand out ports to clients (Linux: 32768 and up; RFC 6335's dynamic ports: 49152 and up).
_FIRST, _LAST = 20000, 32000


@record
class MovedPort:
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


def kept_name(name: str, project: str) -> str:
    """What to know of a project's name here that is not made of the one in devenv.toml; "" if it is."""
    if re.fullmatch(f"{re.escape(name)}(-[0-9a-f]+)?", project):
        return ""
    return (
        f"this checkout keeps the name {project} on this machine, so that its data is found; devenv.toml says {name}, "
        "which a new checkout gets"
    )


def place(
    resolved: Resolved,
    observed: Observed,
    *,
    project: str,
    root: str,
    kept: Mapping[str, str],
    chosen: Collection[str],
    registries: Mapping[str, str],
    generations: Mapping[str, str],
    owner: str = "",
) -> tuple[Machine, tuple[MovedPort, ...]]:
    """Give every port its host port: the one kept, else the one wanted, else a free one that will be kept.

    Ports that this project's own containers hold are not taken. Two services never get the same one. A service that is
    not among the ``chosen`` is not made anew, so that it keeps the port it has, whatever is wanted of it now.
    """
    ours = {host for item in observed.containers if item.has_ports for _, host in item.ports.values()}
    taken = {port: owner for port, owner in observed.taken.items() if port not in ours}
    ports: dict[str, int] = {}
    asked: dict[str, str] = {}
    moved = []
    for name, port, before in _first_those_that_stay(resolved, kept, chosen):
        used = set(taken) | set(ports.values())
        wanted = before or port.preferred
        if wanted not in used:
            got = wanted
        elif port.preferred not in used:
            got = port.preferred
        else:
            got = next(candidate for candidate in _candidates(project, port) if candidate not in used)
        ports[port.variable] = got
        stays = name not in chosen and got == before
        asked[port.variable] = _wish(port, got, kept) if stays else port.wish
        if got != wanted:
            moved.append(MovedPort(name, wanted, got, taken.get(wanted, "another service of this project")))
    host = observed.engine.host or "127.0.0.1"
    return Machine(project, root, ports, registries, host, generations, asked, owner), tuple(moved)


def _first_those_that_stay(
    resolved: Resolved, kept: Mapping[str, str], chosen: Collection[str]
) -> list[tuple[str, Port, int | None]]:
    """Every port with the one it had here, if that still counts: what one service has, none that moves may take."""
    entries = [
        (name, port, kept_port(port, kept) if name in chosen else _number(kept.get(port.variable, "")))
        for name, service in resolved.services.items()
        for port in service.ports
    ]
    return sorted(entries, key=lambda entry: entry[2] is None)


def kept_port(port: Port, kept: Mapping[str, str]) -> int | None:
    """The port chosen here before; None where none was, or where something else was wanted then than is wanted now."""
    before = _number(kept.get(port.variable, ""))
    return before if before and _wish(port, before, kept) == port.wish else None


def displaced(resolved: Resolved, kept: Mapping[str, str], services: Collection[str]) -> list[str]:
    """Which services have another port here than devenv.toml names, since that one was taken, in words."""
    sentences: list[str] = []
    for name in services:
        for port in resolved.services[name].ports:
            got = kept_port(port, kept)
            if port.is_explicit and got not in (None, port.preferred):
                sentences.append(
                    f"{name} keeps port {got} on this machine: port {port.preferred} of devenv.toml was taken"
                )
    return sentences


def _wish(port: Port, got: int, kept: Mapping[str, str]) -> str:
    """What was wanted when a port was chosen.

    A file of an earlier devenv does not say, or not whether devenv.toml named the standard port. Nobody gets that one
    or the one wanted now but who asked for it, and any other was found in the place of what is wanted now.
    """
    remembered = kept.get(port.memory, "")
    if remembered == STANDARD:
        return STANDARD
    number = _number(remembered) or (got if got == port.container else port.preferred)
    return port.wish if number == port.preferred else str(number)


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and 0 < int(text) < 65536 else None


def _candidates(project: str, port: Port) -> Iterator[int]:
    """The same order each time for the same project and port, so that a choice is likely to be made again."""
    start = int(hashlib.sha256(f"{project} {port.variable}".encode()).hexdigest(), 16)
    span = _LAST - _FIRST
    for offset in range(span):
        yield _FIRST + (start + offset) % span
