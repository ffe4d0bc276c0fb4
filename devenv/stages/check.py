"""What can be wrong with a manifest: its shape, then its meaning."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from devenv import __version__
from devenv.model.kind import Kind
from devenv.model.manifest import Manifest, Service
from devenv.model.version import Version, in_range, parse_version
from devenv.references import malformed, references
from devenv.schema.issue import Issue, did_you_mean
from devenv.stages.check_container import container_issues, port_names
from devenv.stages.check_seed import seed_issues
from devenv.stages.check_sources import source_issues


def shape_issues(data: Mapping[str, Any], kinds: Mapping[str, Kind], names: list[str]) -> list[Issue]:
    """Keys and types. A service of no known kind is told of and left out, so that the rest is still checked."""
    from devenv.schema.manifest import manifest_model
    from devenv.schema.sentences import issues_of

    issues = []
    checked = dict(data)
    services = data.get("services")
    if isinstance(services, dict):
        checked["services"] = {}
        for name, entry in services.items():
            if issue := _kind_issue(name, entry, kinds, names):
                issues.append(issue)
            else:
                checked["services"][name] = entry
    return issues + issues_of(manifest_model(kinds), checked)


def _kind_issue(service: str, entry: object, kinds: Mapping[str, Kind], names: list[str]) -> Issue | None:
    path = ("services", service)
    if not isinstance(entry, dict):
        return Issue(path, "must be a table", f'[services.{service}] and below it kind = "…"')
    kind = entry.get("kind")
    if isinstance(kind, str) and kind in kinds:
        return None
    meant = did_you_mean(kind if isinstance(kind, str) else service, names)
    hint = f"{meant} 'devenv catalog' lists the kinds" if meant else f"one of {', '.join(names)}"
    what = "is missing" if kind is None else f"unknown kind {kind!r}"
    return Issue((*path, "kind"), what, f"{hint}; container runs any image")


def meaning_issues(manifest: Manifest, kinds: Mapping[str, Kind], data: Mapping[str, Any]) -> list[Issue]:
    """What only shows when values are held against each other and against the catalogue."""
    issues = list(_requirement(data.get("requires", "")))
    for service in manifest.services.values():
        issues += service_issues(service, kinds[service.kind])
    return [
        *issues,
        *_double_ports(manifest),
        *_profiles(manifest),
        *_env(manifest, kinds),
        *source_issues(manifest),
        *seed_issues(manifest, kinds),
    ]


def service_issues(service: Service, kind: Kind) -> list[Issue]:
    """What is wrong with one service whose shape is right, whatever the rest of the manifest says."""
    return [
        *_version(service, kind),
        *_image(service, kind),
        *_ports(service, kind),
        *_environment(service),
        *_options(service, kind),
        *_packages(service, kind),
        *container_issues(service, kind),
    ]


def _requirement(spec: str) -> Iterator[Issue]:
    try:
        satisfied = in_range(parse_version(__version__), spec)
    except ValueError:
        yield Issue(("requires",), f"{spec!r} is no range of versions", 'write it as requires = ">=0.1"')
        return
    if not satisfied:
        yield Issue(("requires",), f"asks for devenv {spec}, this is {__version__}", "pip install -U devenv-parity")


def _version(service: Service, kind: Kind) -> Iterator[Issue]:
    path = ("services", service.name, "version")
    version = service.version
    if not kind.version_parts:
        return
    if not version.release:
        like = f", such as {kind.versions[-1]}" if kind.versions else ""
        yield Issue(path, f"{version.text!r} cannot be a version", f"write what production's server says it is{like}")
    elif len(version.release) < kind.version_parts:
        yield Issue(path, f"{version.text!r} is too short to tell which {kind.title} it is", _longer(version, kind))


def _longer(version: Version, kind: Kind) -> str:
    """What a version that is too short may have meant."""
    begin = version.release
    known = [name for name in kind.versions if parse_version(name).release[: len(begin)] == begin]
    if len(known) > 1:
        return f"which one does production run: {', '.join(known)}?"
    return f"write it out, as in {known[0]}" if known else f"it has {kind.version_parts} numbers or more"


_IMAGE = re.compile(
    r"(?:[A-Za-z0-9.-]+(?::[0-9]+)?/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*(?P<tag>:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?"
)


def _image(service: Service, kind: Kind) -> Iterator[Issue]:
    path = ("services", service.name, "image")
    if not service.image and kind.repository:
        return
    name, _, digest = service.image.partition("@")
    match = _IMAGE.fullmatch(name)
    if match is None:
        yield Issue(path, f"{service.image!r} cannot be the name of an image", 'as in image = "ghcr.io/org/app:1.4"')
    elif digest:
        yield Issue(path, "names a digest", "name the tag alone: devenv.lock keeps the digest")
    elif not match["tag"]:
        yield Issue(path, f"{name!r} names no tag", f'say which one production runs: image = "{name}:TAG"')


def _ports(service: Service, kind: Kind) -> Iterator[Issue]:
    known = list(port_names(service, kind))
    for name in service.ports:
        if name not in known:
            hint = f"{did_you_mean(name, known)} {service.name} has: {', '.join(known) or 'none'}".strip()
            yield Issue(("services", service.name, "ports", name), "no such port", hint)
    if service.port is not None and not known:
        hint = "name what it listens on: listens = { http = 8080 }" if "listens" in kind.options else "take it out"
        yield Issue(("services", service.name, "port"), "this service has no port", hint)


def _environment(service: Service) -> Iterator[Issue]:
    for name, value in service.environment.items():
        if references(value) or malformed(value):
            hint = "they are in [env] only; inside the network a service is reached by its name, as in db:5432"
            yield Issue(("services", service.name, "environment", name), "references are not filled in here", hint)


def _options(service: Service, kind: Kind) -> Iterator[Issue]:
    path = ("services", service.name)
    if service.settings and not kind.settings:
        yield Issue((*path, "settings"), f"{kind.title} takes no settings here", 'use environment = { NAME = "value" }')
    if kind.build and service.variant and any(word in service.variant for word in kind.build.not_on):
        for name in kind.build.options:
            if service.options.get(name):
                hint = 'take a Debian variant, as production does, or an image that holds them: image = "…"'
                yield Issue((*path, name), f"cannot be installed on the {service.variant} variant", hint)


def _packages(service: Service, kind: Kind) -> Iterator[Issue]:
    """Extensions that nobody knows how to install, where devenv is to install them."""
    if service.image or service.options.get("packages"):
        return
    for name, option in kind.options.items():
        values = service.options.get(name)
        for index, value in enumerate(values if option.known and isinstance(values, tuple) else ()):
            if value not in kind.packages:
                hint = did_you_mean(value, list(kind.packages)) or 'name what installs it in packages = ["…"]'
                path = ("services", service.name, name, index)
                yield Issue(path, f"devenv does not know {value!r} for {kind.title}", hint)


def _double_ports(manifest: Manifest) -> Iterator[Issue]:
    seen: dict[int, str] = {}
    for service in manifest.services.values():
        wanted = [(("port",), service.port)] + [(("ports", name), port) for name, port in service.ports.items()]
        for key, port in wanted:
            if port is None:
                continue
            path = ("services", service.name, *key)
            if port in seen:
                yield Issue(path, f"port {port} is already {seen[port]}'s", "each service needs a port of its own")
            seen.setdefault(port, service.name)


def _profiles(manifest: Manifest) -> Iterator[Issue]:
    known = list(manifest.services)
    for profile, members in manifest.profiles.items():
        for index, member in enumerate(members):
            if member not in manifest.services:
                hint = did_you_mean(member, known) or f"services: {', '.join(known) or 'none'}"
                yield Issue(("profiles", profile, index), f"no service {member!r}", hint)


def _env(manifest: Manifest, kinds: Mapping[str, Kind]) -> Iterator[Issue]:
    for name, text in manifest.env.items():
        path = ("env", name)
        for piece in malformed(text):
            yield Issue(path, f"{piece} is no reference", "references look like {{ services.db.url }}")
        for service_name, output in references(text):
            service = manifest.services.get(service_name)
            known = list(manifest.services)
            if service is None:
                hint = did_you_mean(service_name, known) or f"services: {', '.join(known) or 'none'}"
                yield Issue(path, f"refers to service {service_name!r}, which is not there", hint)
                continue
            outputs = list(output_names(service, kinds[service.kind]))
            if output not in outputs:
                meant = did_you_mean(output, outputs)
                if output in kinds[service.kind].options:
                    meant = f"{output} is not set in [services.{service_name}];"
                hint = f"{meant} it provides: {', '.join(outputs)}".strip()
                yield Issue(path, f"{service_name} provides no {output!r}", hint)


def output_names(service: Service, kind: Kind) -> tuple[str, ...]:
    """The names that ``{{ services.<service>.<name> }}`` can ask for: those that have a value."""
    ports = port_names(service, kind)
    named = tuple(f"{port}_port" for port in ports[1:])
    plain = tuple(
        name
        for name, option in kind.options.items()
        if option.type in ("string", "integer")
        and name != "url"
        and service.options.get(name, option.default) not in (None, "")
    )
    own = tuple(kind.outputs) if kind.outputs else ("url",) if service.options.get("url") else ()
    return tuple(dict.fromkeys((*own, "host", *(("port",) if ports else ()), *named, *plain, "version")))


def check_kind_folder(name: str, data: Mapping[str, Any], files: set[str]) -> list[Issue]:
    """What is wrong with the declaration of a kind of the project's own; ``files`` are those of its folder."""
    from devenv.schema.sentences import issues_of
    from devenv.schema.service_kind import KindShape

    issues = issues_of(KindShape, data) or [*_declaration(data), *_absent(data, files)]
    if not re.fullmatch(r"[a-z][a-z0-9-]*", name):
        issues.append(Issue((), f"{name!r} cannot be the name of a kind", "lower-case letters, digits, hyphens"))
    return issues


