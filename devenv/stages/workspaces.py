"""``[devcontainer]`` and ``[runtimes]`` -> workspaces, or what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from devenv.model.image import ImageRef, parse_image
from devenv.model.manifest import Manifest
from devenv.model.workspace import Installed, Runtime, Workspace
from devenv.schema.issue import Issue, did_you_mean

#: Keys that are devenv's own, and what each must be. All others of a devcontainer are passed on as they are.
_OWN: Mapping[str, type | tuple[type, ...]] = {
    "image": str,
    "system": str,
    "user": str,
    "locale": str,
    "platform": str,
    "devenv": (bool, str),
    "services": list,
    "packages": list,
    "extensions": list,
    "settings": dict,
    "jetbrains": dict,
    "on_create": list,
    "post_create": list,
    "post_start": list,
    "post_attach": list,
}
_WORDS: Mapping[type | tuple[type, ...], str] = {
    str: "text in quotes",
    (bool, str): "what pip installs, or false",
    list: "a list of texts",
    dict: "a table",
}
#: The tables that devcontainer.json has (containers.dev/implementors/json_reference): any other table of
#: ``[devcontainer]`` is a devcontainer of that name.
_TABLES = (
    "build",
    "containerEnv",
    "customizations",
    "features",
    "hostRequirements",
    "initializeCommand",
    "onCreateCommand",
    "otherPortsAttributes",
    "portsAttributes",
    "postAttachCommand",
    "postCreateCommand",
    "postStartCommand",
    "remoteEnv",
    "secrets",
    "updateContentCommand",
)
#: What devenv decides, and what to say instead.
_DECIDED = {
    "dockerComposeFile": "add files to .devenv/compose.override.yaml",
    "service": "it is called workspace",
    "build": "image = … says what it is built on, packages = […] what is installed",
    "dockerFile": "image = … says what it is built on, packages = […] what is installed",
    "workspaceMount": "the checkout is mounted already",
    "remoteUser": "user = …",
    "containerUser": "user = …",
    "runServices": "services = […]",
}
MOMENTS = ("on_create", "post_create", "post_start", "post_attach")
_NAME = re.compile(r"[a-z][a-z0-9-]{0,40}")
_PACKAGE = re.compile(r"[a-z0-9][a-z0-9+.-]*(=[A-Za-z0-9.+:~-]+)?")
_USER = re.compile(r"[a-z_][a-z0-9_-]{0,30}")
_LOCALE = re.compile(r"[A-Za-z]{2,3}(_[A-Z]{2})?(\.[A-Za-z0-9-]+)?|C|POSIX")
_SYSTEM, _USUAL_USER, _SERVICE = "bookworm", "dev", "workspace"


def wanted(manifest: Manifest, runtimes: Mapping[str, Runtime]) -> tuple[Workspace, ...]:
    """The workspaces of a checked manifest that has a ``[devcontainer]``; where only named ones are spoken of, there
    are no others."""
    common, named = _parted(manifest.devcontainer or {})
    entries = {} if named and not common else {"": common}
    entries |= {name: _over(common, entry) for name, entry in named.items()}
    return tuple(_workspace(name, entry, manifest, runtimes) for name, entry in entries.items())


def _parted(data: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Mapping[str, Any]]]:
    """What all devcontainers have, and the tables of those that have a name."""
    named: dict[str, Mapping[str, Any]] = {
        key: value for key, value in data.items() if isinstance(value, dict) and key not in _OWN and key not in _TABLES
    }
    return {key: value for key, value in data.items() if key not in named}, named


def _over(common: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(common)
    for key, value in own.items():
        old = merged.get(key)
        merged[key] = {**old, **value} if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def _workspace(name: str, entry: Mapping[str, Any], manifest: Manifest, runtimes: Mapping[str, Runtime]) -> Workspace:
    system = entry.get("system", _SYSTEM)
    installed = tuple(
        Installed(runtimes[runtime], version, _image(runtimes[runtime], version, system))
        for runtime, version in manifest.runtimes.items()
    )
    usual = _base(installed) or parse_image(f"debian:{system}")
    post_up = tuple(" ".join(_quoted(word) for word in words) for words in manifest.post_up)
    commands = {moment: tuple(entry.get(moment, ())) for moment in MOMENTS}
    return Workspace(
        name=name,
        folder=f".devcontainer/{name}" if name else ".devcontainer",
        service=f"{_SERVICE}-{name}" if name else _SERVICE,
        base=parse_image(entry["image"]) if "image" in entry else usual,
        runtimes=installed,
        services=tuple(entry.get("services", manifest.services)),
        packages=tuple(entry.get("packages", ())),
        locale=entry.get("locale", ""),
        user=entry.get("user", _USUAL_USER),
        platform=entry.get("platform", ""),
        devenv=_devenv(entry),
        extensions=tuple(entry.get("extensions", ())),
        settings=entry.get("settings", {}),
        jetbrains=entry.get("jetbrains", {}),
        commands=commands | {"post_start": (*post_up, *commands["post_start"])},
        passed={key: value for key, value in entry.items() if key not in _OWN},
    )


def _devenv(entry: Mapping[str, Any]) -> str:
    """What pip installs; "" for nothing."""
    requirement = entry.get("devenv")
    return requirement if isinstance(requirement, str) else ""


def _base(installed: tuple[Installed, ...]) -> ImageRef | None:
    """What can only be in its own image, else what is named first."""
    alone = [item.image for item in installed if not item.runtime.folders]
    return next(iter([*alone, *(item.image for item in installed)]), None)


def _image(runtime: Runtime, version: str, system: str) -> ImageRef:
    return parse_image(f"{runtime.repository}:{runtime.tag.format(version=version, system=system)}")


def _quoted(word: str) -> str:
    import shlex

    return shlex.quote(word)


def workspace_issues(manifest: Manifest, known: Mapping[str, Runtime]) -> Iterator[Issue]:
    """What is wrong with ``[runtimes]`` and ``[devcontainer]``."""
    yield from _runtimes(manifest, known)
    common, named = _parted(manifest.devcontainer or {})
    yield from _entry(("devcontainer",), common, manifest)
    for name, entry in named.items():
        path = ("devcontainer", name)
        if not _NAME.fullmatch(name):
            yield Issue(path, f"{name!r} cannot be a devcontainer's name", "small letters, digits and -: api")
        if f"{_SERVICE}-{name}" in manifest.services:
            yield Issue(path, f"there is a service {_SERVICE}-{name} already", "give one of them another name")
        yield from _entry(path, entry, manifest)
    if manifest.devcontainer is not None and _SERVICE in manifest.services:
        hint = "the container that an IDE works in is called so"
        yield Issue(("services", _SERVICE), "needs another name where there is a [devcontainer]", hint)


def _runtimes(manifest: Manifest, known: Mapping[str, Runtime]) -> Iterator[Issue]:
    for name, version in manifest.runtimes.items():
        path = ("runtimes", name)
        if name not in known:
            yield Issue(path, f"unknown runtime {name!r}", did_you_mean(name, list(known)) or ", ".join(known))
        elif not re.fullmatch(r"v?\d+(\.\d+)*([._+-][A-Za-z0-9.]+)*", version):
            like = 'write what production runs, such as "3.12.4"'
            yield Issue(path, f"{version!r} cannot be a version of {known[name].title}", like)
        elif "alpine" in version:
            yield Issue(path, "a workspace is built on Debian", "take -alpine off; services may well be Alpine's")
    alone = [name for name in manifest.runtimes if name in known and not known[name].folders]
    for name in alone[1:]:
        what = f"{known[name].title} and {known[alone[0]].title} cannot be in one workspace"
        yield Issue(("runtimes", name), what, 'image = "…" of [devcontainer] names one of your own with both')


def _unpublished(path: tuple[str, ...], entry: Mapping[str, Any]) -> Iterator[Issue]:
    """devenv cannot be installed by its name alone: on PyPI anybody could take that name."""
    if entry.get("devenv") is True:
        yield Issue((*path, "devenv"), "devenv is not on PyPI, so pip needs an address", _LIKE["devenv"])


def _entry(path: tuple[str, ...], entry: Mapping[str, Any], manifest: Manifest) -> Iterator[Issue]:
    yield from _unpublished(path, entry)
    for key, value in entry.items():
        here = (*path, key)
        if key in _DECIDED:
            yield Issue(here, "is devenv's to decide", _DECIDED[key])
        elif key in _OWN and not _is(value, _OWN[key]):
            yield Issue(here, f"must be {_WORDS[_OWN[key]]}")
        elif key in _FORMS and (wrong := next((text for text in _texts(value) if not _FORMS[key].fullmatch(text)), "")):
            yield Issue(here, f"{wrong!r} cannot be one", _LIKE[key])
        elif key == "services":
            for index, name in enumerate(value):
                if name not in manifest.services:
                    known = list(manifest.services)
                    hint = did_you_mean(name, known) or f"services: {', '.join(known) or 'none'}"
                    yield Issue((*here, index), f"no service {name!r}", hint)
        elif key not in _OWN and key in _MISSPELT:
            yield Issue(here, f"is called {_MISSPELT[key]} here")


_FORMS = {
    "packages": _PACKAGE,
    "devenv": re.compile(r"[A-Za-z0-9][^\s'\"\\]*( @ [^\s'\"\\]+)?"),
    "user": _USER,
    "locale": _LOCALE,
    "system": re.compile(r"[a-z]{3,12}"),
    "platform": re.compile(r"linux/[a-z0-9]+(/v[0-9]+)?"),
}
_LIKE = {
    "devenv": 'devenv = "devenv-parity @ https://…" names a wheel, "devenv-parity @ git+https://…" a repository',
    "packages": 'names of Debian packages: "libpq-dev"',
    "user": 'a name of small letters: "dev"',
    "locale": '"de_DE.UTF-8"',
    "system": 'a release of Debian: "bookworm"',
    "platform": '"linux/amd64"',
}
#: devcontainer.json's own names for what devenv has a shorter one for.
_MISSPELT = {"onCreateCommand": "on_create", "postCreateCommand": "post_create", "postStartCommand": "post_start"}


def _is(value: object, kind: type | tuple[type, ...]) -> bool:
    if kind is list:
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    return isinstance(value, kind)


def _texts(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value) if isinstance(value, list) else []
