"""Filling fresh data with what ``[seed]`` names, once: what was begun is remembered by volume.

Files go into a command in the service's container by file descriptor; none of it comes through here.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from devenv.effects.engine import docker
from devenv.effects.files import BadPattern, check_regular, expanded
from devenv.effects.process import Finished, pipe
from devenv.effects.store import Store
from devenv.errors import DevenvError, ManifestError
from devenv.model.kind import Exec
from devenv.model.machine import Machine
from devenv.model.manifest import Seed
from devenv.model.observed import Observed
from devenv.model.problem import Problem
from devenv.project import Project
from devenv.stages import asking
from devenv.stages.generations import own_live, to_resume
from devenv.stages.seeds import is_archive, is_packed, rule_for

#: Volume -> how far its filling came.
_MEMORY = "seeded"
OWED, BEGUN, DONE = "owed", "begun", "done"
#: What is said of data whose filling failed or was killed.
HALF_FILLED = "its data is half filled: [seed] did not come to its end"
NOT_FILLED = "its data is not filled yet with what [seed] names"
#: Runs a command on the host with the variables of [env], and says with which code it ended.
Call = Callable[[Sequence[str]], int]


def state(project: Project, machine: Machine, service: str) -> str:
    """How far the filling of a service's data came; "" for data that is not, or was not made to be, filled."""
    return state_of(project.store, machine.volume(project.resolved.services[service].volumes[0]))


def state_of(store: Store, volume: str) -> str:
    """The same for a volume."""
    return str(store.read(_MEMORY).get(volume, ""))


def unfilled(project: Project, machine: Machine, service: str) -> str:
    """Why a service's data is not what [seed] makes of it, in words; "" if it is, or if [seed] names nothing."""
    if service not in project.manifest.seed:
        return ""
    return {BEGUN: HALF_FILLED, OWED: NOT_FILLED}.get(state(project, machine, service), "")


def guard_filled(project: Project, machine: Machine, services: Iterable[str]) -> None:
    """Raises DevenvError for services that serve data which is not what [seed] makes of it."""
    problems = []
    for name in services:
        if why := unfilled(project, machine, name):
            hint = f"devenv seed {name}" if why == HALF_FILLED else "'devenv up' fills it"
            problems.append(Problem(f"{name}: {why}", hint))
    if problems:
        raise DevenvError(problems, changed="the services are up; hooks were not run")


def inherit(store: Store, copies: Mapping[str, str]) -> None:
    """Note that copies of volumes (original -> copy) are filled as far as their originals are."""
    known = store.read(_MEMORY)
    now = {volume: how for volume, how in known.items() if volume not in copies.values()}
    now |= {copy: known[original] for original, copy in copies.items() if original in known}
    if now != known:
        store.write(_MEMORY, now)


def note(store: Store, volume: str, how: str) -> None:
    """Note how far a volume's filling came; "" if it was not made to be filled."""
    store.write(_MEMORY, store.read(_MEMORY) | {volume: how})


def never_filled(project: Project, machine: Machine, observed: Observed, services: Iterable[str]) -> list[str]:
    """What to know of data that an IDE or plain Compose made, and that [seed] never filled; a sentence each.

    It may hold anything, so it is neither filled unasked nor a failure.
    """
    sentences = []
    for name in services:
        volume = own_live(project.resolved.services[name], observed, machine)
        if name not in project.manifest.seed or volume is None or volume.owner:
            continue
        how = state(project, machine, name)
        if not how or (how == DONE and not _is_made_by_compose(project, name)):
            begin = f"{name}: its data was not made by devenv, and [seed] was never loaded into it"
            sentences.append(f"{begin}; 'devenv seed {name}' fills new data and keeps the present data as a snapshot")
    return sentences


def _is_made_by_compose(project: Project, service: str) -> bool:
    """Whether the user's own Compose file describes a service's volume. devenv marks every other one that it fills, so
    one without a mark has replaced the one that was filled, as after 'docker compose down --volumes'."""
    return project.resolved.services[service].volumes[0].key in project.described_volumes()


def fresh(project: Project, machine: Machine, observed: Observed, services: Iterable[str]) -> tuple[str, ...]:
    """Of these services, those that are to be filled and have no data yet."""
    there = {volume.name for volume in observed.volumes}
    resolved = project.resolved.services
    return tuple(
        name
        for name in services
        if name in project.manifest.seed
        and machine.volume(resolved[name].volumes[0]) not in there
        and to_resume(resolved[name], observed, machine) is None
    )


