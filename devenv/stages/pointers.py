"""Which generation of data is live, where what this checkout remembers does not say it, or may be out of date."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import field

from devenv.errors import Refused
from devenv.model.machine import Machine
from devenv.model.observed import ExistingVolume, Observed
from devenv.model.problem import Problem
from devenv.model.record import record
from devenv.model.resolved import ResolvedService
from devenv.model.snapshot import Snapshot
from devenv.stages.generations import in_two_folders, own_live, snapshot_of


@record
class Recovered:
    """``pointers``: by data, the generation that is live. ``undecided``: data with several generations of which nothing
    says which one is, or of which two sources name different ones. ``reasons``: by volume, who names it as live."""

    pointers: Mapping[str, str]
    undecided: frozenset[str]
    reasons: Mapping[str, str] = field(default_factory=dict)


NOTHING = Recovered({}, frozenset())


def recovered(
    observed: Observed,
    remembered: Mapping[str, str],
    written: Mapping[str, str],
    listed: Collection[str],
) -> Recovered:
    """The live generations of data, where what is remembered was lost, or where the data is being taken over: then
    somebody else may have moved on since.

    ``remembered`` are pointers by data, ``written`` those of ``.devenv/.env``. ``listed`` are volumes of snapshots,
    which are never live. Data without any other volume is left out.
    """
    candidates: dict[str, list[ExistingVolume]] = {}
    for volume in observed.volumes:
        if volume.generation() is not None and volume.name not in listed:
            candidates.setdefault(volume.data, []).append(volume)
    pointers: dict[str, str] = {}
    undecided: set[str] = set()
    reasons: dict[str, str] = {}
    for data, volumes in candidates.items():
        named = _named(volumes, observed, remembered, written)
        possible = named or dict.fromkeys((volume.name for volume in volumes), "")
        if len(possible) == 1:
            (name,) = possible
            pointers[data] = next(volume.generation() or "" for volume in volumes if volume.name == name)
        else:
            undecided.add(data)
            reasons |= named
    return Recovered(pointers, frozenset(undecided), reasons)


def _named(
    volumes: Iterable[ExistingVolume],
    observed: Observed,
    remembered: Mapping[str, str],
    written: Mapping[str, str],
) -> dict[str, str]:
    """By volume of one data, who says that it is live; volumes that nobody names are left out."""
    mounted = {container.data for container in observed.containers}
    found = {}
    for volume in volumes:
        end = volume.generation() or ""
        sources = []
        if remembered.get(volume.data) == end:
            sources.append("this state folder")
        if written.get(volume.data) == end:
            sources.append(".devenv/.env")
        if f"{volume.data}{end}" in mounted:
            sources.append("the container")
        if sources:
            found[volume.name] = f"live according to {' and '.join(sources)}"
    return found


def unlisted(
    observed: Observed,
    pointers: Mapping[str, str],
    listed: Collection[str],
    services: Mapping[str, ResolvedService],
    recovered: Recovered,
) -> tuple[Snapshot, ...]:
    """Kept generations that the index lacks, as far as volumes tell: all that is not certainly live.

    What a service was moved away from looks like live data of another version. So of a service with data of several
    versions only that is taken for live which it was last served from; where nothing says what that was, all of it is
    kept, and the service goes on from a copy.
    """
    found = []
    for volume in observed.volumes:
        end = volume.generation()
        if end is None or volume.name in listed:
            continue
        is_pointed_at = volume.data not in recovered.undecided and end == pointers.get(volume.data, "")
        if is_pointed_at and volume.data in _live_data(volume.service, observed, services):
            continue
        why = recovered.reasons.get(volume.name, "found again: it was in no list of snapshots")
        found.append(snapshot_of(volume, observed.volumes, why=why))
    return tuple(found)


def _live_data(service: str, observed: Observed, services: Mapping[str, ResolvedService]) -> set[str]:
    """The data of a service, of any version, that may be live."""
    volumes = [volume for volume in observed.volumes if volume.service == service]
    every = {volume.data for volume in volumes}
    mounted = {f"{item.project}_{item.data}" for item in observed.containers}
    served = {volume.data for volume in volumes if volume.name in mounted}
    if use := observed.current.get(service):
        served.add(f"{service}-{use.kind}-{use.format}")
    if served & every:
        return served & every
    wanted = services[service].data if service in services else ""
    return set() if len(every) > 1 and wanted in every else every


def guard_undecided(services: Iterable[ResolvedService], observed: Observed, machine: Machine) -> None:
    """Raises Refused for services of whose data nobody has said yet which generation is to be live."""
    problems = []
    for service in services:
        live = own_live(service, observed, machine)
        if live is None or live.data in observed.undecided:
            problems += _problems(service, observed)
    if problems:
        raise Refused(problems)


def guard_one_folder(services: Iterable[ResolvedService], observed: Observed, machine: Machine) -> None:
    """Raises Refused for services whose data is in two folders of the engine's machine."""
    problems = []
    for service in services:
        problem = in_two_folders(service, observed, machine)
        if problem is not None:
            problems.append(problem)
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
        f"{service.name}: it is not certain which of these is its live data: {', '.join(names)}",
        "devenv snapshot list   shows all of them\n"
        f"  devenv snapshot restore NAME {service.name}   makes a copy of one the live data\n"
        f"  devenv up --fresh {service.name}   start empty; all of them are kept",
    )
    return [problem]