def _absent(data: Mapping[str, Any], files: set[str]) -> Iterator[Issue]:
    named: list[tuple[tuple[str, ...], str]] = [
        (("files", path, "template"), value["template"]) for path, value in data.get("files", {}).items()
    ]
    named += [(("ensure", "input"), data.get("ensure", {}).get("input", ""))]
    named += [(("build", "dockerfile"), data.get("build", {}).get("dockerfile", ""))]
    for path, file in named:
        if file and file not in files:
            yield Issue(path, f"there is no file {file!r} in this kind's folder", f"files: {', '.join(sorted(files))}")


def _declaration(data: Mapping[str, Any]) -> Iterator[Issue]:
    """Regular expressions and ranges of versions that are none, in a declaration whose shape is right."""
    patterns: list[tuple[tuple[str, ...], str]] = [
        (("options", name, "pattern"), option.get("pattern", "")) for name, option in data.get("options", {}).items()
    ]
    patterns += [((part, "expect"), data.get(part, {}).get("expect", "")) for part in ("ready", "running_version")]
    for path, pattern in patterns:
        try:
            re.compile(pattern)
        except re.error as error:
            yield Issue(path, f"is no regular expression: {error}", "backslashes are kept in single quotes: '\\d+'")
    for index, rule in enumerate(data.get("data", ())):
        try:
            in_range(parse_version("1"), rule.get("versions", ""))
        except ValueError:
            hint = 'write it as versions = ">=7.2, <8"'
            yield Issue(("data", index, "versions"), f"{rule['versions']!r} is no range of versions", hint)
