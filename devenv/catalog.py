"""The catalogue: one folder a kind of service, ``service.toml`` beside its templates, read into values. Pure."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from devenv.model.kind import (
    Build,
    ConfigFile,
    DataRule,
    Exec,
    Greeting,
    Kind,
    Option,
    OptionValue,
    Promised,
    ReportedSetting,
    SeedRule,
    SettingsQuestion,
)

if TYPE_CHECKING:
    from devenv.model.workspace import Runtime

FRAGMENT = "compose.yaml.j2"
DECLARATION = "service.toml"


def read_kind(name: str, folder: Mapping[str, str]) -> Kind:
    """One folder (file name below it -> text) to a Kind.

    The declaration's shape is taken as checked (``schema.service_kind``): the packaged folders by tests, a project's
    own folder when its manifest is loaded. Raises KeyError or TypeError for one that was not.
    """
    data = tomllib.loads(folder[DECLARATION])
    image = data.get("image", {})
    version = data.get("version", {})
    return Kind(
        name=name,
        title=data["title"],
        summary=data["summary"],
        repository=image.get("repository", ""),
        tag=image.get("tag", "{version}"),
        variants=tuple(image.get("variants", ())),
        usual_variant=image.get("usual_variant", {}),
        known_as=tuple(image.get("known_as", ())),
        versions=tuple(version.get("known", ())),
        tried=tuple(version.get("tried", ())),
        version_parts=version.get("parts", 1),
        version_mirrored=version.get("mirrored", True) or not version.get("known"),
        version_most=version.get("most", {}),
        ports={port: _number(value) for port, value in data.get("ports", {}).items()},
        port_needs={port: _needs(value) for port, value in data.get("ports", {}).items() if isinstance(value, dict)},
        options={key: _option(key, value) for key, value in data.get("options", {}).items()},
        data=tuple(_data_rule(rule) for rule in data.get("data", ())),
        greeting=Greeting(**data["ready"]) if "ready" in data else None,
        running_version=_exec(data.get("running_version")),
        effective=_effective(data.get("effective")),
        known_settings=_exec(data.get("known_settings")),
        refused_settings=_exec(data.get("refused_settings")),
        ensure=_exec(data.get("ensure")),
        promised=_promised(data.get("promised")),
        lacking=_exec(data.get("lacking")),
        client=_exec(data.get("client")),
        outputs=data.get("outputs", {}),
        files=tuple(ConfigFile(path=path, **value) for path, value in data.get("files", {}).items()),
        build=_build(data.get("build")),
        packages=data.get("packages", {}),
        preload={name: tuple(libraries.split()) for name, libraries in data.get("preload", {}).items()},
        needs=data.get("needs", {}),
        seed=tuple(SeedRule(tuple(rule["files"]), tuple(rule["command"])) for rule in data.get("seed", ())),
        stop_grace=data.get("stop_grace", "10s"),
        ends=tuple(data.get("ends", ())),
        in_place=data.get("upgrade", {}).get("in_place", False),
        settings=data.get("settings", ""),
        reserved={name: entry["instead"] for entry in data.get("reserved", ()) for name in entry["settings"]},
        frozen_settings=data.get("frozen", {}).get("settings", {}),
        frozen_options=tuple(data.get("frozen", {}).get("options", ())),
        notes=tuple(data.get("notes", ())),
        tools=tuple(data.get("tools", ())),
        fragment=folder[FRAGMENT],
        templates={path: text for path, text in folder.items() if path not in (DECLARATION, FRAGMENT)},
        digest=_digest(folder),
    )


def read_runtime(name: str, text: str) -> Runtime:
    """A file of the packaged runtimes."""
    from devenv.model.workspace import Runtime

    data = tomllib.loads(text)
    return Runtime(
        name=name,
        title=data["title"],
        repository=data["repository"],
        tag=data["tag"],
        version=tuple(data["version"]),
        folders=tuple(data.get("folders", ())),
        path=tuple(data.get("path", ())),
        environment=data.get("environment", {}),
    )


def _digest(folder: Mapping[str, str]) -> str:
    whole = hashlib.sha256()
    for path in sorted(folder):
        if not path.endswith(".md") and not path.startswith("settings/"):  # neither is anything that is run
            whole.update(f"{path}\0{folder[path]}\0".encode())
    return whole.hexdigest()


def _number(port: int | Mapping[str, Any]) -> int:
    return port if isinstance(port, int) else int(port["port"])


def _needs(port: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    ((option, values),) = port["needs"].items()
    return option, tuple(values)


def _option(name: str, data: Mapping[str, Any]) -> Option:
    return Option(
        name=name,
        type=data["type"],
        description=data["description"],
        default=_frozen(data.get("default")),
        pattern=data.get("pattern", ""),
        known=data.get("known", False),
        absent=tuple(data.get("absent", ())),
    )


def _frozen(value: Any) -> OptionValue:
    return tuple(value) if isinstance(value, list) else value


def _data_rule(data: Mapping[str, Any]) -> DataRule:
    return DataRule(data.get("versions", ""), data["format"], tuple(data["paths"]))


def _exec(data: Mapping[str, Any] | None) -> Exec | None:
    if data is None:
        return None
    return Exec(
        tuple(data["command"]),
        input=data.get("input", ""),
        existing=data.get("existing", ""),
        expect=data.get("expect", ""),
        fresh=data.get("fresh", ""),
        beside=tuple(data.get("beside", ())),
        at_boot=data.get("at_boot", False),
    )


def _effective(data: Mapping[str, Any] | None) -> Exec | SettingsQuestion | None:
    if data is None or "command" in data:
        return _exec(data)
    answers = {name: ReportedSetting(**answer) for name, answer in data["answers"].items()}
    return SettingsQuestion(data["port"], data["send"], answers)


def _promised(data: Mapping[str, Any] | None) -> Promised | None:
    if data is None:
        return None
    return Promised(data["port"], data["protocol"], tuple(data.get("pages", ())))


def _build(data: Mapping[str, Any] | None) -> Build | None:
    if data is None:
        return None
    return Build(data["dockerfile"], tuple(data["options"]), tuple(data.get("not_on", ())))
