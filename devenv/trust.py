"""What a clone may do on this machine beyond its containers: each is confirmed once for each checkout, by its text.

A clone's manifest was written by somebody else. Reading production, filling data and running hooks start programs that
it names, with the rights of whoever typed ``devenv``. A seed may be any file that they may read. A kind of the
project's own and ``compose.override.yaml`` may ask for the machine's devices, folders or network.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from devenv.effects.files import BadPattern, expanded
from devenv.effects.store import Store
from devenv.effects.world import World, today
from devenv.errors import Refused
from devenv.model.problem import Problem, Where
from devenv.model.record import record
from devenv.model.workspace import Workspace
from devenv.project import Project
from devenv.schema.issue import Issue
from devenv.stages.reach import reach, reach_of_file, reach_of_workspace
from devenv.targets import compose

#: The record in the checkout's memory: digests of what was confirmed, each with the day.
_MEMORY = "confirmed"


@record
class HostCommand:
    """The words of a command, and the path in the manifest at which it stands."""

    words: tuple[str, ...]
    path: tuple[str | int, ...]

    @property
    def digest(self) -> str:
        return _digest(self.words)

    @property
    def shown(self) -> str:
        return shlex.join(self.words)

    @property
    def unconfirmed(self) -> str:
        return f"would run a command that was not confirmed on this machine: {self.shown}"


@record
class MachineAccess:
    """What a service or a workspace asks this machine for, each as in its file, or the files that fill its data;
    ``path`` is the manifest's."""

    service: str
    rights: tuple[str, ...]
    path: tuple[str | int, ...]

    @property
    def digest(self) -> str:
        return _digest(("access", self.service, *self.rights))

    @property
    def shown(self) -> str:
        return f"{self.service}: {', '.join(self.rights)}"

    @property
    def unconfirmed(self) -> str:
        return f"asks this machine for {', '.join(self.rights)}, which was not confirmed"


@record
class OverrideAccess:
    """What ``compose.override.yaml`` asks this machine for at one of its keys: ``services.db``, ``volumes.data``."""

    key: str
    rights: tuple[str, ...]
    line: int | None = None

    @property
    def where(self) -> Where:
        return Where(compose.OVERRIDE, self.line)

    @property
    def digest(self) -> str:
        return _digest(("override", self.key, *self.rights))

    @property
    def shown(self) -> str:
        return f"{self.where}: {self.key}: {', '.join(self.rights)}"

    @property
    def unconfirmed(self) -> str:
        return f"asks this machine for {', '.join(self.rights)}, which was not confirmed"


Confirmable = HostCommand | MachineAccess | OverrideAccess


def _digest(words: Sequence[str]) -> str:
    return hashlib.sha256(json.dumps(words).encode()).hexdigest()


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


def seed_access(project: Project, services: Iterable[str]) -> tuple[MachineAccess, ...]:
    """What outside the checkout fills the data of services: by its path, or where a link in the checkout leads to."""
    found = []
    for name in services:
        for index, seed in enumerate(project.manifest.seed.get(name, ())):
            if rights := _outside(project.root, seed.path):
                found.append(MachineAccess(name, rights, ("seed", name, index)))
    return tuple(found)


def _outside(root: Path, path: str) -> tuple[str, ...]:
    """The files of a path or a pattern that lie outside a folder, links followed."""
    inside = os.path.realpath(root)
    try:
        paths = expanded(root, path) if path else []
    except BadPattern:  # it is refused where the data is about to be filled
        return ()
    real = [os.path.realpath(item) for item in paths]
    return tuple(f"file {item}" for item in real if not Path(item).is_relative_to(inside))


def hook_commands(project: Project) -> tuple[HostCommand, ...]:
    """Commands that run once all services serve."""
    hooks = project.manifest.post_up
    return tuple(HostCommand(words, ("hooks", "post_up", index)) for index, words in enumerate(hooks))


def machine_access(project: Project, services: Iterable[str]) -> tuple[MachineAccess, ...]:
    """What services of the project's own kinds ask this machine for; packaged kinds ask for nothing."""
    if not project.documents.catalogue():
        return ()
    resolved = project.resolved
    asked_for = {name: reach(resolved.services[name], resolved.project) for name in services}
    return tuple(
        MachineAccess(name, rights, ("services", name, "kind")) for name, rights in asked_for.items() if rights
    )


def workspace_access(workspace: Workspace) -> tuple[MachineAccess, ...]:
    """What a devcontainer asks this machine for, by keys of ``[devcontainer]`` that devenv passes on."""
    path = ("devcontainer", workspace.name) if workspace.name else ("devcontainer",)
    rights = reach_of_workspace(workspace)
    return (MachineAccess(workspace.service, rights, path),) if rights else ()


def override_access(project: Project) -> tuple[OverrideAccess, ...]:
    """What the user's own Compose file asks this machine for. Raises ManifestError if it is no YAML."""
    found = reach_of_file(project.override())
    lines = project.override_lines() if found else {}
    return tuple(OverrideAccess(key, rights, lines.get(key)) for key, rights in found.items())


def unconfirmed(store: Store, items: Iterable[Confirmable]) -> list[Confirmable]:
    """Those that nobody has confirmed for this checkout."""
    known = store.read(_MEMORY)
    return [item for item in items if item.digest not in known]


def remember(store: Store, items: Iterable[Confirmable]) -> None:
    """Note that these were confirmed."""
    day = today()
    store.write(_MEMORY, store.read(_MEMORY) | {item.digest: day for item in items})


def guard_access(world: World, project: Project, items: Iterable[Confirmable]) -> None:
    """Raises Refused for what is about to be asked of this machine and was not confirmed."""
    if is_trusted(world):
        return
    new = unconfirmed(project.store, items)
    if new:
        raise Refused(refusal(project, new, "devenv up"))


def is_trusted(world: World) -> bool:
    """Whether all is confirmed for this run, as in CI."""
    return world.env.get("DEVENV_TRUST") == "1"


def refusal(project: Project, items: Sequence[Confirmable], again: str) -> list[Problem]:
    """A problem for each of what nobody confirmed; what to do stands below the last one."""
    problems = []
    for item in items:
        if isinstance(item, OverrideAccess):
            where, key = item.where, item.key
        else:
            where, key = project.documents.where(item.path), Issue(item.path, "").key
        problems.append(Problem(item.unconfirmed, "", where, key))
    hint = f"Read {'it' if len(items) == 1 else 'them'}, then allow: {again} --trust (in CI: DEVENV_TRUST=1)"
    problems[-1] = replace(problems[-1], hint=hint)
    return problems
