"""``.devcontainer``: the container that an IDE works in, beside the services of the Compose file.

Committed, like that one, and nothing in it needs devenv: the reference CLI and every IDE start the same project.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
from collections.abc import Mapping, Sequence
from typing import Any

from devenv import yamlwrite
from devenv.model.file import File
from devenv.model.image import ImageRef
from devenv.model.lock import Lock
from devenv.model.machine import INSIDE
from devenv.model.manifest import Manifest
from devenv.model.resolved import Resolved, ResolvedService
from devenv.model.workspace import Installed, Workspace
from devenv.targets import compose
from devenv.targets.mark import marked

CONFIG, COMPOSE, DOCKERFILE = "devcontainer.json", "compose.yaml", "Dockerfile"
#: Keeps git from giving the scripts Windows' line ends, which no shell reads.
ATTRIBUTES = ".gitattributes"
#: Scripts of ``templates/devcontainer``: what lifts client tools, and what an IDE runs on the host first.
LIFT, INITIALIZE = SCRIPTS = ("lift.sh", "initialize.sh")
#: Changes when this module writes something else from the same values.
_REVISION = "2"
_OWN = "[devcontainer] of devenv.toml"
#: Where a service's own client tools are in a workspace.
_TOOLS = "/opt/devenv"
#: What a person and an IDE need in any container.
_USUAL = ("ca-certificates", "curl", "git", "less", "openssh-client", "procps", "sudo")
_INITIALIZE = ":; sh {folder}/initialize.sh"
_INITIALIZE_NOTE = "Windows' command line takes what begins with a colon for a label, and does nothing."
#: Must be one line with a comment at its end: a script with Windows' line ends is read no further than here.
_LINE_ENDS = (
    """if read -r line <"$0" && [ "$line" != "${{line%"$(printf '\\r')"}}" ]; then """
    """echo "$0 has Windows line endings, which no shell reads. Check it out again: """
    """rm -r {folder} && git -c core.autocrlf=false checkout -- {folder}" >&2; exit 1; fi #\n"""
)
_MOMENTS = {
    "on_create": "onCreateCommand",
    "post_create": "postCreateCommand",
    "post_start": "postStartCommand",
    "post_attach": "postAttachCommand",
}


def inputs(
    workspace: Workspace,
    resolved: Resolved,
    manifest: Manifest,
    lock: Lock,
    *,
    scripts: Mapping[str, str],
    over: Sequence[str],
) -> str:
    """A digest over everything that a workspace's files are made from; see ``files``."""
    whole = hashlib.sha256(f"{_REVISION} {resolved.project} {workspace!r} {dict(manifest.env)} {[*over]}".encode())
    whole.update(repr(sorted(scripts.items())).encode())
    for image in workspace.images:
        whole.update(f"{image} {lock.digest(image)}".encode())
    for service in _services(workspace, resolved):
        whole.update(f"{service.name} {service.config} {service.build} {service.ports}".encode())
    return whole.hexdigest()[:16]


def paths(workspace: Workspace) -> tuple[str, ...]:
    """The files that ``files`` gives, known without making them."""
    return tuple(f"{workspace.folder}/{name}" for name in (CONFIG, COMPOSE, DOCKERFILE, *SCRIPTS, ATTRIBUTES))


def files(
    workspace: Workspace,
    resolved: Resolved,
    lock: Lock,
    *,
    variables: Mapping[str, str],
    scripts: Mapping[str, str],
    over: Sequence[str],
    made_from: str,
) -> tuple[File, ...]:
    """A workspace's files. ``variables`` are those of [env], as a container beside the services reads them; ``scripts``
    are the texts of those by name, ``over`` are the Compose files below, ``made_from`` what ``inputs`` said."""
    config, service, dockerfile, lift, initialize, attributes = paths(workspace)
    text = json.dumps(_config(workspace, resolved, variables, over), indent=2, ensure_ascii=False) + "\n"
    checked = _LINE_ENDS.format(folder=workspace.folder)
    bodies = {
        service: yamlwrite.dump(_compose(workspace, resolved, variables, made_from)),
        dockerfile: _dockerfile(workspace, resolved, lock),
        lift: checked + scripts[LIFT],
        initialize: checked + _initialize(workspace, resolved, scripts[INITIALIZE]),
        attributes: "* text eol=lf\n",
    }
    return (
        File(config, marked(_with_note(text), made_from, own=_OWN, sign="//"), made_from),
        *(File(path, marked(body, made_from, own=_OWN), made_from) for path, body in bodies.items()),
    )


def _with_note(config: str) -> str:
    """devcontainer.json with a word on its strangest line."""
    return config.replace('\n  "initializeCommand"', f'\n  // {_INITIALIZE_NOTE}\n  "initializeCommand"')


def _services(workspace: Workspace, resolved: Resolved) -> list[ResolvedService]:
    return [resolved.services[name] for name in workspace.services]


