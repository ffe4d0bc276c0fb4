"""Pulling the images of services, side by side. One that cannot be pulled does not keep the other services down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from devenv.console import Progress
from devenv.effects import compose
from devenv.effects.process import minding
from devenv.errors import DevenvError, Unreachable
from devenv.model.problem import Problem

#: Images fetched side by side; registries and disks gain nothing from more.
_PULLS = 3


class NoImage(DevenvError):
    """Images of some services could not be pulled or built. What does not need them was done.

    ``exit_code`` is Unreachable's where a registry cannot be reached.
    """

    def __init__(self, problems: Iterable[Problem], services: Iterable[str], *, exit_code: int = 1) -> None:
        super().__init__(problems)
        self.services = frozenset(services)
        self.exit_code = exit_code


def together(errors: Sequence[NoImage]) -> NoImage:
    """One error for all services without an image."""
    problems = [problem for error in errors for problem in error.problems]
    services = frozenset[str]().union(*(error.services for error in errors))
    return NoImage(problems, services, exit_code=max(error.exit_code for error in errors))


def pull_images(images: Mapping[str, str], platforms: Mapping[str, str], progress: Progress) -> None:
    """Pull an image for each of these services.

    Raises NoImage when all pulls have ended, if any failed; Unreachable if the engine does not answer.
    """

    from concurrent.futures import ThreadPoolExecutor

    def pull(service: str) -> NoImage | None:
        return _pull(service, images[service], platforms[service], progress)

    with ThreadPoolExecutor(_PULLS) as pool, minding():
        results = list(pool.map(pull, images))
    errors = [error for error in results if error is not None]
    if errors:
        raise together(errors)


def _pull(service: str, image: str, platform: str, progress: Progress) -> NoImage | None:
    """The error if the image cannot be pulled."""

    def follow(line: str) -> None:
        progress.update(service, f"pulling: {line}")

    progress.update(service, f"pulling {image.partition('@')[0]}")
    try:
        compose.pull(image, platform=platform, told=follow)
    except Unreachable:
        raise
    except DevenvError as error:
        progress.done(service, "its image could not be pulled", well=False)
        problems = [replace(problem, key=f"services.{service}") for problem in error.problems]
        return NoImage(problems, [service], exit_code=error.exit_code)
    progress.done(service, "image is here")
    return None
