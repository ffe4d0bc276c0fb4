"""The generated files of a checkout: what they say of themselves, and whether devenv would write them so.

A clone may commit any text under the mark of a generated file. What the mark says counts only where this machine knows
the text: devenv rendered it here.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from devenv.effects import files
from devenv.errors import DevenvError
from devenv.model.file import File, FileState
from devenv.project import Project
from devenv.stages import locking
from devenv.targets.mark import read_mark

#: The record in the checkout's memory: path -> digest of the text that devenv last rendered for it.
_MEMORY = "rendered"
#: Where generated files are, beside others.
_GENERATED = (".devenv/*.yaml", ".devenv/services/*/*", ".devcontainer/*", ".devcontainer/*/*")


def found(project: Project) -> dict[str, FileState]:
    """The state of the generated files on the disk; those that do not exist are left out."""
    wanted = project.generated()
    texts = {path: text for path in wanted if (text := files.read_text(project.root / path)) is not None}
    states = {path: read_mark(text) for path, text in texts.items()}
    known = project.store.read(_MEMORY)
    doubtful = {
        path: texts[path]
        for path, state in states.items()
        if state == FileState(wanted[path], intact=True) and known.get(path) != _digest(texts[path])
    }
    if doubtful:
        states |= {path: replace(states[path], intact=False) for path in _forged(project, doubtful)}
    return states


def _forged(project: Project, texts: Mapping[str, str]) -> list[str]:
    """The files that are not what devenv renders, though their marks say so. The others are known from now on."""
    rendered = {file.path: file for file in project.render()}
    same = [rendered[path] for path, text in texts.items() if _digest(text) == _digest(rendered[path].text)]
    with contextlib.suppress(DevenvError):  # a memory that cannot be written only costs time
        remember(project, same)
    genuine = {file.path for file in same}
    return [path for path in texts if path not in genuine]


def remember(project: Project, rendered: Iterable[File]) -> None:
    """Note what devenv renders, so that it need not be rendered again to know the files."""
    known = project.store.read(_MEMORY)
    now = known | {file.path: _digest(file.text) for file in rendered}
    if now != known:
        project.store.write(_MEMORY, now)


def write(project: Project, rendered: Iterable[File]) -> None:
    """Write generated files, and know them from now on."""
    given = list(rendered)
    files.write_files(project.root, given)
    remember(project, given)


def leftovers(project: Project) -> list[str]:
    """Generated files that nobody edited, of what the manifest or a developer's own layer no longer says."""
    wanted = project.generated()
    there = sorted(path for place in _GENERATED for path in project.root.glob(place) if files.is_file(path))
    names = {path.relative_to(project.root).as_posix(): path for path in there}
    return [name for name, path in names.items() if name not in wanted and _is_intact(path)]


def _is_intact(path: Path) -> bool:
    try:
        return read_mark(files.read_text(path) or "").intact
    except DevenvError:  # nothing that devenv wrote
        return False


def drop_leftovers(project: Project) -> list[str]:
    """Remove them, and folders that hold nothing else. Returns what went."""
    gone = leftovers(project)
    for name in gone:
        files.remove(project.root, name)
        files.remove_empty(project.root, name)
    if not project.local and locking.is_own(files.read_text(project.root / locking.LOCAL_PATH) or ""):
        files.remove(project.root, locking.LOCAL_PATH)
    return gone


def _digest(text: str) -> str:
    """Over the text with Unix line ends: git may check it out with others."""
    return hashlib.sha256(text.replace("\r\n", "\n").encode()).hexdigest()
