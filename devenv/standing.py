"""How things stand: the project beside what the engine has. What every command that looks or touches begins with."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from devenv.effects.engine import look
from devenv.effects.world import World
from devenv.errors import DevenvError
from devenv.model.machine import Machine
from devenv.model.observed import Container, Observed
from devenv.project import Project, narrowed, open_project
from devenv.stages.resolve import select


@dataclass(frozen=True, slots=True)
class Standing:
    """The project, this checkout's place on the machine as ``.devenv/.env`` has it, and what is there."""

    project: Project
    machine: Machine
    observed: Observed

    def container(self, service: str) -> Container:
        """A service's running container. Raises ManifestError for no such service, DevenvError if it does not run."""
        select(self.project.manifest, [service], ())
        found = self.find(service)
        if found is None or not found.running:
            raise DevenvError(f"{service} is {found.state if found else 'not running'}", f"devenv up {service}")
        return found

    def find(self, service: str) -> Container | None:
        return next((item for item in self.observed.containers if item.service == service), None)

    def chosen(self, services: Iterable[str], profiles: Iterable[str] = ()) -> tuple[str, ...]:
        """The services asked for, by name and profile; all if none were."""
        return select(self.project.manifest, services, profiles)


def standing(world: World) -> Standing:
    """Read both at once: the engine takes as long to answer as the manifest takes to be read."""
    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(look)
        project = open_project(world)
        name, observed = narrowed(project, looking.result())
    machine = project.machine()
    return Standing(project, Machine(name, machine.root, machine.ports, machine.registries, _host(observed)), observed)


def _host(observed: Observed) -> str:
    return observed.engine.host or "127.0.0.1"
