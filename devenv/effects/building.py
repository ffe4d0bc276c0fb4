"""Building the image of a service, with a log that is kept where it fails."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from devenv.effects.compose import RegistryUnreachable, Stack, Told
from devenv.effects.engine import docker
from devenv.effects.fetching import NoImage, together
from devenv.effects.files import write
from devenv.errors import DevenvError, Unreachable
from devenv.model.file import File
from devenv.model.problem import Problem
from devenv.model.text import without_terminal_codes

#: Enough for what a package manager prints last.
_LINES_SHOWN = 8
#: As the classic builder names the container of a step. BuildKit leaves none behind.
_CONTAINER = re.compile(r"---> Running in ([0-9a-f]{12,64})")
#: As apt says it.
_NO_PACKAGE = re.compile(r"Unable to locate package ([\w.+-]+)")
_REMOVED = re.compile(r"Removed intermediate container ([0-9a-f]{12,64})")


def build_images(services: Sequence[str], stack: Stack, *, logs: Path, told: Mapping[str, Told]) -> None:
    """Build an image for each of these services. One that fails does not keep the others from being built.

    Raises NoImage with the builder's last lines for each, and the path of its log in the folder ``logs``.
    """
    errors = []
    for service in services:
        error = _build(service, stack, logs=logs, told=told[service])
        if error is not None:
            errors.append(error)
    if errors:
        raise together(errors)


def _build(service: str, stack: Stack, *, logs: Path, told: Told) -> NoImage | None:
    lines: list[str] = []

    def follow(raw: str) -> None:
        line = without_terminal_codes(raw)
        lines.append(line)
        told(line)

    try:
        stack.build([service], told=follow)
    except Unreachable:
        raise
    except DevenvError as error:
        _remove_containers(lines)
        log = logs / f"build-{service}.log"
        write(logs, File(log.name, "\n".join([*lines, ""]), mode=0o600))
        shown = [line for line in lines if line][-_LINES_SHOWN:]
        hint = "\n  ".join([*shown, *_remedies(lines), *_network_remedy(error), f"Full log: {log}"])
        problem = Problem(error.problems[0].message, hint, key=f"services.{service}")
        return NoImage([problem], [service], exit_code=error.exit_code)
    except BaseException:  # interrupted
        _remove_containers(lines)
        raise
    return None


def _remedies(lines: Iterable[str]) -> list[str]:
    """What helps where the package manager does not know a package."""
    names = dict.fromkeys(_NO_PACKAGE.findall("\n".join(lines)))
    remedy = "set another variant, or remove the extension that needs it."
    return [f"The image's distribution has no package {name}: {remedy}" for name in names]


def _network_remedy(error: DevenvError) -> list[str]:
    """What helps where a registry is in the way, without docker's words, which are shown already."""
    if not isinstance(error, RegistryUnreachable):
        return []
    return error.problems[0].hint.splitlines()[:1]


def _remove_containers(lines: Iterable[str]) -> None:
    """The classic builder leaves the container of the step that failed."""
    text = "\n".join(lines)
    if left := set(_CONTAINER.findall(text)) - set(_REMOVED.findall(text)):
        docker("container", "rm", "--force", "--volumes", *sorted(left))
