"""``.devenv/.env``: what is decided for this checkout on this machine. Never committed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from devenv.model.file import File
from devenv.model.machine import ENV_FILE, LOOPBACK, OWNER, Machine
from devenv.model.problem import Problem, Where
from devenv.model.resolved import STANDARD, remembered
from devenv.targets.compose import GENERATION_PREFIX, generation_variable

PATH = ENV_FILE
IGNORE_PATH = ".devenv/.gitignore"
ATTRIBUTES_PATH = ".devenv/.gitattributes"
_IGNORED = "/.env\n/compose.local.yaml\n/local.lock\n"
_HEAD = "# This machine's names, ports and registries, written by devenv; `docker compose` reads them too.\n"
#: What Compose takes for a project's name.
_PROJECT = re.compile(r"[a-z0-9][a-z0-9_-]*")
_REMEMBERED = remembered("_PORT")
_GENERATION = re.compile(r"[A-Za-z0-9_.-]*")
#: The first port that everybody may open.
_OPEN_TO_ALL = 1024
_LINE = re.compile(r"^(?P<name>[A-Z][A-Z0-9_]*)=(?P<value>.*)$")


def git_files() -> tuple[File, ...]:
    """They keep what is one machine's own out of git, and Windows' line ends out of scripts. Committed."""
    return (File(IGNORE_PATH, _IGNORED), File(ATTRIBUTES_PATH, "* text eol=lf\n"))


def file(machine: Machine) -> File:
    """The file itself."""
    values = {"COMPOSE_PROJECT_NAME": machine.project, "DEVENV_ROOT": machine.root, **machine.registries}
    if machine.owner:
        values[OWNER] = machine.owner
    if machine.host != LOOPBACK:
        values["DEVENV_HOST"] = machine.host
    for name, port in sorted(machine.ports.items()):
        values[name] = str(port)
        if name in machine.wanted:
            values[remembered(name)] = machine.wanted[name]
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
    return {name: value for _, name, value in _variables(text)}


def _variables(text: str) -> Iterator[tuple[int, str, str]]:
    """(line, name, value) of every variable."""
    for number, line in enumerate(text.splitlines(), 1):
        if match := _LINE.match(line):
            raw = match["value"]
            quoted = len(raw) >= 2 and raw[0] == raw[-1] == "'"
            yield number, match["name"], re.sub(r"\\(.)", r"\1", raw[1:-1]) if quoted else raw


def problems(text: str) -> tuple[Problem, ...]:
    """What is wrong with the values of a ``.devenv/.env`` that somebody wrote or changed."""
    values = parse(text)
    return tuple(
        Problem(message, "delete the line, and 'devenv up' writes it again", Where(PATH, number), name)
        for number, name, value in _variables(text)
        if (message := _wrong(name, value, values))
    )


def _wrong(name: str, value: str, values: Mapping[str, str]) -> str:
    """Why a value cannot be used; "" if it can."""
    if name == "COMPOSE_PROJECT_NAME" and not _PROJECT.fullmatch(value):
        return (
            f"{value!r} is not a Compose project name: lower-case letters, digits, '-' and '_', a letter or digit first"
        )
    if name.startswith("DEVENV_") and name.endswith(("_PORT", _REMEMBERED)):
        return _wrong_port(name, value, values)
    if name.startswith(GENERATION_PREFIX) and not _GENERATION.fullmatch(value):
        return f"{value!r} is not the end of a volume's name"
    return ""


def _wrong_port(name: str, value: str, values: Mapping[str, str]) -> str:
    """Ports that only root may open are right where devenv.toml asks for them, which ``_WANTED`` tells."""
    wish = values.get(remembered(name))
    if name.endswith(_REMEMBERED) and value == STANDARD:
        return ""
    number = int(value) if value.isascii() and value.isdigit() and len(value) < 6 else 0
    if not 0 < number < 65536:
        return f"{value[:20]!r} is not a port: a number from 1 to 65535"
    if number < _OPEN_TO_ALL and not name.endswith(_REMEMBERED) and wish not in (value, STANDARD):
        return f"port {value} is below {_OPEN_TO_ALL}, and devenv.toml does not ask for it"
    return ""
