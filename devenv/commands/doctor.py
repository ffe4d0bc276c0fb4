"""``devenv doctor``: what could keep devenv from working, each with what helps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from devenv.commands.options import format_option
from devenv.effects.world import World
from devenv.model.record import record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devenv.model.observed import Observed
    from devenv.project import Project


@record
class Diagnosis:
    """One thing that was looked at: ``level`` is ok, warning or problem; ``fix`` is what helps."""

    subject: str
    level: str
    message: str
    fix: str = ""


_SIGNS = {"ok": "✓", "warning": "⚠", "problem": "✗"}
#: GiB below which images and databases soon do not fit any more.
_LOW_DISK = 5


@click.command()
@format_option
@click.pass_obj
def command(world: World) -> int:
    """Check the engine, Compose, disk, ports, the project and PATH. Changes nothing; exit 1 if there is a problem."""
    from devenv.errors import DevenvError
    from devenv.model.problem import Problem

    console = world.console
    findings = [*_engine_findings(world), *_path_findings(world), *_project_findings(world)]
    if console.as_json:
        console.json({"findings": [_entry(finding) for finding in findings]})
    else:
        for finding in findings:
            console.result(f"{_SIGNS[finding.level]} {finding.subject}: {finding.message}")
            for line in finding.fix.splitlines():
                console.result(f"    {line.strip()}")
    problems = [
        Problem(f"{finding.subject}: {finding.message}", finding.fix)
        for finding in findings
        if finding.level == "problem"
    ]
    return console.failure(DevenvError(problems)) if problems else 0


def _entry(finding: Diagnosis) -> dict[str, str | None]:
    values = {"subject": finding.subject, "level": finding.level, "message": finding.message}
    return {**values, "hint": finding.fix or None}


def _engine_findings(world: World) -> Iterator[Diagnosis]:
    from devenv.effects.engine import look
    from devenv.errors import DevenvError

    try:
        observed = look(world).result()
    except DevenvError as error:
        problem = error.problems[0]
        yield Diagnosis("engine", "problem", problem.message, problem.hint)
        return
    where = f" on {observed.engine.host}" if observed.engine.host else ""
    yield Diagnosis("engine", "ok", f"Docker Engine {observed.engine.version} ({observed.engine.platform}){where}")
    yield _compose_finding()
    yield from _disk_findings(observed)


def _compose_finding() -> Diagnosis:
    from devenv.effects.compose import check_compose
    from devenv.errors import DevenvError

    try:
        return Diagnosis("compose", "ok", f"Docker Compose {check_compose()}")
    except DevenvError as error:
        return Diagnosis("compose", "problem", error.problems[0].message, error.problems[0].hint)


def _disk_findings(observed: Observed) -> Iterator[Diagnosis]:
    import shutil
    from pathlib import Path

    from devenv.effects.engine import docker

    if observed.engine.host:
        return
    place = Path(docker("info", "--format", "{{.DockerRootDir}}").stdout.strip() or "/")
    while not place.exists():
        place = place.parent  # the engine runs in a virtual machine of its own: look at the disk it lives on
    free = shutil.disk_usage(place).free / 2**30
    if free < _LOW_DISK:
        yield Diagnosis(
            "disk", "warning", f"{free:.1f} GiB free for images and data", "'docker image prune' makes room"
        )
    else:
        yield Diagnosis("disk", "ok", f"{free:.0f} GiB free for images and data")


def _path_findings(world: World) -> Iterator[Diagnosis]:
    """Two other programs are called devenv too (one for Nix, one of Sentry's); which one a shell runs is PATH's."""
    import os
    import sys
    from pathlib import Path

    from devenv.effects.files import is_file

    script = Path(sys.argv[0])  # __main__.py for 'python -m devenv'
    own = (script if script.name == "devenv" else Path(sys.executable).with_name("devenv")).resolve()
    found = [Path(folder) / "devenv" for folder in world.env.get("PATH", "").split(os.pathsep) if folder]
    others = [path for path in dict.fromkeys(found) if is_file(path) and os.access(path, os.X_OK)]
    strangers = [str(path) for path in others if path.resolve() != own]
    if strangers:
        yield Diagnosis(
            "PATH", "warning", f"another devenv: {', '.join(strangers)}", f"this one is {own}; the first on PATH runs"
        )
    else:
        yield Diagnosis("PATH", "ok", "no other devenv")


def _project_findings(world: World) -> Iterator[Diagnosis]:
    from devenv.errors import DevenvError
    from devenv.project import find, open_project
    from devenv.stages import locking

    try:
        find(world)
    except DevenvError as error:
        yield Diagnosis("project", "ok", error.problems[0].message)
        return
    try:
        project = open_project(world)
    except DevenvError as error:
        count = len(error.problems)
        yield Diagnosis("devenv.toml", "problem", f"{count} problem{'s' * (count != 1)}", "devenv check")
        return
    count = len(project.manifest.services)
    yield Diagnosis("devenv.toml", "ok", f"{count} service{'s' * (count != 1)}")
    lacking = locking.missing(project.lock, project.needed_here())
    if lacking:
        images = f"{len(lacking)} image{'s' * (len(lacking) != 1)}"
        yield Diagnosis("devenv.lock", "warning", f"lacks {images}", "devenv lock")
    else:
        yield Diagnosis("devenv.lock", "ok", "holds every image")
    yield from _layer_findings(project)
    yield from _data_findings(world)
    yield from _port_findings(world)


def _layer_findings(project: Project) -> Iterator[Diagnosis]:
    """A developer's own layer is nobody else's; .devenv/.gitignore cannot speak for the folder above it."""
    from devenv.effects.process import run
    from devenv.stages.load import LOCAL

    if not project.local:
        return
    try:
        tracked = run(["git", "ls-files", "--error-unmatch", LOCAL], cwd=project.root, timeout=10)
        done = run(["git", "check-ignore", "--quiet", LOCAL], cwd=project.root, timeout=10)
    except OSError:
        return  # without git nobody commits it
    if tracked.code == 0:
        fix = f"git rm --cached {LOCAL} && echo /{LOCAL} >> .gitignore"
        yield Diagnosis(LOCAL, "warning", "git tracks it, so it applies to everybody", fix)
    elif done.code == 1:
        yield Diagnosis(LOCAL, "warning", "git does not ignore it", f"echo /{LOCAL} >> .gitignore")
    elif done.code == 0:
        yield Diagnosis(LOCAL, "ok", "git ignores it")


def _data_findings(world: World) -> Iterator[Diagnosis]:
    """Data that is another checkout's, or that a common command of docker's would remove. The engine's own finding says
    where none answers."""
    from devenv.effects import volumes
    from devenv.errors import DevenvError, Refused
    from devenv.stages.keep import prunable
    from devenv.standing import standing

    try:
        observed = standing(world).observed
        yield from _moved_findings(observed)
        found = volumes.without_options(prunable(observed))
    except Refused as error:
        for problem in error.problems:
            yield Diagnosis("data", "problem", problem.message, problem.hint)
        return
    except DevenvError:
        return
    if found:
        message = f"'docker volume prune' would remove data of this project: {', '.join(found)}"
        yield Diagnosis(
            "data", "warning", message, "devenv snapshot export FILE [NAME...]   keeps it outside the engine"
        )


def _moved_findings(observed: Observed) -> Iterator[Diagnosis]:
    """Volumes of data that are bound to where their folder was before the engine's data folder was moved or copied."""
    from devenv.model.observed import two_folders

    for volume in observed.volumes:
        if volume.name in observed.doubled:
            problem = two_folders(volume.name, volume.folder, volume.bound_to)
            yield Diagnosis("data", "problem", problem.message, problem.hint)
        elif volume.bound_to:
            message = f"volume {volume.name} is bound to {volume.bound_to}, where the engine's data folder was before"
            fix = "'devenv up' and 'devenv snapshot restore' copy its data into a new volume"
            yield Diagnosis("data", "warning", message, fix)


def _port_findings(world: World) -> Iterator[Diagnosis]:
    from devenv.effects.ports import listening, owner
    from devenv.errors import DevenvError
    from devenv.stages.place import kept_port
    from devenv.standing import standing

    try:
        here = standing(world)
    except DevenvError:
        return  # the engine's own finding says it
    ours = {host for item in here.observed.containers if item.running for _, host in item.ports.values()}
    for service in here.project.resolved.services.values():
        for port in service.ports:
            number = kept_port(port, here.project.kept) or port.preferred
            if number not in ours and number in listening([number]):
                holder = here.observed.taken.get(number) or owner(number) or "another program"
                yield Diagnosis(f"port {number}", "warning", f"{service.name} wants it, {holder} has it", _ANOTHER)


_ANOTHER = "'devenv up' takes another port, names it and keeps it"
