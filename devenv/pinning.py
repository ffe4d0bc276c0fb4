"""Bringing the lock up to what the manifest needs, by asking registries. Shared by ``lock`` and ``up``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from devenv.effects import files
from devenv.effects.world import World
from devenv.errors import DevenvError, DriftFound, Refused, Unreachable
from devenv.model.file import File
from devenv.model.image import ImageRef
from devenv.model.lock import Lock, Locked
from devenv.model.problem import Problem
from devenv.project import Project
from devenv.stages import locking


def ask(project: Project, world: World, images: Iterable[ImageRef]) -> dict[ImageRef, Locked]:
    """The digests of images now. Raises Unreachable if a registry could not be asked, DevenvError if it refused."""
    wanted = tuple(images)
    if wanted:  # it takes seconds
        world.console.say(f"asking registries for {', '.join(image.familiar for image in wanted)}")
    found, lacking = looked_up(project, world, wanted)
    if lacking:
        raise DevenvError(dict.fromkeys(lacking.values()))  # what ails a whole registry is said once
    return found


def looked_up(
    project: Project, world: World, images: Iterable[ImageRef]
) -> tuple[dict[ImageRef, Locked], dict[ImageRef, Problem]]:
    """The digests of images now, and why others have none. Raises Unreachable if a registry could not be asked."""
    from devenv.effects.credentials import Credentials, docker_config
    from devenv.effects.registry import Pinned, resolve
    from devenv.effects.registry_errors import OutOfReach

    credentials = Credentials(docker_config(world.env, home=world.home), world.env)
    answers = resolve(list(images), mirrors=project.mirrors, credentials=credentials)
    problems = {image: answer for image, answer in answers.items() if isinstance(answer, Problem)}
    if any(isinstance(problem, OutOfReach) for problem in problems.values()):
        raise Unreachable(dict.fromkeys(problems.values()))
    today = dt.datetime.now(dt.UTC).date().isoformat()
    found = {
        image: Locked(answer.digest, "mirror" if project.mirrors.covers(image.registry) else image.registry, today)
        for image, answer in answers.items()
        if isinstance(answer, Pinned)
    }
    return found, problems


def pinned(project: Project, world: World, *, frozen: bool, offline: bool) -> Project:
    """The project with a lock that holds every image needed; asks registries only for those that it lacks.

    Raises Refused if that would change the committed lock and ``frozen`` forbids it, Unreachable if ``offline`` does.
    """
    lacking = locking.missing(project.lock, project.needed_here())
    if not lacking:
        return project
    names = ", ".join(image.familiar for image in lacking)
    if frozen and locking.missing(project.lock, project.needed()):
        raise Refused(
            f"devenv.lock does not hold {names}, and --frozen forbids to add it", "run 'devenv lock', commit it"
        )
    if offline:
        raise Unreachable(f"devenv.lock does not hold {names}, and --offline forbids to ask", "run 'devenv lock' once")
    lock = locking.relocked(project.lock, project.needed_here(), ask(project, world, lacking))
    return project.with_lock(lock)


def _own(project: Project) -> set[ImageRef]:
    """The images that only a developer's own layer needs."""
    return {image for image in project.needed_here() if image in project.lock.images} - set(project.needed())


def committed(project: Project) -> Lock:
    """The committed lock: without what only a developer's own layer needs."""
    own = _own(project)
    return Lock({image: entry for image, entry in project.lock.images.items() if image not in own})


def save(project: Project, *, frozen: bool = False, tidy: bool = False) -> bool:
    """Write the locks if they hold something else than the disk's; whether the committed one was written.

    ``frozen``: that one stays as it is. ``tidy``: it is also written where only its order or its heading is another.
    """
    if own := _own(project):
        text = locking.write_lock(Lock({image: project.lock.images[image] for image in own}), local=True)
        files.write_files(project.root, [File(locking.LOCAL_PATH, text)])
    shared = committed(project)
    text = locking.write_lock(shared)
    same = text == project.lock_text if tidy else shared == locking.parse_lock(project.lock_text)
    if frozen or same:
        return False
    files.write(project.root, File(locking.PATH, text))
    return True


def check(project: Project) -> None:
    """Raises DriftFound if the lock lacks an image or holds one that nothing needs."""
    wanted = project.needed()
    problems = [
        Problem(f"devenv.lock lacks {image.familiar} ({', '.join(wanted[image])})", "devenv lock")
        for image in locking.missing(project.lock, wanted)
    ]
    problems += [
        Problem(f"devenv.lock holds {image.familiar}, which nothing needs", "devenv lock")
        for image in locking.unneeded(project.lock, project.needed_here())
    ]
    if problems:
        raise DriftFound(problems)


def updated(project: Project, world: World, services: Iterable[str]) -> tuple[Project, Lock]:
    """The project with the images of these services (none: all) asked for again, and the lock as it was."""
    chosen = set(services)
    wanted = project.needed_here()
    again = [image for image, users in wanted.items() if not chosen or chosen & set(users)]
    lacking = locking.missing(project.lock, wanted)
    found = ask(project, world, dict.fromkeys([*again, *lacking]))
    unchanged = {
        image: project.lock.images[image]
        for image, entry in found.items()
        if image in project.lock.images and project.lock.images[image].digest == entry.digest
    }
    return project.with_lock(locking.relocked(project.lock, wanted, found | unchanged)), project.lock
