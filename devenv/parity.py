"""How far what is here is from what devenv.toml and devenv.lock say, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from devenv.data import unfinished
from devenv.data.seeding import HALF_FILLED, unfilled
from devenv.errors import DataNeedsUpgrade, Refused
from devenv.model.plan import Action, Step
from devenv.model.resolved import ResolvedService
from devenv.stages.frozen import guard_frozen
from devenv.stages.generations import moved_words, to_resume
from devenv.stages.place import kept_port
from devenv.stages.plan_up import (
    can_be_moved,
    data_problem,
    further_steps,
    guard_data,
    guard_files,
    is_further,
    service_steps,
    stale,
    state_words,
)
from devenv.standing import Standing


def drift_of(here: Standing, name: str) -> str:
    """What 'up' would do to a service and why; "" if nothing."""
    service = here.project.resolved.services[name]
    try:
        guard_data([service], here.observed, here.machine, set())
        guard_frozen([service], here.observed, here.machine)
    except (DataNeedsUpgrade, Refused) as error:
        return error.problems[0].message.removeprefix(f"{name}: ")
    if service.digest is None:
        return f"devenv.lock does not hold {service.image.familiar}"
    source = to_resume(service, here.observed, here.machine)
    if source is not None and source.bound_to:
        return moved_words(source)
    reasons = [step.reason for step in _steps(here, service) if step.action is not Action.KEEP]
    reasons += filter(None, [unfilled(here.project, here.machine, name)])
    return "; ".join(reasons)


def _steps(here: Standing, service: ResolvedService) -> Iterator[Step]:
    ports = {port.variable: kept_port(port, here.project.kept) or port.preferred for port in service.ports}
    override = here.project.overrides().get(service.name, "")
    return service_steps(service, here.observed, machine=replace(here.machine, ports=ports), override=override)


def drift_of_none(here: Standing) -> list[str]:
    """Drift that is no service's own: files, containers of services that left the manifest, what a killed run left."""
    files = [
        f"{path} {state_words(state)}" for path, state in stale(here.project.generated(), here.observed.files).items()
    ]
    gone = [
        f"{item.service} runs and is not in devenv.toml"
        for item in here.observed.containers
        if item.running and item.config and item.service not in here.project.resolved.services
    ]
    return files + gone + _drift_of_further(here) + unfinished.sentences(here.project.store)


def further_services(here: Standing) -> dict[str, str]:
    """The services that only the user's own Compose file has, with the digest of what it says of them."""
    known = here.project.resolved.services
    return {name: said for name, said in here.project.overrides().items() if name not in known}


def _drift_of_further(here: Standing) -> list[str]:
    """What 'up' would do to services of the user's own Compose file. One that ended with 0 is a job that was done."""
    further = further_services(here)
    lines = []
    for step in further_steps(further, here.observed):
        container = here.find(step.subject)
        is_done = container is not None and not container.running and container.exit_code == 0
        code = f" (exit code {container.exit_code})" if container and container.exit_code else ""
        if step.action is not Action.KEEP and not is_done:
            lines.append(f"{step.subject}: {step.reason}{code}")
    started = [item.service for item in here.observed.containers if item.running and is_further(item, here.observed)]
    gone = [name for name in started if name not in further]
    return lines + [f"{name} runs and is no longer in compose.override.yaml" for name in gone]


def behind(here: Standing) -> list[str]:
    """What was started, or moved, before devenv.toml said what it says now. What nobody has started is not behind."""
    started = {item.service for item in here.observed.containers}
    there = {volume.service for volume in here.observed.volumes}
    found = [
        f"{name}: {said}"
        for name in here.project.resolved.services
        if name in started | there and (said := _behind(here, name))
    ]
    files = [path for path, state in stale(here.project.generated(), here.observed.files).items() if state != "edited"]
    return found + ([f"{', '.join(files)}: not as devenv.toml says"] if files and found == [] and started else [])


def _behind(here: Standing, name: str) -> str:
    service = here.project.resolved.services[name]
    try:
        guard_data([service], here.observed, here.machine, set())
    except (DataNeedsUpgrade, Refused) as error:
        return error.problems[0].message.removeprefix(f"{name}: ")
    if all(item.service != name for item in here.observed.containers):
        return ""
    reasons = [step.reason for step in _steps(here, service) if step.action is Action.RECREATE]
    reasons += filter(None, [unfilled(here.project, here.machine, name)])
    return "; ".join(reasons)


#: What is said where only the user can decide.
REFUSES = "'devenv up' refuses that, and says what helps"


def remedy(here: Standing, names: Iterable[str]) -> str:
    """What to do about drift: 'up' brings some of it in step and refuses the rest."""
    services = [here.project.resolved.services[name] for name in names]
    half = [item.name for item in services if unfilled(here.project, here.machine, item.name) == HALF_FILLED]
    try:
        guard_data(services, here.observed, here.machine, set())
        guard_frozen(services, here.observed, here.machine)
        guard_files(here.project.generated(), here.observed.files)
    except DataNeedsUpgrade:
        stuck = [item for item in services if data_problem(item, here.observed, here.machine)]
        if all(can_be_moved(item, here.observed, here.machine) for item in stuck):
            return "'devenv sync' brings it in step, and its data comes along"
        return REFUSES
    except Refused:
        return REFUSES
    if half:
        return f"'devenv seed {' '.join(half)}' fills it anew"
    return "'devenv up' brings it in step"
