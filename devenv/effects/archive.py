"""An archive of kept data: one tar, whose members are compressed tars of volumes, and last what tells of them.

All data goes from program to program and to the file by descriptor; the headers around it are written here, when it is
known how much there was. Whatever fails, nothing stays of a file that is not whole.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from devenv.effects.copying import AIR
from devenv.effects.engine import docker
from devenv.effects.files import cannot_write, check_regular
from devenv.effects.process import BESIDE, Finished, pipe
from devenv.effects.volume_folders import mount_to_read
from devenv.effects.volumes import failed, measure
from devenv.errors import DevenvError, ManifestError, Refused
from devenv.model.record import record

#: What tells of everything else. No file of ours is larger.
ABOUT = "devenv.json"
_LARGEST = 64 * 1024 * 1024
_BLOCK = 512


@record
class Member:
    """A file in the archive: its name, its bytes, and their SHA-256."""

    file: str
    size: int
    sha256: str


class Writer:
    """An archive that is being written, under another name until it is whole."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    def add(self, name: str, write: Callable[[int], str]) -> Member:
        """What a program writes to a descriptor; ``write`` gives its SHA-256."""
        begin = os.lseek(self._handle, 0, os.SEEK_END)
        os.ftruncate(self._handle, begin + _BLOCK)
        os.lseek(self._handle, 0, os.SEEK_END)
        said = write(self._handle)
        size = os.lseek(self._handle, 0, os.SEEK_END) - begin - _BLOCK
        os.ftruncate(self._handle, begin + _BLOCK + -(-size // _BLOCK) * _BLOCK)
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, 0o600
        os.pwrite(self._handle, info.tobuf(tarfile.GNU_FORMAT), begin)
        return Member(name, size, said)

    def text(self, name: str, text: str) -> None:
        """A small file."""

        def write(handle: int) -> str:
            data = text.encode()
            while data:
                data = data[os.write(handle, data) :]
            return ""

        self.add(name, write)

    def end(self) -> None:
        size = os.lseek(self._handle, 0, os.SEEK_END)
        os.ftruncate(self._handle, size + 2 * _BLOCK)
        os.fsync(self._handle)


@contextlib.contextmanager
def writing(path: Path, *, force: bool) -> Iterator[Writer]:
    """Write an archive, which is at ``path`` as soon as it is whole. Raises Refused where there is a file already,
    DevenvError where there is no room."""
    if os.path.lexists(path) and not force:
        raise Refused(f"{path} is there already", "take another name, or overwrite it with --force")
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            writer = Writer(handle)
            yield writer
            writer.end()
            os.chmod(temporary, 0o600)
            if force:
                os.replace(temporary, path)
            else:
                os.link(temporary, path)
                os.unlink(temporary)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
        finally:
            os.close(handle)
    except FileExistsError as error:
        raise Refused(f"{path} came to be there meanwhile", "take another name") from error
    except OSError as error:
        raise cannot_write(path, error) from error


def pack(volume: str, *, image: str, label: str) -> Callable[[int], str]:
    """What writes all of a volume as a compressed tar. No image needs a shell for it."""

    def write(handle: int) -> str:
        with _holding(f"{mount_to_read(volume)},target=/data", image, label) as container:
            *ended, summed = pipe(
                ["docker", "cp", "--archive", f"{container}:/data/.", "-"],
                ["gzip", "-1", "--no-name"],
                ["tee", BESIDE],
                sink=handle,
                beside=_sums(),
            )
        _well(ended, f"writing the data in {volume}")
        return summed.stdout.split()[0]

    return write


def unpack(path: Path, member: Member, offset: int, volume: str, *, image: str, label: str) -> int:
    """Fill a volume from a member; the bytes that came out of it. Raises Refused if it is not what it was when it was
    written, and DevenvError as soon as more comes out of it than there is room for.

    The engine unpacks it inside of a container that is thrown away: no name in it leads out of there.
    """
    room = _room(volume, image)
    handle = os.open(path, os.O_RDONLY)
    try:
        os.lseek(handle, offset, os.SEEK_SET)
        with _holding(f"type=volume,source={volume},target=/data", image, label) as container:
            *ended, summed = pipe(
                ["head", "-c", str(member.size)],
                ["tee", BESIDE],
                ["gzip", "-dc"],
                ["head", "-c", str(room)],
                ["dd", f"bs={_CHUNK}"],
                ["docker", "cp", "--archive", "-", f"{container}:/data"],
                source=handle,
                beside=_sums(),
            )
    finally:
        os.close(handle)
    size = _counted(ended[-2])
    if size >= room:
        more = f"it holds more than {room / 1e6:.0f} MB"
        raise DevenvError(f"there is no room to unpack {member.file}: {more}", "make room there")
    if summed.stdout.split()[:1] != [member.sha256]:
        raise Refused(f"{path.name} is damaged: {member.file} is not what it was", "have it exported again")
    _well(ended, f"unpacking {member.file}")
    return size


#: What dd reads at once.
_CHUNK = 65536
#: More than any disk holds: where nobody can look how much is free.
_NO_LIMIT = 1 << 60


def _room(volume: str, image: str) -> int:
    """How many bytes a volume may be filled with."""
    found = measure(volume, image=image)
    return _NO_LIMIT if found is None else max(found[1] - AIR, 0)


def _counted(copied: Finished) -> int:
    """The bytes that dd says it wrote; 0 where it was cut off, which the others say why."""
    match = re.search(r"(?m)^(\d+) bytes", copied.stderr)
    return int(match[1]) if match else 0


def _sums() -> list[str]:
    return ["sha256sum"] if shutil.which("sha256sum") else ["shasum", "-a", "256"]


@contextlib.contextmanager
def _holding(mount: str, image: str, label: str) -> Iterator[str]:
    """A container that holds a volume, by a docker ``--mount``, and never runs."""
    done = docker("create", "--pull", "never", "--label", label, "--mount", mount, image, "none")
    if done.code != 0:
        raise failed(done, f"opening {mount}")
    container = done.stdout.strip()
    try:
        yield container
    finally:
        docker("rm", "--force", "--volumes", container)


def _well(ended: list[Finished], doing: str) -> None:
    for done in ended:
        if "no space left" in done.stderr.lower():
            raise failed(done, doing)
    for done in ended:
        if done.code != 0 and "broken pipe" not in done.stderr.lower():
            raise DevenvError(f"{doing} failed", (done.stderr.strip().splitlines() or [f"code {done.code}"])[-1])
    if bad := next((done for done in ended if done.code != 0), None):
        raise DevenvError(f"{doing} failed", f"a program ended with code {bad.code}")


@record
class Archive:
    """What an archive says of itself, and where its members begin."""

    path: Path
    about: Mapping[str, Any]
    offsets: Mapping[str, int]
    sizes: Mapping[str, int]


def read(path: Path) -> Archive:
    """Look into an archive. Raises ManifestError for what is none, or is not whole; reads no data."""
    try:
        check_regular(path)
        size = path.stat().st_size
        with tarfile.open(path, "r:") as tar:
            found = {}
            for item in tar:
                if not item.isreg() or item.offset_data + item.size > size:
                    what = "is cut off" if item.isreg() else f"holds {item.name!r}, which is no file"
                    raise ManifestError(f"{path} {what}", "have it exported again")
                found[item.name] = item
            about = found.get(ABOUT)
            inside = tar.extractfile(about) if about and about.size <= _LARGEST else None
            values = json.loads(inside.read()) if inside else None
    except FileNotFoundError:
        raise ManifestError(f"file {path} not found") from None
    except OSError as error:
        raise DevenvError(f"{path} cannot be read: {error.strerror or error}") from error
    except (tarfile.TarError, ValueError, RecursionError, EOFError) as error:
        raise ManifestError(f"{path} is no snapshot that devenv exported, or is cut off: {error}") from error
    if not isinstance(values, dict):
        raise ManifestError(f"{path} is no snapshot that devenv exported, or is cut off: it holds no {ABOUT}")
    return Archive(path, values, {n: i.offset_data for n, i in found.items()}, {n: i.size for n, i in found.items()})
