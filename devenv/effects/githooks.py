"""Git's hooks of a checkout: ours, with whatever was there before chained behind it."""

from __future__ import annotations

import os
from pathlib import Path

from devenv.effects.files import make_folder, write_files
from devenv.effects.process import run
from devenv.errors import DevenvError, Refused
from devenv.model.file import File

#: What runs when other people's work arrives: a merge or a pull, a branch, a rebase.
NAMES = ("post-merge", "post-checkout", "post-rewrite")
_MARK = "# devenv:hook"
_BEFORE = "before-devenv"
_TEXT = """\
#!/bin/sh
{mark}: written by 'devenv hooks install', removed by 'devenv hooks uninstall'.
before="$(dirname "$0")/{name}.{suffix}"
status=0
if [ -x "$before" ]; then "$before" "$@" || status=$?; fi
{guard}if command -v devenv >/dev/null 2>&1; then devenv behind || :; fi
exit "$status"
"""
#: Git runs post-checkout for single files too.
_GUARDS = {"post-checkout": '[ "$3" = 1 ] || exit "$status"\n'}


def folder(root: Path) -> Path:
    """Where git looks for hooks here. Raises DevenvError where there is no git, or no checkout of its."""
    try:
        done = run(["git", "-C", str(root), "rev-parse", "--git-path", "hooks"])
    except FileNotFoundError as error:
        raise DevenvError("there is no git on PATH") from error
    if done.code != 0:
        raise DevenvError(f"{root} is no git checkout", "hooks are git's: 'git init' makes one")
    return (root / done.stdout.strip()).resolve()


def install(root: Path) -> list[str]:
    """Write the hooks that are not there yet; their names. Raises Refused where hooks are the project's own files."""
    place = folder(root)
    _check_own(root, place)
    made = []
    for name in NAMES:
        path = place / name
        if path.is_file() and _MARK in path.read_text(encoding="utf-8", errors="replace"):
            continue
        if path.exists():
            os.replace(path, place / f"{name}.{_BEFORE}")
        text = _TEXT.format(mark=_MARK, name=name, suffix=_BEFORE, guard=_GUARDS.get(name, ""))
        make_folder(place)
        write_files(place, [File(name, text, mode=0o755)])
        made.append(name)
    return made


def _check_own(root: Path, place: Path) -> None:
    tracked = place.is_relative_to(root.resolve()) and ".git" not in place.relative_to(root.resolve()).parts
    if tracked:
        shown = place.relative_to(root.resolve())
        raise Refused(
            f"git's hooks are in {shown} here, which belongs to the project",
            f"add the line 'devenv behind || :' to {shown}/post-merge and {shown}/post-checkout",
        )


def uninstall(root: Path) -> list[str]:
    """Take ours away, and put back what was there before; the names."""
    place = folder(root)
    gone = []
    for name in NAMES:
        path, before = place / name, place / f"{name}.{_BEFORE}"
        if not path.is_file() or _MARK not in path.read_text(encoding="utf-8", errors="replace"):
            continue
        if before.exists():
            os.replace(before, path)
        else:
            path.unlink()
        gone.append(name)
    return gone