def _config(
    workspace: Workspace, resolved: Resolved, variables: Mapping[str, str], over: Sequence[str]
) -> dict[str, Any]:
    services = _services(workspace, resolved)
    published = [(service, port) for service in services for port in service.ports]
    title = f"{resolved.project} {workspace.name}".strip()
    own = {
        "name": title,
        "dockerComposeFile": [*(posixpath.relpath(path, workspace.folder) for path in over), COMPOSE],
        "service": workspace.service,
        "runServices": [*workspace.services, workspace.service],
        "workspaceFolder": _folder(resolved),
        "remoteUser": workspace.user,
        "updateRemoteUserUID": True,
        "overrideCommand": False,
        # The services are everybody's who works in this checkout, in this window or elsewhere.
        "shutdownAction": "none",
        "forwardPorts": [f"{service.name}:{port.container}" for service, port in published],
        "portsAttributes": {
            f"{service.name}:{port.container}": {"label": _label(service, port.name), "onAutoForward": "silent"}
            for service, port in published
        },
        "containerEnv": {
            INSIDE: workspace.service,
            **{name: value for name, value in variables.items() if _plain(value)},
        },
        "initializeCommand": _INITIALIZE.format(folder=workspace.folder),
    }
    moments = {_MOMENTS[moment]: " && ".join(words) for moment, words in workspace.commands.items() if words}
    shown = {"customizations": _customizations(workspace)}
    return _merged(
        {key: value for key, value in (own | moments | shown).items() if value not in ([], {})}, workspace.passed
    )


def _initialize(workspace: Workspace, resolved: Resolved, text: str) -> str:
    ports = [port for service in resolved.services.values() for port in service.ports]
    wanted = " ".join(f"{port.variable}={port.preferred}" for port in ports)
    return f"project='{resolved.project}'\nuser='{workspace.user}'\nports='{wanted}'\n{text}"


def _label(service: ResolvedService, port: str) -> str:
    return f"{service.kind.title} {service.name}" + ("" if port == service.ports[0].name else f", {port}")


def _folder(resolved: Resolved) -> str:
    return f"/workspaces/{resolved.project}"


def _plain(value: str) -> bool:
    """What devcontainer.json can hold as it is: it has variables of its own."""
    return "${" not in value and value.isprintable()


