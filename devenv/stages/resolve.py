"""Manifest, catalogue and lock -> Resolved: images, ports, volumes, everything that no machine decides."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from devenv.errors import ManifestError
from devenv.model.image import ImageRef, parse_image
from devenv.model.kind import DataRule, Greeting, Kind, OptionValue
from devenv.model.lock import Lock
from devenv.model.manifest import Manifest, Service
from devenv.model.resolved import Port, Resolved, ResolvedService, Volume
from devenv.model.version import Version, parse_version
from devenv.stages.load import option_value


def resolve(manifest: Manifest, kinds: Mapping[str, Kind], lock: Lock) -> Resolved:
    """Decide every service of a checked manifest."""
    services = {
        name: _resolve_service(manifest.project, service, kinds[service.kind], lock)
        for name, service in manifest.services.items()
    }
    return Resolved(manifest.project, services)


def images_of(manifest: Manifest, kinds: Mapping[str, Kind]) -> dict[ImageRef, tuple[str, ...]]:
    """Every image that the lock must hold, and the services that need it."""
    needed: dict[ImageRef, tuple[str, ...]] = {}
    for service in manifest.services.values():
        image = _image(service, kinds[service.kind])
        needed[image] = (*needed.get(image, ()), service.name)
    return needed


def select(manifest: Manifest, names: Iterable[str], profiles: Iterable[str]) -> tuple[str, ...]:
    """The services asked for by name and by profile, in the manifest's order; none asked for: all of them."""
    from devenv.model.problem import Problem
    from devenv.schema.issue import did_you_mean

    problems = []
    wanted: set[str] = set()
    for profile in profiles:
        members = manifest.profiles.get(profile)
        if members is None:
            hint = f"profiles: {', '.join(manifest.profiles) or 'none'}"
            problems.append(Problem(f"no profile {profile!r}", hint))
        wanted.update(members or ())
    for name in names:
        if name not in manifest.services:
            known = list(manifest.services)
            hint = did_you_mean(name, known) or f"services: {', '.join(known) or 'none'}"
            problems.append(Problem(f"no service {name!r}", hint))
        wanted.add(name)
    if problems:
        raise ManifestError(problems)
    return tuple(name for name in manifest.services if not wanted or name in wanted)


def _resolve_service(project: str, service: Service, kind: Kind, lock: Lock) -> ResolvedService:
    options = {name: _default(option_value(service, kind, name), project) for name in kind.options}
    kind = _specialised(kind, options)
    image = _image(service, kind)
    if not kind.version_parts and not service.version.text:
        service = replace(service, version=parse_version(image.tag))
    digest = lock.digest(image)
    rule = kind.data_rule(service.version)
    packages = _packages(kind, options, service)
    described = _described(service, options, image, digest)
    return ResolvedService(
        name=service.name,
        kind=kind,
        version=service.version,
        variant=service.variant if service.image else kind.variant_of(service.version, service.variant),
        image=image,
        digest=digest,
        build=_build_tag(kind, image, digest, packages),
        packages=packages,
        platform=service.platform,
        options=options,
        settings=service.settings,
        environment=service.environment,
        ports=_ports(service, kind),
        volumes=_volumes(service, kind, rule),
        described=described,
        config=_digest([described, kind.digest, dict(kind.ports)]),
    )


def _default(value: OptionValue, project: str) -> OptionValue:
    """Fill ``{{ project }}`` into a default: the project's name as one that needs no quoting anywhere."""
    from devenv.references import project_default

    if isinstance(value, str):
        return project_default(value, project)
    if isinstance(value, tuple):
        return tuple(project_default(item, project) for item in value)
    return value


def _specialised(kind: Kind, options: Mapping[str, OptionValue]) -> Kind:
    """A kind as its service's options make it; in ``container`` they say what others take from the catalogue."""
    if "listens" not in kind.options:
        return kind.serving(options)
    changes: dict[str, Any] = {}
    if isinstance(listens := options.get("listens"), Mapping):
        changes["ports"] = {name: int(port) for name, port in listens.items()}
    if isinstance(volumes := options.get("volumes"), tuple) and volumes:
        changes["data"] = (DataRule("", "1", volumes),)
    if isinstance(url := options.get("url"), str):
        changes["outputs"] = {"url": url}
    if isinstance(ready := options.get("ready"), Mapping):
        port = ready.get("port") or next(iter(changes["ports"]))
        # What is sent is the user's text, not one of our templates: braces and line ends in it stand for themselves.
        changes["greeting"] = Greeting(port, ready["expect"], "{{ options.ready.send }}" if ready.get("send") else "")
    return replace(kind, **changes)


