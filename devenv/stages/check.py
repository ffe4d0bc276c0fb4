"""What can be wrong with a manifest: its shape, then its meaning."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from devenv import __version__
from devenv.model.kind import Kind
from devenv.model.manifest import Manifest, Service
from devenv.model.version import Version, in_range, parse_version
from devenv.references import in_other_braces, malformed, references, unknown_filters
from devenv.schema.issue import Issue, did_you_mean
from devenv.stages.check_container import container_issues, port_names
from devenv.stages.check_parity import parity_issues
from devenv.stages.check_seed import seed_issues
from devenv.stages.check_settings import setting_issues
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


def meaning_issues(
    manifest: Manifest, kinds: Mapping[str, Kind], data: Mapping[str, Any], broken: Iterable[str] = ()
) -> list[Issue]:
    """What only shows when values are held against each other and against the catalogue.

    ``broken`` are services that are there and whose shape is wrong: that they are named is no mistake.
    """
    names = [*manifest.services, *broken]
    issues = list(_requirement(data.get("requires", "")))
    for service in manifest.services.values():
        issues += service_issues(service, kinds[service.kind])
    issues += [*_double_ports(manifest), *_profiles(manifest, names), *_env(manifest, kinds, names)]
    issues += [*source_issues(manifest, names), *parity_issues(manifest)]
    return [*issues, *seed_issues(manifest, kinds)]


def service_issues(service: Service, kind: Kind) -> list[Issue]:
    """What is wrong with one service whose shape is right, whatever the rest of the manifest says."""
    return [
        *version_issues(service, kind),
        *_image(service, kind),
        *_ports(service, kind),
        *_environment(service),
        *_options(service, kind),
        *setting_issues(service, kind),
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
        yield Issue(
            ("requires",),
            f"asks for devenv {spec}, this is {__version__}",
            "'pip install .' in a checkout of the newer devenv",
        )


def version_issues(service: Service, kind: Kind) -> Iterator[Issue]:
    """Why no image can be named after a service's version."""
    path = ("services", service.name, "version")
    version = service.version
    if not kind.version_parts:
        return
    if not version.release:
        like = f", such as {kind.versions[-1]}" if kind.versions else ""
        yield Issue(path, f"{version.text!r} cannot be a version", f"write what production's server says it is{like}")
    elif len(version.release) < kind.version_parts:
        yield Issue(path, f"{version.text!r} is too short to tell which {kind.title} it is", _longer(version, kind))
    elif variant := kind.variant_in(version):
        number = version.text.removeprefix("v").removesuffix(f"-{variant}")
        hint = f'version = "{number}", variant = "{variant}"'
        yield Issue(path, f"{version.text!r} holds the image's variant", hint)
    elif version.text.startswith("v"):
        number = version.text.removeprefix("v")
        yield Issue(path, f"{version.text!r} begins with a letter", f'write the number alone: version = "{number}"')
    elif (most := kind.most_parts(version)) and len(version.release) > most:
        like = ".".join(map(str, version.release[:most]))
        what = f"{version.text!r} cannot be a version: {kind.title}'s have {most} numbers"
        yield Issue(path, what, f"write what production's server says it is, such as {like}")


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
            if name in kind.port_needs:
                option, values = kind.port_needs[name]
                hint = f"the server listens there with {values[0]} in {option}"
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
    for name in service.settings:
        if instead := kind.instead_of(name):
            yield Issue((*path, "settings", name), "is decided by devenv, which starts and asks the server", instead)
    if kind.build and service.variant and any(word in service.variant for word in kind.build.not_on):
        for name in kind.build.options:
            values, known = service.options.get(name), kind.options[name].known
            # What the image holds, on every variant, is not installed; what nobody knows is told elsewhere.
            names = values if isinstance(values, tuple) else ()
            installed = [value for value in names if not known or kind.packages.get(value)]
            if installed and not (known and service.image):
                hint = 'take a Debian variant, as production does, or an image that holds them: image = "…"'
                what = f"{', '.join(installed)} cannot be installed on the {service.variant} variant"
                yield Issue((*path, name), what, hint)


def _packages(service: Service, kind: Kind) -> Iterator[Issue]:
    """Extensions that nobody knows how to install, where devenv is to install them, and plugins that are not there."""
    if service.image or service.options.get("packages"):
        return
    for name, option in kind.options.items():
        values = service.options.get(name)
        for index, value in enumerate(values if isinstance(values, tuple) else ()):
            path = ("services", service.name, name, index)
            if value in option.absent:
                hint = 'take one that does: image = "…"'
                yield Issue(path, f"{kind.title}'s image does not hold {value}", hint)
            elif option.known and value not in kind.packages:
                hint = did_you_mean(value, list(kind.packages)) or 'name what installs it in packages = ["…"]'
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


