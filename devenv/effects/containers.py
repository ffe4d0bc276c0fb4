"""Single containers: run something in one, read its last words."""

from __future__ import annotations

import re

from devenv.effects.engine import docker
from devenv.effects.process import Finished
from devenv.model.probe import Command


def execute(container: str, command: Command, *, timeout: float = 120) -> Finished:
    """Run a command in a running container. Raises Unreachable if the engine is gone."""
    words = ["exec", *(["--interactive"] if command.input else []), container, *command.argv]
    return docker(*words, input=command.input or None, timeout=timeout)


def version_in(finished: Finished, expect: str) -> str:
    """The group ``version`` of ``expect`` in what a command printed; "" if it is not there."""
    match = re.search(expect, finished.stdout) if expect else None
    return (match.groupdict().get("version") or "") if match else ""


def last_lines(container: str, count: int = 12) -> str:
    """The end of a container's log, both of its streams."""
    done = docker("logs", "--tail", str(count), container)
    return "\n".join((done.stdout + done.stderr).splitlines()[-count:])