def _customizations(workspace: Workspace) -> dict[str, Any]:
    code = {"extensions": [*workspace.extensions], "settings": dict(workspace.settings)}
    shown = {"vscode": {key: value for key, value in code.items() if value}, "jetbrains": dict(workspace.jetbrains)}
    return {key: value for key, value in shown.items() if value}


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = _merged(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return merged


def _compose(workspace: Workspace, resolved: Resolved, variables: Mapping[str, str], made_from: str) -> dict[str, Any]:
    """Paths are seen from .devenv, where the first Compose file is."""
    registries = {image.registry for image in _all_images(workspace, resolved)}
    odd = {name: value.replace("$", "$$") for name, value in variables.items() if not _plain(value)}
    body: dict[str, Any] = {
        "build": {
            "context": f"../{workspace.folder}",
            "args": {
                compose.registry_variable(name): f"${{{compose.registry_variable(name)}:-{name}}}"
                for name in sorted(registries)
            },
        },
        "command": ["sleep", "infinity"],
        "init": True,
        "hostname": workspace.service,
        "labels": {
            "devenv.project": resolved.project,
            "devenv.workspace": made_from,
        },
        "volumes": [f"..:{_folder(resolved)}:cached", *_GIT_NOTE, _git_folder(resolved)],
        "security_opt": [_SELINUX_NOTE, "label=disable"],
    }
    if workspace.platform:
        body["platform"] = workspace.platform
    if odd:
        body["environment"] = odd
    if workspace.services:
        body["depends_on"] = {
            service.name: {"condition": "service_healthy" if _checked(resolved.project, service) else "service_started"}
            for service in _services(workspace, resolved)
        }
    return {"services": {workspace.service: body}}


_SELINUX_NOTE = yamlwrite.Comment(
    "SELinux would keep the checkout from it; relabelling that would change the user's files."
)
_GIT_NOTE = (
    yamlwrite.Comment(
        "What a second worktree shares with the first, where its .git file says; initialize.sh finds it."
    ),
    yamlwrite.Comment("In any other checkout a folder is mounted where it is already."),
)


def _git_folder(resolved: Resolved) -> dict[str, str]:
    return {
        "type": "bind",
        "source": "${DEVENV_GIT_FOLDER:-.}",
        "target": f"${{DEVENV_GIT_PLACE:-{_folder(resolved)}/.devenv}}",
    }


def _checked(project: str, service: ResolvedService) -> bool:
    """Whether Compose can know that a service serves: some images hold nothing to ask with."""
    body, _ = compose.entry(project, service, compose.context(project, service))
    return "healthcheck" in body


def _all_images(workspace: Workspace, resolved: Resolved) -> list[ImageRef]:
    tools = [service.image for service in _services(workspace, resolved) if service.kind.tools]
    return [*workspace.images, *tools]


def _dockerfile(workspace: Workspace, resolved: Resolved, lock: Lock) -> str:
    with_tools = [service for service in _services(workspace, resolved) if service.kind.tools]
    lines = [
        f"ARG {compose.registry_variable(name)}={name}"
        for name in sorted({i.registry for i in _all_images(workspace, resolved)})
    ]
    for service in with_tools:
        tools = " ".join(f"'{path}'" for path in service.kind.tools)
        lines += [
            f"\nFROM {_reference(service.image, service.digest)} AS tools-{service.name}",
            "USER root",
            f"COPY {LIFT} /tmp/{LIFT}",
            f"RUN sh /tmp/{LIFT} {_TOOLS}/{service.name} {tools}",
        ]
    others = workspace.brought
    lines += [
        f"\nFROM {_reference(item.image, lock.digest(item.image))} AS runtime-{item.runtime.name}" for item in others
    ]
    lines += [f"\nFROM {_reference(workspace.base, lock.digest(workspace.base))}", "USER root", _packages(workspace)]
    for item in others:
        lines += [f"COPY --from=runtime-{item.runtime.name} {folder} {folder}" for folder in item.runtime.folders]
    lines += _variables(workspace, others)
    lines += [
        f"COPY --from=tools-{service.name} {_TOOLS}/{service.name} {_TOOLS}/{service.name}" for service in with_tools
    ]
    if with_tools:
        lines.append(_linked(with_tools))
    lines += [_user(workspace.user), f"USER {workspace.user}", f"WORKDIR {_folder(resolved)}"]
    return "\n".join(lines) + "\n"


def _reference(image: ImageRef, digest: str | None) -> str:
    pinned = f"@{digest}" if digest else ""
    return f"${{{compose.registry_variable(image.registry)}}}/{image.repository}:{image.tag}{pinned}"


def _packages(workspace: Workspace) -> str:
    locales = ("locales",) if workspace.locale and not workspace.locale.startswith("C") else ()
    python = ("python3", "python3-venv") if workspace.devenv else ()
    names = " ".join(dict.fromkeys((*_USUAL, *locales, *python, *workspace.packages)))
    steps = [
        "apt-get update",
        f"DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends {names}",
        "rm -rf /var/lib/apt/lists/*",
    ]
    if locales:
        language, _, charset = workspace.locale.partition(".")
        steps.append(f"localedef -i {language} -c -f {charset or 'UTF-8'} {workspace.locale}")
    if workspace.devenv:
        steps += [
            "python3 -m venv /opt/devenv-cli",
            f"/opt/devenv-cli/bin/pip install --no-cache-dir '{workspace.devenv}'",
            "ln -s /opt/devenv-cli/bin/devenv /usr/local/bin/devenv",
        ]
    return "RUN " + " \\\n && ".join(steps)


def _variables(workspace: Workspace, others: Sequence[Installed]) -> list[str]:
    found = {name: value for item in others for name, value in item.runtime.environment.items()}
    folders = [folder for item in others for folder in item.runtime.path]
    if folders:
        found["PATH"] = ":".join([*folders, "$PATH"])
    if workspace.locale:
        found["LANG"] = workspace.locale
    return [f"ENV {name}={value}" for name, value in found.items()]


def _linked(services: Sequence[ResolvedService]) -> str:
    """The first service's tools under their own names, all of them with their service's name behind."""
    names = " ".join(service.name for service in services)
    return (
        f'RUN for service in {names}; do for tool in {_TOOLS}/$service/bin/*; do name=$(basename "$tool") \\\n'
        ' && ln -sf "$tool" "/usr/local/bin/$name-$service" \\\n'
        ' && { [ -e "/usr/local/bin/$name" ] || ln -s "$tool" "/usr/local/bin/$name"; }; done; done'
    )


def _user(name: str) -> str:
    """A user who is not root, number 1000; one whom the image has there already is given the name."""
    if name == "root":
        return "# root works in a checkout that belongs to root"
    return (
        "# sudo asks for no password: who is in the container may do anything there anyway.\n"
        "RUN old=$(getent passwd 1000 | cut -d: -f1) \\\n"
        f' && if [ -z "$old" ]; then useradd --create-home --shell /bin/bash --uid 1000 {name}; \\\n'
        f'    elif [ "$old" != {name} ]; then usermod --login {name} --home /home/{name} --move-home "$old" \\\n'
        f'      && {{ groupmod --new-name {name} "$old" || true; }}; fi \\\n'
        f" && echo '{name} ALL=(ALL) NOPASSWD:ALL' >/etc/sudoers.d/{name} && chmod 440 /etc/sudoers.d/{name}"
    )