def _profiles(manifest: Manifest, known: list[str]) -> Iterator[Issue]:
    for profile, members in manifest.profiles.items():
        for index, member in enumerate(members):
            if member not in known:
                hint = did_you_mean(member, known) or f"services: {', '.join(known) or 'none'}"
                yield Issue(("profiles", profile, index), f"no service {member!r}", hint)


def _env(manifest: Manifest, kinds: Mapping[str, Kind], known: list[str]) -> Iterator[Issue]:
    for name, text in manifest.env.items():
        path = ("env", name)
        for piece in malformed(text):
            hint = "references look like {{ services.db.url }} or {{ services.db.password|url }}"
            yield Issue(path, f"{piece} is no reference", hint)
        for piece, reference in in_other_braces(text):
            yield Issue(path, f"{piece} is no reference", f"did you mean '{{{{ {reference} }}}}'?")
        for piece, unknown in unknown_filters(text):
            hint = "there is one: {{ services.db.password|url }} is percent-encoded, for a part of a URL"
            yield Issue(path, f"{piece} asks for a filter {unknown!r}, which is not there", hint)
        for service_name, output in references(text):
            service = manifest.services.get(service_name)
            if service is None and service_name in known:
                continue
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
    outputs = kind.serving(service.options).outputs
    own = tuple(outputs) if outputs else ("url",) if service.options.get("url") else ()
    return tuple(dict.fromkeys((*own, "host", *(("port",) if ports else ()), *named, *plain, "version")))


def check_kind_folder(name: str, data: Mapping[str, Any], files: set[str]) -> list[Issue]:
    """What is wrong with the declaration of a kind of the project's own; ``files`` are those of its folder."""
    from devenv.schema.sentences import issues_of
    from devenv.schema.service_kind import KindShape

    issues = issues_of(KindShape, data) or [*_declaration(data), *_absent(data, files)]
    if not re.fullmatch(r"[a-z][a-z0-9-]*", name):
        issues.append(Issue((), f"{name!r} cannot be the name of a kind", "lower-case letters, digits, hyphens"))
    return issues


#: The commands of a kind that may read a file of its folder.
_WITH_INPUT = ("ensure", "effective", "known_settings", "refused_settings", "lacking")


def _absent(data: Mapping[str, Any], files: set[str]) -> Iterator[Issue]:
    named: list[tuple[tuple[str, ...], str]] = [
        (("files", path, "template"), value["template"]) for path, value in data.get("files", {}).items()
    ]
    named += [((part, "input"), data.get(part, {}).get("input", "")) for part in _WITH_INPUT]
    named += [(("ensure", "existing"), data.get("ensure", {}).get("existing", ""))]
    named += [(("build", "dockerfile"), data.get("build", {}).get("dockerfile", ""))]
    for path, file in named:
        if file and file not in files:
            yield Issue(path, f"file {file!r} not found in this kind's folder", f"files: {', '.join(sorted(files))}")


def _declaration(data: Mapping[str, Any]) -> Iterator[Issue]:
    """Regular expressions and ranges of versions that are none, in a declaration whose shape is right."""
    patterns: list[tuple[tuple[str, ...], str]] = [
        (("options", name, "pattern"), option.get("pattern", "")) for name, option in data.get("options", {}).items()
    ]
    answers = data.get("effective", {}).get("answers", {})
    patterns += [(("effective", "answers", name), answer["pattern"]) for name, answer in answers.items()]
    patterns += [((part, "expect"), data.get(part, {}).get("expect", "")) for part in ("ready", "running_version")]
    for path, pattern in patterns:
        try:
            re.compile(pattern)
        except re.error as error:
            yield Issue(path, f"is no regular expression: {error}", "backslashes are kept in single quotes: '\\d+'")
    ranges: list[tuple[tuple[str | int, ...], str]] = [
        (("data", index, "versions"), rule.get("versions", "")) for index, rule in enumerate(data.get("data", ()))
    ]
    ranges += [(("version", "most", spec), spec) for spec in data.get("version", {}).get("most", {})]
    ranges += [(("image", "usual_variant", spec), spec) for spec in (data.get("image") or {}).get("usual_variant", {})]
    for place, spec in ranges:
        try:
            in_range(parse_version("1"), spec)
        except ValueError:
            yield Issue(place, f"{spec!r} is no range of versions", 'write it as ">=7.2, <8"')
