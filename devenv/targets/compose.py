"""The Compose file: every service's fragment, merged with what is the same for all of them.

Committed, so it holds nothing of one machine: names, ports and registries are variables with a default, which
``.devenv/.env`` sets.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from devenv import yamlio, yamlwrite
from devenv.errors import DevenvError, ManifestError
from devenv.model.file import File
from devenv.model.image import ImageRef
from devenv.model.machine import OWNER
from devenv.model.problem import Problem, Where
from devenv.model.resolved import Port, Resolved, ResolvedService, Volume
from devenv.targets.mark import marked
from devenv.templating import TemplateError, render

PATH = ".devenv/compose.yaml"
#: With a developer's own layer over the manifest: the same, of the layered manifest, not committed.
LOCAL_PATH = ".devenv/compose.local.yaml"
OVERRIDE = ".devenv/compose.override.yaml"
#: Changes when this module writes something else from the same values.
_REVISION = "7"
#: Asked rarely, since `devenv up` asks for itself: an idle stack must not heat a laptop.
_HEALTH = {"interval": "60s", "timeout": "10s", "start_period": "120s"}
_HEALTH_NOTE = yamlwrite.Comment(
    "Until a service is healthy, engines from 25 on check every 5 s; older ones check first after a minute."
)


def inputs(resolved: Resolved) -> str:
    """A digest over everything that the files are made from, known without making them."""
    whole = hashlib.sha256(f"{_REVISION} {resolved.project}".encode())
    for service in resolved.services.values():
        ports = [(port.name, port.container, port.preferred, port.variable) for port in service.ports]
        whole.update(f"{service.name} {service.config} {service.build} {ports}".encode())
    return whole.hexdigest()[:16]


def paths(resolved: Resolved, *, local: bool = False) -> tuple[str, ...]:
    """The files that ``files`` gives, known without making them."""
    built = [dockerfile_path(service.name) for service in resolved.services.values() if service.build]
    return (LOCAL_PATH if local else PATH, *built)


def dockerfile_path(service: str) -> str:
    return f".devenv/services/{service}/Dockerfile"


def files(resolved: Resolved, *, local: bool = False) -> tuple[File, ...]:
    """The Compose file and the Dockerfiles it builds. Raises DevenvError for a template that cannot be rendered."""
    project = f"${{COMPOSE_PROJECT_NAME:-{resolved.project}}}"
    services: dict[str, Any] = {}
    configs: dict[str, Any] = {}
    volumes: dict[str, Any] = {}
    made_from = inputs(resolved)
    built = []
    for service in resolved.services.values():
        values = context(resolved.project, service)
        body, own_configs = entry(resolved.project, service, values)
        services[service.name] = _with_shared_health(body)
        configs |= own_configs
        for volume in service.volumes:
            volumes[volume.key] = {
                "name": f"{project}_{volume.key}{_generation(volume.data)}",
                "labels": yamlwrite.OneLine(volume_labels(resolved.project, service, volume)),
            }
        if service.build:
            built.append(dockerfile(service, values, dockerfile_path(service.name), made_from))
    parts = {"configs": configs, "volumes": volumes}
    used = {key: part for key, part in parts.items() if part}
    document = {"name": project, **_shared(services), "services": services, **used}
    path = LOCAL_PATH if local else PATH
    text = marked(yamlwrite.dump(document), made_from, own="compose.override.yaml")
    return (File(path, text, made_from, 0o600 if local else 0o644), *built)


def _shared(services: Mapping[str, Any]) -> dict[str, Any]:
    """What services take over: how often they are checked."""
    if not any("healthcheck" in body for body in services.values()):
        return {}
    return {_HEALTH_NOTE: None, yamlwrite.anchor("health", _HEALTH): None}


def _with_shared_health(body: dict[str, Any]) -> dict[str, Any]:
    """A service that takes over how often it is checked, and says only what it has of its own."""
    if "healthcheck" not in body:
        return body
    own = {key: value for key, value in body["healthcheck"].items() if (key, value) not in _HEALTH.items()}
    return body | {"healthcheck": {yamlwrite.merge("health"): None} | own}


def context(project: str, service: ResolvedService) -> dict[str, Any]:
    """All that a template of a kind may name."""
    values = {
        "project": project,
        "name": service.name,
        "version": service.version.text,
        "release": service.version.release,
        "major": service.version.part(0),
        "minor": service.version.part(1),
        "variant": service.variant,
        "options": dict(service.options),
        "settings": dict(service.settings),
        "packages": service.packages,
        "preload": _preload(service),
        "ports": {port.name: {"container": port.container, "host": _reference(port)} for port in service.ports},
        "data": service.volumes[0].path if service.volumes else "",
    }
    needed = {
        setting: render(f"{service.kind.name}: needs.{name}", text, values)
        for name in _extensions(service)
        for setting, text in service.kind.needs.get(name, {}).items()
    }
    return values | {"settings": needed | dict(service.settings)}


def _extensions(service: ResolvedService) -> tuple[str, ...]:
    wanted = service.options.get("extensions")
    return wanted if isinstance(wanted, tuple) else ()


def _preload(service: ResolvedService) -> list[str]:
    """Libraries that a server must load at start for the extensions asked for, each behind those that it builds on."""
    loaded = [library for name in _extensions(service) for library in service.kind.preload.get(name, ())]
    return list(dict.fromkeys(loaded))


def _reference(port: Port) -> str:
    return f"${{{port.variable}:-{port.preferred}}}"


#: How variables begin that say which volumes are live.
GENERATION_PREFIX = "DEVENV_DATA_"


def generation_variable(data: str) -> str:
    """The variable that says which of a service's volumes of one format are live on this machine."""
    return GENERATION_PREFIX + "".join(char if char.isalnum() else "_" for char in data.upper())


