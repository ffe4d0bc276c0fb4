"""What can be wrong with a manifest: its shape, then its meaning."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from devenv import __version__
from devenv.model.kind import Kind
from devenv.model.manifest import Manifest, Service
from devenv.model.version import in_range, parse_version
from devenv.references import malformed, references
from devenv.schema.issue import Issue, did_you_mean


def shape_issues(data: Mapping[str, Any], kinds: Mapping[str, Kind], names: list[str]) -> list[Issue]:
    """Keys and types. A service of an unknown kind is told of and left out, so that the rest is still checked."""
    from devenv.schema.manifest import manifest_model
    from devenv.schema.sentences import issues_of

    issues = []
    checked = dict(data)
    services = data.get("services")
    if isinstance(services, dict):
        known = {}
        for name, entry in services.items():
            kind = entry.get("kind") if isinstance(entry, dict) else None
            if isinstance(kind, str) and kind not in kinds:
                issues.append(_unknown_kind(name, kind, names))
            else:
                known[name] = entry
        checked["services"] = known
    return issues + issues_of(manifest_model(kinds), checked)


def _unknown_kind(service: str, kind: str, names: list[str]) -> Issue:
    meant = did_you_mean(kind, names) or "'devenv catalog' lists the kinds; kind = \"container\" runs any image"
    return Issue(("services", service, "kind"), f"unknown kind {kind!r}", meant)


def meaning_issues(manifest: Manifest, kinds: Mapping[str, Kind], data: Mapping[str, Any]) -> list[Issue]:
    """What only shows when values are held against each other and against the catalogue."""
    issues = list(_requirement(data.get("requires", "")))
    for service in manifest.services.values():
        kind = kinds[service.kind]
        issues += [*_version(service, kind), *_ports(service, kind), *_options(service, kind)]
    issues += [*_double_ports(manifest), *_profiles(manifest), *_env(manifest, kinds)]
    return issues


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
        yield Issue(path, f"{version.text!r} cannot be a version", _like(kind))
    elif len(version.release) < kind.version_parts:
        which = ", ".join(known for known in kind.versions if known.split(".")[0] == str(version.release[0]))
        hint = f"its releases keep data that others cannot open: {which or _like(kind)}"
        yield Issue(path, f"{version.text!r} is too short to tell which {kind.title} it is", hint)


def _like(kind: Kind) -> str:
    return f"versions look like {kind.versions[-1]}" if kind.versions else ""


def _ports(service: Service, kind: Kind) -> Iterator[Issue]:
    known = list(_port_names(service, kind))
    for name in service.ports:
        if name not in known:
            hint = f"{did_you_mean(name, known)} {service.name} has: {', '.join(known) or 'none'}".strip()
            yield Issue(("services", service.name, "ports", name), "no such port", hint)
    if service.port is not None and not known:
        yield Issue(("services", service.name, "port"), "this service has no port", "name its ports in listens = {…}")


def _port_names(service: Service, kind: Kind) -> tuple[str, ...]:
    listens = service.options.get("listens")
    return tuple(listens) if isinstance(listens, Mapping) else tuple(kind.ports)


def _options(service: Service, kind: Kind) -> Iterator[Issue]:
    path = ("services", service.name)
    if service.settings and not kind.settings:
        yield Issue((*path, "settings"), f"{kind.title} takes no settings here", "use environment = {…}")
    if kind.build and service.variant and any(word in service.variant for word in kind.build.not_on):
        for name in kind.build.options:
            if service.options.get(name):
                hint = 'take a Debian variant, as production does, or an image that holds them: image = "…"'
                yield Issue((*path, name), f"cannot be installed on the {service.variant} variant", hint)
    if service.image or service.options.get("packages"):
        return
    for name, option in kind.options.items():
        values = service.options.get(name)
        for index, value in enumerate(values if option.known and isinstance(values, tuple) else ()):
            if value not in kind.packages:
                hint = did_you_mean(value, list(kind.packages)) or 'name what installs it in packages = ["…"]'
                yield Issue((*path, name, index), f"devenv does not know {value!r} for {kind.title}", hint)


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
                hint = f"{did_you_mean(output, outputs)} it provides: {', '.join(outputs)}".strip()
                yield Issue(path, f"{service_name} provides no {output!r}", hint)


def output_names(service: Service, kind: Kind) -> tuple[str, ...]:
    """The names that ``{{ services.<service>.<name> }}`` can ask for."""
    ports = _port_names(service, kind)
    named = tuple(f"{port}_port" for port in ports[1:])
    plain = tuple(
        name for name, option in kind.options.items() if option.type in ("string", "integer") and name != "url"
    )
    own = tuple(kind.outputs) if kind.outputs else ("url",) if service.options.get("url") else ()
    return tuple(dict.fromkeys((*own, "host", *(("port",) if ports else ()), *named, *plain)))


def check_kind_folder(name: str, data: Mapping[str, Any]) -> list[Issue]:
    """What is wrong with the declaration of a kind of the project's own."""
    from devenv.schema.sentences import issues_of
    from devenv.schema.service_kind import KindShape

    issues = issues_of(KindShape, data)
    if not re.fullmatch(r"[a-z][a-z0-9-]*", name):
        issues.append(Issue((), f"{name!r} cannot be the name of a kind", "lower-case letters, digits, hyphens"))
    return issues
