"""The journey of ``devenv init``: a first manifest, with what production runs where somebody says where that stands."""

from __future__ import annotations

import shlex
from collections.abc import Container, Sequence

from devenv.effects import files
from devenv.effects.gather import is_pattern
from devenv.effects.world import World
from devenv.errors import Refused, Unreachable
from devenv.journeys.sync import Comparison, compare
from devenv.model.fact import Note
from devenv.model.file import File
from devenv.model.problem import Problem
from devenv.model.production import Place
from devenv.production import places_of
from devenv.project import open_project
from devenv.stages import compose_project
from devenv.stages.first_manifest import first_manifest, project_name, sources_hint, untouched_name
from devenv.stages.load import MANIFEST


def begin(world: World, *, name: str, sources: Sequence[Place]) -> Comparison:
    """What is to be written. Raises Refused where there is a manifest that somebody edited, Unreachable where a path
    leads nowhere, and where a source cannot be read and the others tell of nothing."""
    if files.is_there(world.cwd / MANIFEST):
        name = name or _untouched(world, sources)
    _require_files(world, sources)
    text = first_manifest(name or project_name(world.cwd.name), sources)
    project = open_project(world, manifest=text, root=world.cwd)
    compared = compare(world, (), environment="production", adding=True, project=project)
    if compared.unread and not compared.plan.changes:
        folders = {place.path for place in sources} if compared.read.skipped else set()
        raise Unreachable([_unread(note, folders) for note in compared.unread])
    return compared


def _untouched(world: World, sources: Sequence[Place]) -> str:
    """The project's name in the manifest that is there. Raises Refused if writing it again would lose anything."""
    name = untouched_name(files.read_text(world.cwd / MANIFEST) or "")
    if name and sources:
        return name
    project = open_project(world, root=world.cwd)
    entry = project.manifest.environments.get("production", {})
    present = places_of(project.manifest, "production") if entry else ()
    lacking = [place for place in sources if place not in present]
    hint = "Add what production runs to it: devenv sync --add"
    if lacking or not present:
        lines = sources_hint("production", lacking, has_sources=bool(present))
        hint = f"{lines}\n  Then add what production runs: devenv sync --add"
    raise Refused(f"{MANIFEST} already exists", hint)


def compose_files(world: World) -> list[str]:
    """The Compose files of this folder, by the names that Compose looks for."""
    return [name for name in compose_project.FILES if files.is_file(world.cwd / name)]


def _require_files(world: World, sources: Sequence[Place]) -> None:
    """Raises Unreachable for paths that lead nowhere: none of them is to be written into the manifest."""
    paths = [place.path for place in sources if place.path and not is_pattern(place.path)]
    absent = [path for path in paths if files.is_absent(world.cwd / path)]
    if absent:
        raise Unreachable([Problem(f"{path}: there is no such file") for path in absent])


def _unread(note: Note, folders: Container[str]) -> Problem:
    hint = f"List its files: devenv facts -v {shlex.quote(note.file)}" if note.file in folders else ""
    return Problem(str(note), hint)


def write(world: World, compared: Comparison) -> None:
    """The manifest."""
    files.write(world.cwd, File(MANIFEST, compared.wanted.documents.manifest))
