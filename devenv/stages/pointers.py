"""Which generation of data was live, where the memory of that is lost and the data is taken over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from devenv.errors import Refused
from devenv.model.machine import Machine
from devenv.model.observed import Observed
from devenv.model.problem import Problem
from devenv.model.record import record
from devenv.model.resolved import ResolvedService
from devenv.stages.generations import own_live


@record
class Recovered:
    """``pointers``: by data, the generation that was live. ``undecided``: data with several generations of which
    nothing says which one was."""

    pointers: Mapping[str, str]
    undecided: frozenset[str]


NOTHING = Recovered({}, frozenset())


def recovered(observed: Observed, known: Mapping[str, str]) -> Recovered:
    """What a project's containers say of data that no pointer is known of; data with one generation needs nobody.

    ``known`` are pointers by data.
    """
    mounted = {container.data for container in observed.containers if container.data}
    by_data: dict[str, list[str]] = {}
    for volume in observed.volumes:
        generation = volume.generation()
        if generation is not None and volume.data not in known:
            by_data.setdefault(volume.data, []).append(generation)
    pointers, undecided = {}, set()
    for data, generations in by_data.items():
        in_use = [generation for generation in generations if f"{data}{generation}" in mounted]
        candidates = in_use or generations
        if len(candidates) == 1:
            pointers[data] = candidates[0]
        else:
            undecided.add(data)
    return Recovered(pointers, frozenset(undecided))


def guard_undecided(services: Iterable[ResolvedService], observed: Observed, machine: Machine) -> None:
    """Raises Refused for services of whose data nobody has said yet which generation is to be live."""
    problems = []
    for service in services:
        live = own_live(service, observed, machine)
        if live is None or live.data in observed.undecided:
            problems += _problems(service, observed)
    if problems:
        raise Refused(problems)


def _problems(service: ResolvedService, observed: Observed) -> list[Problem]:
    volumes = [item for item in observed.volumes if item.service == service.name and item.data in observed.undecided]
    if not volumes:
        return []
    names = []
    for volume in (item for item in volumes if item.generation() is not None):
        snapshot = observed.snapshot_of(volume.name)
        names.append(snapshot.name if snapshot else volume.name)
    problem = Problem(
        f"{service.name}: which of these was its live data is not known any more: {', '.join(names)}",
        "devenv snapshot list   shows all of them\n"
        f"  devenv snapshot restore NAME {service.name}   makes a copy of one the live data\n"
        f"  devenv up --fresh {service.name}   start empty; all of them are kept",
    )
    return [problem]
