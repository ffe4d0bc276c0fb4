"""Doing what a plan says, one kind of step after the other, each written down before and after."""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from devenv.console import Progress
from devenv.effects import compose
from devenv.effects.building import build_images
from devenv.effects.compose import Stack
from devenv.effects.fetching import NoImage, pull_images, together
from devenv.effects.files import write_files
from devenv.effects.store import Store
from devenv.errors import DevenvError
from devenv.model.file import File
from devenv.model.plan import Action, Plan
from devenv.model.record import record

_WITH_COMPOSE = (Action.BUILD, Action.CREATE, Action.RECREATE, Action.START, Action.ADD)


@record
class Material:
    """What steps are made with: every file by path, each service's image as the engine calls it, its platform, the
    containers of services that are to be stopped, those that somebody paused, and those that an interrupted run left
    half made; ``logs`` is where the log of a failed build goes; ``copy`` gives services copies of kept data, and
    ``make_volumes`` volumes for new data."""

    root: Path
    files: Mapping[str, File]
    images: Mapping[str, str]
    platforms: Mapping[str, str]
    leaving: Mapping[str, str]
    paused: Mapping[str, str]
    half_made: Sequence[str]
    stack: Stack
    logs: Path
    copy: Callable[[Sequence[str], Progress], None]
    make_volumes: Callable[[Sequence[str]], None]


def apply(plan: Plan, material: Material, *, verb: str, store: Store, progress: Progress) -> None:
    """Carry a plan out. Killed anywhere, the next run finds in the journal what had been begun, and plans anew."""
    steps = [f"{step.action} {step.subject}" for step in plan.changes]
    if not steps:
        return
    if plan.subjects(*_WITH_COMPOSE):
        compose.prepare()
    done: list[tuple[str, str]] = []
    errors: list[NoImage] = []
    store.clear_journal()
    store.journal({"verb": verb, "process": os.getpid(), "at": time.time(), "steps": steps})
    for actions, do in _ROOMS:
        subjects = _with_image(plan.subjects(*actions), errors)
        if not subjects:
            continue
        store.journal({"begin": [str(action) for action in actions], "subjects": subjects})
        try:
            do(subjects, material, progress)
        except NoImage as error:  # the other services are started all the same
            error.services |= _sharing(error.services, plan, material)
            errors.append(error)
            subjects = _with_image(subjects, errors)
        except DevenvError as error:
            error.changed = _so_far(done, [(str(actions[0]), subject) for subject in subjects])
            raise
        done += [(str(actions[0]), subject) for subject in subjects]
        store.journal({"done": [str(action) for action in actions], "subjects": subjects})
    store.clear_journal()
    if errors:
        no_image = together(errors)
        no_image.changed = _so_far(done, [])
        raise no_image


def _with_image(subjects: Sequence[str], errors: Sequence[NoImage]) -> tuple[str, ...]:
    """The subjects without the services whose images could not be pulled or built."""
    if not errors:
        return tuple(subjects)
    missing = together(errors).services
    return tuple(name for name in subjects if name not in missing)


def _sharing(services: Iterable[str], plan: Plan, material: Material) -> frozenset[str]:
    """The services that were to be started from the images of these. An image is pulled or built once."""
    images = {material.images[name] for name in services}
    starting = plan.subjects(*_WITH_COMPOSE)
    return frozenset(name for name in starting if material.images.get(name) in images)


def _so_far(done: Sequence[tuple[str, str]], begun: Sequence[tuple[str, str]]) -> str:
    """What was done, in a sentence. Of several that were begun together, all but one may be done."""
    before = ", ".join(f"{action} {subject}" for action, subject in done)
    together = ", ".join(f"{action} {subject}" for action, subject in begun)
    also = f"; begun: {together}" if len(begun) > 1 else ""
    return f"done before that: {before or 'nothing'}{also}; 'devenv up' goes on from there"


def _show(services: Sequence[str], doing: str, progress: Progress) -> None:
    for service in services:
        progress.update(service, doing)


def _write(paths: Sequence[str], material: Material, progress: Progress) -> None:
    write_files(material.root, [material.files[path] for path in paths])


def _pull(services: Sequence[str], material: Material, progress: Progress) -> None:
    pull_images({name: material.images[name] for name in services}, material.platforms, progress)


def _build(services: Sequence[str], material: Material, progress: Progress) -> None:
    _show(services, "building its image", progress)
    told = {service: functools.partial(progress.update, service) for service in services}
    try:
        build_images(services, material.stack, logs=material.logs, told=told)
    except NoImage as error:
        for service in services:
            built = service not in error.services
            progress.done(service, "image is built" if built else "its image could not be built", well=built)
        raise
    for service in services:
        progress.done(service, "image is built")


def _stop(services: Sequence[str], material: Material, progress: Progress) -> None:
    ids = [material.leaving[service] for service in services]
    compose.stop_containers(ids)
    compose.remove_containers(ids)


def _copy(services: Sequence[str], material: Material, progress: Progress) -> None:
    material.copy(services, progress)


def _start(services: Sequence[str], material: Material, progress: Progress) -> None:
    _show(services, "starting", progress)
    compose.unpause_containers([material.paused[name] for name in services if name in material.paused])
    stopped = [name for name in services if name not in material.paused]
    material.make_volumes(stopped)
    material.stack.up(stopped, recreate=False, told=lambda line: None)


def _recreate(services: Sequence[str], material: Material, progress: Progress) -> None:
    _show(services, "starting in a new container", progress)
    compose.remove_containers(material.half_made)  # Compose would stumble over their names
    material.make_volumes(services)
    material.stack.up(services, recreate=True, told=lambda line: None)


def _add(services: Sequence[str], material: Material, progress: Progress) -> None:
    material.stack.up(services, recreate=False, further=True, told=lambda line: None)


_Room = Callable[[Sequence[str], Material, Progress], None]
_ROOMS: tuple[tuple[tuple[Action, ...], _Room], ...] = (
    ((Action.WRITE,), _write),
    ((Action.PULL,), _pull),
    ((Action.BUILD,), _build),
    ((Action.STOP,), _stop),
    ((Action.COPY,), _copy),
    ((Action.RECREATE,), _recreate),
    ((Action.CREATE, Action.START), _start),
    ((Action.ADD,), _add),
)