def _generation(data: str) -> str:
    return f"${{{generation_variable(data)}:-}}"


def registry_variable(registry: str) -> str:
    """The variable that says where a registry's images come from on this machine."""
    if registry == "docker.io":
        return "DEVENV_REGISTRY"
    return "DEVENV_REGISTRY_" + "".join(char if char.isalnum() else "_" for char in registry.upper())


def image_reference(image: ImageRef, digest: str | None) -> str:
    """The image as Compose gets it: registry by variable, tag for people, digest for the engine."""
    pinned = f"@{digest}" if digest else ""
    return f"${{{registry_variable(image.registry)}:-{image.registry}}}/{image.repository}:{image.tag}{pinned}"


def entry(project: str, service: ResolvedService, values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A service's part of a Compose file, and the configs that it names."""
    fragment = _fragment(service, values)
    configs, mounts = _configs(service, values)
    body: dict[str, Any] = {}
    if service.build:
        body["image"] = service.build
        body["build"] = build_of(service)
    else:
        body["image"] = image_reference(service.image, service.digest)
    if service.platform:
        body["platform"] = service.platform
    body["hostname"] = service.name
    body["labels"] = _labels(project, service)
    body["stop_grace_period"] = service.kind.stop_grace
    environment = fragment.pop("environment", {}) | _escaped(service.environment)
    if environment:
        body["environment"] = environment
    body |= fragment
    if service.ports:
        body["ports"] = [f"127.0.0.1:{_reference(port)}:{port.container}" for port in service.ports]
    if service.volumes:
        body["volumes"] = [f"{volume.key}:{volume.path}" for volume in service.volumes] + body.get("volumes", [])
    if mounts:
        body["configs"] = mounts
    if "healthcheck" in body:
        body["healthcheck"] = _HEALTH | body["healthcheck"]
    return body, configs


def build_of(service: ResolvedService) -> dict[str, Any]:
    """What Compose builds a derived image from: the Dockerfile that devenv writes."""
    variable = registry_variable(service.image.registry)
    args = {"DEVENV_REGISTRY": f"${{{variable}:-{service.image.registry}}}"}
    return {"context": f"./services/{service.name}", "args": args}


def _fragment(service: ResolvedService, values: Mapping[str, Any]) -> dict[str, Any]:
    name = f"templates/services/{service.kind.name}/compose.yaml.j2"
    try:
        text = render(name, service.kind.fragment, values)
        fragment = yamlwrite.parse_commented(text)
    except TemplateError as error:
        raise DevenvError(str(error), "the catalogue's template does not fit this service") from error
    except yamlio.YamlError as error:
        raise DevenvError(Problem(f"renders to what is no YAML: {error}", where=Where(name, error.line))) from error
    if not isinstance(fragment, dict | None):
        raise DevenvError(Problem("must render to a mapping", where=Where(name)))
    return fragment or {}


def _configs(service: ResolvedService, values: Mapping[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Files for the container as Compose configs with inline content: they reach a remote engine too."""
    configs: dict[str, Any] = {}
    mounts: list[dict[str, Any]] = []
    for file in service.kind.files:
        content = _template(service, file.template, values)
        if content.strip():
            key = f"{service.name}{file.path.replace('/', '-')}"  # the whole path: two files may share a name
            configs[key] = {"content": content.replace("$", "$$")}
            mounts.append(yamlwrite.OneLine(source=key, target=file.path))
    return configs, mounts


def _template(service: ResolvedService, file: str, values: Mapping[str, Any]) -> str:
    try:
        return render(f"templates/services/{service.kind.name}/{file}", service.kind.templates[file], values)
    except TemplateError as error:
        raise DevenvError(str(error), "the catalogue's template does not fit this service") from error


def dockerfile(service: ResolvedService, values: Mapping[str, Any], path: str, made_from: str) -> File:
    """What a derived image is built from."""
    build = service.kind.build
    assert build is not None  # only a kind with a build gives a service one
    pinned = f"@{service.digest}" if service.digest else ""
    head = (
        f"ARG DEVENV_REGISTRY={service.image.registry}\n"
        f"FROM ${{DEVENV_REGISTRY}}/{service.image.repository}:{service.image.tag}{pinned}\n"
    )
    body = head + _template(service, build.dockerfile, values)
    return File(path, marked(body, made_from, own="another image"), made_from)


def _labels(project: str, service: ResolvedService) -> dict[str, str]:
    data = {"devenv.data": f"{service.data}{_generation(service.data)}"} if service.data else {}
    return {
        "devenv.project": project,
        "devenv.service": service.name,
        "devenv.kind": service.kind.name,
        "devenv.version": service.version.text.replace("$", "$$"),
        "devenv.config": service.config[:16],
        "devenv.ports": " ".join(f"{port.container}:{_reference(port)}" for port in service.ports),
        "devenv.owner": f"${{{OWNER}:-}}",
        **data,
    }


def volume_labels(project: str, service: ResolvedService, volume: Volume) -> dict[str, str]:
    """The stamp. Compose replaces a volume whose labels change, so nothing that changes for the same data is here."""
    return {
        "devenv.project": project,
        "devenv.service": service.name,
        "devenv.kind": service.kind.name,
        "devenv.format": volume.format,
        "devenv.path": volume.path,
    }


def _escaped(environment: Mapping[str, str]) -> dict[str, str]:
    return {key: value.replace("$", "$$") for key, value in environment.items()}


def overrides(text: str) -> dict[str, str]:
    """What ``compose.override.yaml`` says of each service, as a digest. Raises ManifestError if it is no YAML.

    A change outside of ``services`` (a network, a config) may concern any service it names, so it counts for all.
    """
    document = parse_override(text)
    services = document.get("services")
    if not isinstance(services, dict):
        return {}
    common = {key: value for key, value in document.items() if key != "services"}
    return {str(name): _digest_of([common, said]) for name, said in services.items()}


def described_volumes(text: str) -> frozenset[str]:
    """The keys of the volumes of which ``compose.override.yaml`` says how they are made. Raises as ``overrides``."""
    volumes = parse_override(text).get("volumes")
    if not isinstance(volumes, dict):
        return frozenset()
    return frozenset(str(key) for key, description in volumes.items() if description)


def parse_override(text: str) -> Mapping[str, Any]:
    """What ``compose.override.yaml`` says; {} if it is no mapping. Raises ManifestError if it is no YAML."""
    try:
        document = yamlio.parse(text)
    except yamlio.YamlError as error:
        raise ManifestError(Problem(f"is not valid YAML: {error}", where=Where(OVERRIDE, error.line))) from error
    return document if isinstance(document, dict) else {}


def _digest_of(value: object) -> str:
    return hashlib.sha256(yamlwrite.dump(value).encode()).hexdigest()[:16]
