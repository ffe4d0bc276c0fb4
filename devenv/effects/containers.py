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


#: What only a terminal understands: colours, the cursor.
_ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b.|[\x00-\x08\x0b-\x1f\x7f]")


def last_lines(container: str, count: int = 12) -> str:
    """The end of what a container has logged since somebody started it: both of its streams in their true order."""
    shape = "{{if not .RestartCount}}{{.State.StartedAt}}{{end}}"
    started = docker("container", "inspect", "--format", shape, container).stdout.strip()
    since = ["--since", started] if started else []
    done = docker("logs", "--timestamps", *since, "--tail", str(count), container)
    lines = sorted((done.stdout + done.stderr).splitlines()) if done.code == 0 else []
    return "\n".join(_ESCAPES.sub("", line.partition(" ")[2]) for line in lines[-count:])