def to_fill(
    project: Project, machine: Machine, observed: Observed, services: Iterable[str], *, moving: Mapping[str, str]
) -> list[str]:
    """Of these services, those whose data a run fills: data that it makes, and data that was never filled.

    ``moving``: by service, the volume whose data the run moves to the service's version first.
    """
    seeded = [name for name in services if name in project.manifest.seed]
    new = fresh(project, machine, observed, [name for name in seeded if name not in moving])
    filling = []
    for name in seeded:
        how = state_of(project.store, moving[name]) if name in moving else state(project, machine, name)
        if name in new or how == OWED:
            filling.append(name)
    return filling


def owe(project: Project, machine: Machine, services: Iterable[str]) -> tuple[str, ...]:
    """Note that these services' data, which is about to be made, is to be filled. Raises ManifestError for what
    cannot be: better now than when it is there."""
    owing = tuple(name for name in services if name in project.manifest.seed)
    check(project, owing)
    for name in owing:
        _note(project, machine, name, OWED)
    return owing


def check(project: Project, services: Iterable[str]) -> None:
    """Raises ManifestError for files that are not there."""
    problems = [
        problem
        for name in services
        for seed in project.manifest.seed[name]
        for problem in _missing(project, name, seed)
    ]
    if problems:
        raise ManifestError(problems)


def _missing(project: Project, service: str, seed: Seed) -> Iterable[Problem]:
    if seed.command:
        return
    message = f"file {seed.path} not found"
    try:
        if expanded(project.root, seed.path):
            return
    except BadPattern as error:
        message = f"{seed.path}: {error}"
    index = project.manifest.seed[service].index(seed)
    where = project.documents.where(("seed", service, index))
    yield Problem(message, "", where, f"seed.{service}[{index}]")


def fill(
    project: Project, machine: Machine, service: str, container: str, call: Call, told: Callable[[str], None]
) -> None:
    """Load all that is named for a service that serves. Raises DevenvError at the first thing that fails."""
    _note(project, machine, service, BEGUN)
    for seed in project.manifest.seed[service]:
        told(f"filling {service}: {seed}")
        if seed.command:
            code = call(seed.command)
            if code == 130:
                raise KeyboardInterrupt
            if code != 0:
                raise DevenvError(f"{service} could not be filled: {seed} ended with code {code}")
        elif not is_archive(seed.path):
            for path in expanded(project.root, seed.path):
                _load(project, service, container, path, folder=path.is_dir())
    _note(project, machine, service, DONE)


def _load(project: Project, service: str, container: str, path: Path, *, folder: bool) -> None:
    resolved = project.resolved.services[service]
    shown = path.relative_to(project.root).as_posix() if path.is_relative_to(project.root) else str(path)
    rule = rule_for(resolved.kind, f"{path.name}/" if folder else path.name)
    if rule is None:
        raise DevenvError(f"{resolved.kind.title} cannot load {shown}")
    command = asking.command(resolved, Exec(rule.command), project.resolved.project)
    for done in _piped(path, ["exec", "--interactive", container, *command.argv], folder=folder):
        if done.code != 0:
            said = [line for line in (done.stderr.strip() or done.stdout.strip()).splitlines() if line.strip()]
            raise DevenvError(
                f"{service} could not be filled from {shown}: {' / '.join(said[-3:]) or f'code {done.code}'}"
            )


def _piped(path: Path, words: Sequence[str], *, folder: bool) -> tuple[Finished, ...]:
    """A file, an unpacked one or a folder as a tar, into a docker command: how each program ended."""
    try:
        if folder:
            return pipe(["tar", "-cf", "-", "-C", str(path), "."], ["docker", *words])[::-1]
        check_regular(path)
        source = os.open(path, os.O_RDONLY)
    except OSError as error:
        raise DevenvError(f"{path} cannot be read: {error.strerror}") from error
    try:
        if is_packed(path.name):
            return pipe(["gzip", "-dc"], ["docker", *words], source=source)
        return (docker(*words, timeout=None, source=source),)
    finally:
        os.close(source)


def _note(project: Project, machine: Machine, service: str, how: str) -> None:
    note(project.store, machine.volume(project.resolved.services[service].volumes[0]), how)
