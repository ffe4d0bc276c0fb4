"""Commands of a manifest that run on this machine: each is confirmed once for each checkout, by its text.

A clone's manifest was written by somebody else. Reading production, filling data and running hooks start programs that
it names, with the rights of whoever typed ``devenv``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from devenv.effects.store import Store
from devenv.model.record import record
from devenv.production import today
from devenv.project import Project

#: The record in the checkout's memory: digests of the commands that were confirmed, each with the day.
_MEMORY = "confirmed"


@record
class HostCommand:
    """The words of a command, and the path in the manifest at which it stands."""

    words: tuple[str, ...]
    path: tuple[str | int, ...]

    @property
    def digest(self) -> str:
        return hashlib.sha256(json.dumps(self.words).encode()).hexdigest()


def source_commands(project: Project, environment: str) -> tuple[HostCommand, ...]:
    """Commands that print what an environment runs."""
    entry = project.manifest.environments.get(environment, {})
    return tuple(
        HostCommand(tuple(source["command"]), ("environments", environment, "sources", index, "command"))
        for index, source in enumerate(entry.get("sources", ()))
        if source.get("command")
    )


def seed_commands(project: Project, services: Iterable[str]) -> tuple[HostCommand, ...]:
    """Commands that fill the data of services."""
    found: list[HostCommand] = []
    for name in services:
        for index, seed in enumerate(project.manifest.seed.get(name, ())):
            if seed.command:
                found.append(HostCommand(seed.command, ("seed", name, index)))
    return tuple(found)


def hook_commands(project: Project) -> tuple[HostCommand, ...]:
    """Commands that run once all services serve."""
    hooks = project.manifest.post_up
    return tuple(HostCommand(words, ("hooks", "post_up", index)) for index, words in enumerate(hooks))


def unconfirmed(store: Store, commands: Iterable[HostCommand]) -> list[HostCommand]:
    """Those that nobody has confirmed for this checkout."""
    known = store.read(_MEMORY)
    return [command for command in commands if command.digest not in known]


def remember(store: Store, commands: Iterable[HostCommand]) -> None:
    """Note that these were confirmed."""
    day = today()
    store.write(_MEMORY, store.read(_MEMORY) | {command.digest: day for command in commands})