def _image(service: Service, kind: Kind) -> ImageRef:
    if service.image:
        return parse_image(service.image)
    tag = kind.tag.replace("{version}", service.version.text.removeprefix("v"))
    variant = kind.variant_of(service.version, service.variant)
    return parse_image(f"{kind.repository}:{tag}{'-' if variant else ''}{variant}")


def _packages(kind: Kind, options: Mapping[str, OptionValue], service: Service) -> tuple[str, ...]:
    """What must be installed into a derived image; () where the image already holds everything.

    An image of the user's own choice is taken to hold what the catalogue would install; what ``packages`` names is
    installed in any case.
    """
    if kind.build is None:
        return ()
    names: list[str] = []
    for option in kind.build.options:
        values = options.get(option)
        for value in values if isinstance(values, tuple) else ():
            if option == "packages":
                names.append(value)
            elif not service.image:
                names.append(kind.packages.get(value, "" if kind.options[option].known else value))
    return tuple(dict.fromkeys(word for name in names for word in _fill(name, service.version).split()))


def _fill(text: str, version: Version) -> str:
    major, minor = version.part(0), version.part(1)
    return text.replace("{major}", str(major)).replace("{minor}", str(minor)).replace("{version}", version.text)


def _build_tag(kind: Kind, image: ImageRef, digest: str | None, packages: tuple[str, ...]) -> str:
    """The name of the derived image, which changes whenever what goes into it does; "" where none is needed."""
    if kind.build is None or not packages:
        return ""
    dockerfile = kind.templates[kind.build.dockerfile]
    return f"devenv-built/{kind.name}:{_digest([str(image), digest, packages, dockerfile])[:16]}"


def _ports(service: Service, kind: Kind) -> tuple[Port, ...]:
    ports = []
    for index, (name, container) in enumerate(kind.ports.items()):
        variable = f"DEVENV_{service.name.replace('-', '_').upper()}{'' if index == 0 else '__' + name.upper()}_PORT"
        named = service.port if index == 0 and service.port is not None else service.ports.get(name)
        wanted = container if named is None else named
        ports.append(Port(name, container, wanted, variable, is_explicit=named is not None))
    return tuple(ports)


def _volumes(service: Service, kind: Kind, rule: DataRule | None) -> tuple[Volume, ...]:
    if rule is None:
        return ()
    written = _fill(rule.format, service.version)
    key = f"{service.name}-{kind.name}-{written}"
    return tuple(
        Volume(further_key(key, path) if index else key, written, path, key) for index, path in enumerate(rule.paths)
    )


def further_key(data: str, path: str) -> str:
    """What a service's second and third volumes are called."""
    return f"{data}-{_SIGNS.sub('-', path.strip('/'))}"


#: What a volume's name cannot hold.
_SIGNS = re.compile(r"[^A-Za-z0-9_.-]+")


def _described(
    service: Service, options: Mapping[str, OptionValue], image: ImageRef, digest: str | None
) -> dict[str, str]:
    """What makes the container what it is, in words a person would use; what may be secret as ``#`` and a digest."""
    words = {"version": service.version.text, "image": image.familiar, "digest": digest or ""}
    if service.variant:
        words["variant"] = service.variant
    if service.platform:
        words["platform"] = service.platform
    for name, value in options.items():
        if value not in (None, (), {}):
            secret = "password" in name or isinstance(value, Mapping)
            words[name] = f"#{_digest(value)[:12]}" if secret else _word(value)
    words |= {f"settings.{key}": _word(value) for key, value in service.settings.items()}
    words |= {f"environment.{key}": f"#{_digest(value)[:12]}" for key, value in service.environment.items()}
    return words


def _word(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=dict) if not isinstance(value, str) else value


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=dict).encode()).hexdigest()
