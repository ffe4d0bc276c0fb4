"""Manifest text -> Manifest, or everything that is wrong with it, each with file, line and key."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from devenv import tomldoc
from devenv.errors import ManifestError
from devenv.model.finding import Acceptance
from devenv.model.kind import Kind, OptionValue
from devenv.model.manifest import Manifest, Seed, Service
from devenv.model.problem import Problem, Where
from devenv.model.record import record
from devenv.model.version import parse_version

if TYPE_CHECKING:
    from devenv.model.workspace import Runtime
    from devenv.schema.issue import Issue

MANIFEST = "devenv.toml"
LOCAL = "devenv.local.toml"


@record
class Documents:
    """The manifest's layers as text and as values. ``local`` is one developer's own; "" if there is none."""

    manifest: str
    local: str
    base: Mapping[str, Any]
    merged: Mapping[str, Any]

    def kinds(self) -> tuple[str, ...]:
        """The kinds that services name, so that only their folders need reading."""
        services = self.merged.get("services")
        entries = services.values() if isinstance(services, dict) else ()
        named = (entry.get("kind") for entry in entries if isinstance(entry, dict))
        return tuple(sorted({kind for kind in named if isinstance(kind, str)}))

    def catalogue(self) -> str:
        """The project's own catalogue folder, relative to the manifest; "" if it names none."""
        project = self.merged.get("project")
        folder = project.get("catalogue", "") if isinstance(project, dict) else ""
        return folder if isinstance(folder, str) else ""

    def as_written(self) -> dict[str, Any]:
        """The merged values, with numbers that print as they stand in the text."""
        layers = [tomldoc.parse(text, parse_float=tomldoc.WrittenFloat) for text in (self.manifest, self.local)]
        return _layer(layers[0], layers[1])

    def where(self, path: tuple[str | int, ...]) -> Where:
        """The file and line of a key, or of what is nearest above it: the local layer's if it says the most of it."""
        local, manifest = (_depth(text, path) for text in (self.local, self.manifest))
        if local and (local == len(path) or local > manifest):
            return Where(LOCAL, tomldoc.locate(self.local, path))
        return Where(MANIFEST, tomldoc.locate(self.manifest, path))


def parse_documents(manifest: str, local: str = "") -> Documents:
    """Both layers, parsed and laid over each other: tables are merged, anything else is replaced.

    Raises ManifestError naming each file that is no TOML.
    """
    parsed: list[dict[str, Any]] = []
    problems: list[Problem] = []
    for name, text in ((MANIFEST, manifest), (LOCAL, local)):
        try:
            parsed.append(tomldoc.parse(text))
        except tomldoc.TomlError as error:
            problems.append(_syntax_problem(name, text, error))
    if problems:
        raise ManifestError(problems)
    return Documents(manifest, local, parsed[0], _layer(parsed[0], parsed[1]))


def _syntax_problem(name: str, text: str, error: tomldoc.TomlError) -> Problem:
    where = Where(name, error.line)
    line = text.splitlines()[error.line - 1 : error.line] if error.line else []
    written = line[0].split("=")[0].strip() if line else ""
    if "twice" in error.message:
        return Problem(
            f"{written} is there a second time", "two services need two names, one service one header", where
        )
    if "overwrite" in error.message:
        return Problem(f"{written} is there a second time", "keep one of them", where)
    return Problem(f"not valid TOML: {error.message}", _syntax_hint(error.message), where)


def _syntax_hint(message: str) -> str:
    if message.endswith(tomldoc.AT_THE_END):
        return "is a bracket or a quote not closed?"
    if "Illegal character" in message:
        return "does a text end with the quote that it begins with?"
    return "text goes in quotes; numbers, true and false do not" if message == "Invalid value" else ""


