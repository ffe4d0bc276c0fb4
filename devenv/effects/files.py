"""Files: read what is there, write all or nothing.

A file of a checkout may be anything that somebody committed, also a link to a device that never ends. All of them are
opened by ``read_bytes``.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shlex
import stat
from collections.abc import Iterable
from pathlib import Path

from devenv.errors import DevenvError, ManifestError, Refused
from devenv.model.file import File
from devenv.model.problem import Problem, Where

#: No manifest is this long; something else has its name.
_LARGEST = 4 * 1024 * 1024


def templates_root() -> Path:
    """Where the packaged templates are: inside the wheel, or beside the package in a checkout."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "_templates"
    return inside if inside.is_dir() else package.parent / "templates"


def find_root(start: Path, name: str) -> Path | None:
    """The nearest folder at or above ``start`` that holds ``name``.

    Raises ManifestError for one whose path cannot be written into a file, DevenvError where nobody may look.
    """
    try:
        found = next((folder for folder in (start, *start.parents) if (folder / name).is_file()), None)
    except OSError as error:
        raise DevenvError(f"{error.filename} cannot be looked for: {error.strerror}") from error
    if found and _UNWRITABLE.search(str(found)):
        shown = str(found).encode("unicode_escape").decode()
        raise ManifestError(f"{shown}: no file can hold this folder's name", "rename it: line breaks, or no UTF-8")
    return found


#: Control characters, and what Python makes of bytes in a name that are no UTF-8.
_UNWRITABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


def is_there(path: Path) -> bool:
    """Whether there is anything of that name, be it a link to nowhere."""
    return os.path.lexists(path)


def is_file(path: Path) -> bool:
    """Whether there is a regular file, links followed. False as well where nobody may look."""
    return os.path.isfile(path)  # noqa: PTH113 - Path.is_file raises where nobody may look


def is_absent(path: Path) -> bool:
    """Whether there is certainly nothing of that name. False as well where nobody may look."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):  # ValueError: no name of a file at all
        pass
    return False


def is_folder(path: Path) -> bool:
    """Whether there is a folder, links followed. False as well where nobody may look."""
    return os.path.isdir(path)  # noqa: PTH112 - Path.is_dir raises where nobody may look


class BadPattern(ValueError):
    """A text that names no files: what is wrong with it."""


def matching(root: Path, pattern: str) -> list[Path]:
    """The files and folders of a pattern such as ``k8s/**/*.yaml``, in the order of their names; ``root`` is what a
    relative one begins at. Folders that nobody may search are left out. Raises BadPattern."""
    path = Path(pattern)
    start = Path(path.anchor) if path.is_absolute() else root
    try:
        return sorted(start.glob(str(path.relative_to(path.anchor))))
    except ValueError:
        raise BadPattern("'**' stands for folders, between slashes: k8s/**/*.yaml") from None
    except OSError as error:
        raise BadPattern(f"cannot be searched: {error.strerror}") from error


def expanded(root: Path, path: str) -> list[Path]:
    """The files of a path or a pattern, in the order of their names; one that ends with a slash is a folder. Raises
    BadPattern."""
    if any(sign in path for sign in "*?["):
        return matching(root, path.rstrip("/"))
    place = root / path
    there = is_folder(place) if path.endswith("/") else not is_absent(place)
    return [place] if there else []


class NotRegular(OSError):
    """There is something of that name, but it is a device, a pipe or a socket, which may never end."""


class TooLarge(OSError):
    """A file is larger than what was asked for; ``size`` is in bytes."""

    def __init__(self, size: int) -> None:
        super().__init__(errno.EFBIG, os.strerror(errno.EFBIG))
        self.size = size


def read_bytes(path: Path, *, limit: int) -> bytes:
    """The content of a regular file of at most ``limit`` bytes, links followed.

    Raises NotRegular, TooLarge, and other errors of the system's.
    """
    check_regular(path)
    # Whoever puts a pipe in its place meanwhile does not keep us waiting.
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size > limit:
            raise TooLarge(size)
        data = file.read(limit + 1)  # what the kernel makes up, as in /proc, has no size
    if len(data) > limit:
        raise TooLarge(len(data))
    return data


def check_regular(path: Path) -> None:
    """Raises NotRegular for what is neither a regular file nor a folder, FileNotFoundError where there is nothing."""
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise NotRegular(errno.EINVAL, "it is not a regular file", str(path))


def read_text(path: Path) -> str | None:
    """The text of a file; None if there is none. Raises ManifestError for one that is no text or far too large."""
    data = b""
    try:
        data = read_bytes(path, limit=_LARGEST)
        return data.decode("utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except TooLarge as error:
        hint = f"{error.size / 1024 / 1024:.0f} MiB; devenv reads at most {_LARGEST // 1024 // 1024} MiB"
        raise ManifestError(Problem("is too large", hint, Where(str(path)))) from error
    except NotRegular as error:
        raise ManifestError(Problem("is not a regular file", _what_it_is(path), Where(str(path)))) from error
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ManifestError(Problem("is not UTF-8 text", "save it as UTF-8", Where(str(path), line))) from error
    except OSError as error:
        raise cannot_read(path, error) from error


def _what_it_is(path: Path) -> str:
    if path.is_symlink():
        return f"it is a symbolic link to {os.readlink(path)}: replace it with a file"
    return "it is a pipe, a socket or a device: replace it with a file"


def read_folder(folder: Path) -> dict[str, str]:
    """All text files below a folder, by path relative to it; {} if there is none."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            found[path.relative_to(folder).as_posix()] = read_text(path) or ""
    return found


