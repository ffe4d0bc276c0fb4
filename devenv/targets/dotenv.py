"""``.devenv/.env``: what is decided for this checkout on this machine. Never committed."""

from __future__ import annotations

import re

from devenv.model.file import File
from devenv.model.machine import LOOPBACK, Machine
from devenv.model.resolved import remembered
from devenv.targets.compose import generation_variable

PATH = ".devenv/.env"
IGNORE_PATH = ".devenv/.gitignore"
ATTRIBUTES_PATH = ".devenv/.gitattributes"
_IGNORED = "/.env\n/compose.local.yaml\n/local.lock\n"
_HEAD = "# This machine's names, ports and registries, written by devenv; `docker compose` reads them too.\n"
_LINE = re.compile(r"^(?P<name>[A-Z][A-Z0-9_]*)=(?P<value>.*)$")


def git_files() -> tuple[File, ...]:
    """They keep what is one machine's own out of git, and Windows' line ends out of scripts. Committed."""
    return (File(IGNORE_PATH, _IGNORED), File(ATTRIBUTES_PATH, "* text eol=lf\n"))


def file(machine: Machine) -> File:
    """The file itself."""
    values = {"COMPOSE_PROJECT_NAME": machine.project, "DEVENV_ROOT": machine.root, **machine.registries}
    if machine.host != LOOPBACK:
        values["DEVENV_HOST"] = machine.host
    for name, port in sorted(machine.ports.items()):
        values[name] = str(port)
        if name in machine.wanted:
            values[remembered(name)] = str(machine.wanted[name])
    values |= {generation_variable(data): which for data, which in sorted(machine.generations.items()) if which}
    lines = [f"{name}={_quoted(value)}\n" for name, value in values.items()]
    return File(PATH, _HEAD + "".join(lines), mode=0o600)


def _quoted(value: str) -> str:
    """Bare where nothing in it could mean something to Compose, else in single quotes, where nothing does."""
    if re.fullmatch(r"[A-Za-z0-9_./:@%+-]*", value):
        return value
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def parse(text: str) -> dict[str, str]:
    """The variables of a ``.devenv/.env``; lines that are none are passed over."""
    values = {}
    for line in text.splitlines():
        if match := _LINE.match(line):
            raw = match["value"]
            quoted = len(raw) >= 2 and raw[0] == raw[-1] == "'"
            values[match["name"]] = re.sub(r"\\(.)", r"\1", raw[1:-1]) if quoted else raw
    return values