def _layer(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = _layer(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def _depth(text: str, path: tuple[str | int, ...]) -> int:
    """How much of a path a layer says."""
    said = tomldoc.positions(text)
    return next((length for length in range(len(path), 0, -1) if path[:length] in said), 0)


def check_documents(
    documents: Documents, kinds: Mapping[str, Kind], names: list[str], runtimes: Mapping[str, Runtime]
) -> None:
    """Raises ManifestError with all problems of the merged manifest; ``names`` are all kinds of the catalogue,
    ``runtimes`` all that a workspace can have."""
    from devenv.stages.check import meaning_issues, shape_issues
    from devenv.stages.workspaces import workspace_issues

    data = documents.as_written()
    issues = shape_issues(data, kinds, names)
    sound = _sound(data, [issue.path for issue in issues])
    services = data.get("services")
    broken = [name for name in services if name not in sound["services"]] if isinstance(services, dict) else []
    manifest = build_manifest(sound, kinds)
    issues += [*meaning_issues(manifest, kinds, sound, broken), *workspace_issues(manifest, runtimes)]
    guard_issues(documents, issues)


def guard_issues(documents: Documents, issues: Iterable[Issue]) -> None:
    """Raises ManifestError with all issues, each with its line, in the order of the text."""
    problems = [Problem(issue.message, issue.hint, documents.where(issue.path), issue.key) for issue in issues]
    if problems:
        raise ManifestError(sorted(problems, key=_in_reading_order))


#: Tables whose entries stand for themselves: one that is wrong does not keep the others from being looked at.
_OF_ENTRIES = ("services", "profiles", "env", "environments")
#: Where no service is known, nothing that names one can be wrong.
_OF_SERVICES = ("profiles", "env", "environments")


def _sound(data: Mapping[str, Any], wrong: list[tuple[str | int, ...]]) -> dict[str, Any]:
    """What there is to build without all that has a wrong shape, so that the rest is checked in the same run."""
    sound = {
        key: dict(value) if key in _OF_ENTRIES and isinstance(value, dict) else value for key, value in data.items()
    }
    for path in wrong:
        key = str(path[0])
        if len(path) > 1 and key in _OF_ENTRIES and key in sound:
            sound[key].pop(path[1], None)
            if key == "environments":
                sound.pop("parity", None)  # it names environments
        else:
            sound.pop(key, None)
    if "services" in data and "services" not in sound:
        sound = {key: value for key, value in sound.items() if key not in _OF_SERVICES}
    return {"project": {"name": "unnamed"}, **sound}


def _in_reading_order(problem: Problem) -> tuple[bool, int, str]:
    """The manifest's first, from top to bottom."""
    where = problem.where
    return (where is not None and where.file == LOCAL, (where and where.line) or 0, problem.key)


def build_manifest(data: Mapping[str, Any], kinds: Mapping[str, Kind]) -> Manifest:
    """Values whose shape was checked -> Manifest."""
    project = data["project"]
    return Manifest(
        project=project["name"],
        catalogue=project.get("catalogue", ""),
        services={
            name: _service(name, entry, kinds[entry["kind"]]) for name, entry in data.get("services", {}).items()
        },
        profiles={name: tuple(members) for name, members in data.get("profiles", {}).items()},
        env=data.get("env", {}),
        post_up=tuple(_command(entry) for entry in data.get("hooks", {}).get("post_up", ())),
        seed={name: _seeds(sources) for name, sources in data.get("seed", {}).items()},
        environments=data.get("environments", {}),
        accepted=_accepted(data.get("parity", {}).get("accept", ())),
        runtimes=data.get("runtimes", {}),
        devcontainer=data.get("devcontainer"),
    )


def _accepted(entries: Sequence[Mapping[str, str]]) -> tuple[Acceptance, ...]:
    return tuple(Acceptance(**entry, index=index) for index, entry in enumerate(entries))


def _command(entry: str | list[str]) -> tuple[str, ...]:
    return tuple(shlex.split(entry)) if isinstance(entry, str) else tuple(entry)


def _seeds(sources: str | list[Any]) -> tuple[Seed, ...]:
    listed = [sources] if isinstance(sources, str) else sources
    return tuple(Seed(item) if isinstance(item, str) else Seed(command=tuple(item["command"])) for item in listed)


def _service(name: str, entry: Mapping[str, Any], kind: Kind) -> Service:
    return Service(
        name=name,
        kind=kind.name,
        version=parse_version(entry.get("version", "")),
        variant=entry.get("variant", ""),
        image=entry.get("image", ""),
        platform=entry.get("platform", ""),
        port=entry.get("port"),
        ports=entry.get("ports", {}),
        settings={key: _frozen(value) for key, value in entry.get("settings", {}).items()},
        environment=entry.get("environment", {}),
        options={key: _frozen(entry[key]) for key in kind.options if key in entry},
        follows=entry.get("from", ""),
    )


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def option_value(service: Service, kind: Kind, name: str) -> OptionValue:
    """What a service says for an option, else the kind's default (which may still hold a template)."""
    if name in service.options:
        return service.options[name]
    return kind.options[name].default