def write_files(root: Path, files: Iterable[File]) -> None:
    """Write each file all or nothing, below ``root``. Raises Refused where a link would lead out of it."""
    for file in files:
        write(root, file)


def write(root: Path, file: File) -> None:
    """Write one file beside its place and move it there, so that nobody ever sees half of it."""
    path = root / file.path
    try:
        _refuse_links(root, path)
        make_folder(path.parent)
        if _same(path, file):
            return
        import tempfile

        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as out:
                out.write(file.text)
                out.flush()
                os.fsync(out.fileno())
            os.chmod(temporary, file.mode)
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
    except OSError as error:
        raise cannot_write(path, error) from error


def make_folder(path: Path, *, mode: int = 0o755) -> None:
    """Make a folder and those above it, which nobody else may write, whatever the umask. Raises OSError."""
    missing = []
    folder = path
    while not is_folder(folder):
        missing.append(folder)
        folder = folder.parent
    for each in reversed(missing):
        each.mkdir(mode=mode, exist_ok=True)


def mode(path: Path) -> int:
    """The permissions that a file of the user's has, or would have."""
    return path.stat().st_mode & 0o777 if path.is_file() else 0o644


def remove(root: Path, name: str) -> None:
    """Remove a file below ``root`` if there is one."""
    path = root / name
    try:
        _refuse_links(root, path)
        path.unlink(missing_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from error


def remove_empty(root: Path, name: str) -> None:
    """Remove the folder that a file was in, if nothing is left in it and it is not the root."""
    folder = (root / name).parent
    if folder != root:
        with contextlib.suppress(OSError):
            folder.rmdir()


def cannot_read(path: Path, error: OSError) -> DevenvError:
    """Why a place cannot be read, and what helps."""
    hint = ""
    if isinstance(error, PermissionError):
        hint = f"was devenv run here as another user? make it yours: sudo chown -R $USER {shlex.quote(str(path))}"
    return DevenvError(f"{path} cannot be read: {error.strerror or error}", hint)


def cannot_write(path: Path, error: OSError) -> DevenvError:
    """Why a place cannot be written, and what helps."""
    return DevenvError(f"{path} cannot be written: {error.strerror or error}", _REMEDIES.get(error.errno or 0, ""))


_REMEDIES = {
    errno.ENOSPC: "make room there, then run it again",
    errno.EDQUOT: "make room there, then run it again",
    errno.EROFS: "devenv writes there: it must not be read-only",
    errno.EACCES: "devenv writes there: the folder must be yours",
    errno.EPERM: "devenv writes there: the folder must be yours",
    errno.ENOTDIR: "a file stands where devenv needs a folder: move it away",
    errno.EEXIST: "a file stands where devenv needs a folder: move it away",
    errno.EISDIR: "a folder stands where devenv writes a file: move it away",
}


def _same(path: Path, file: File) -> bool:
    data = file.text.encode("utf-8")
    if not path.is_file() or path.stat().st_mode & 0o777 != file.mode or path.stat().st_size != len(data):
        return False
    return path.read_bytes() == data


def _refuse_links(root: Path, path: Path) -> None:
    """A link at a place that we write would have us write somewhere else."""
    place = root
    for part in path.relative_to(root).parts:
        place = place / part
        if place.is_symlink():
            shown = place.relative_to(root).as_posix()
            raise Refused(f"{shown} is a symbolic link to {os.readlink(place)}", "remove the link; devenv writes there")
