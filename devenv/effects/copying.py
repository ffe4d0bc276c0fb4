"""Copying whole volumes with as little standstill as can be: a container with both of them waits until it is told.

It looks at sizes and is up before a server is stopped, and nothing but the copying itself comes after that. No data
comes through here. Whoever it waits for may die: then it ends, and has done nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from devenv.effects.engine import docker, ended
from devenv.effects.process import Begun, begin, pipe
from devenv.effects.volume_folders import mount_to_read
from devenv.effects.volumes import NO_SHELL, failed
from devenv.errors import DevenvError
from devenv.model.record import record

#: Says how many bytes (KiB) there are, and how many are free; copies when it is told to. BusyBox's cp may not know how
#: to share blocks.
_SCRIPT = """
size=0
for from in /from*; do size=$((size + $(du -sk $from | cut -f 1))); done
echo "$size $(df -Pk /to0 | tail -n 1 | tr -s ' ' | cut -d ' ' -f 4)"
read -r go || exit 75
cp --reflink=auto /etc/hostname /tmp/devenv-tried 2>/dev/null && share=--reflink=auto
for from in /from*; do cp -a ${share:-} $from/. /to${from#/from}/ || exit 1; done
"""


@record
class Copying:
    """A copy that can be made at once. ``size`` and ``free`` are bytes, None where nobody can look."""

    pairs: Sequence[tuple[str, str]]
    image: str
    label: str
    size: int | None = None
    free: int | None = None
    _begun: Begun | None = None

    def go(self) -> None:
        """Copy. Raises DevenvError; what is in the target then is worth nothing."""
        if self._begun is None:
            for source, target in self.pairs:
                _pass(source, target, image=self.image, label=self.label)
            return
        done = ended(self._begun, timeout=None, input="go\n")
        if done.code != 0:
            raise failed(done, f"copying {self.pairs[0][0]}")

    def drop(self) -> None:
        """Let it be."""
        if self._begun is not None:
            ended(self._begun, timeout=None)


def ready(pairs: Mapping[str, str], *, images: Sequence[str], label: str) -> Copying:
    """Make ready to copy volumes (from -> to, empty ones), owners, times and holes included.

    ``images`` are here; the first one with a shell is taken, and where none has one the first one just holds the
    volumes while docker itself copies, which is slower.
    """
    words = ["docker", "run", "--rm", "--interactive", "--pull", "never", "--network", "none", "--user", "0"]
    words += ["--label", label, "--entrypoint", "sh"]
    for index, (source, target) in enumerate(pairs.items()):
        words += ["--mount", f"{mount_to_read(source)},target=/from{index}", "--volume", f"{target}:/to{index}"]
    for image in images:
        begun = begin([*words, image, "-c", _SCRIPT], asks=True)
        said = begun.first_line().split()
        if len(said) == 2:
            return Copying(tuple(pairs.items()), image, label, int(said[0]) * 1024, int(said[1]) * 1024, begun)
        done = ended(begun, timeout=None)
        if done.code not in NO_SHELL:
            raise failed(done, f"copying {next(iter(pairs))}")
    return Copying(tuple(pairs.items()), images[0], label)


def _pass(source: str, target: str, *, image: str, label: str) -> None:
    """From one container that holds a volume to another one, as a stream. None of them ever runs."""
    made = []
    try:
        for mount in (f"{mount_to_read(source)},target=/from", f"type=volume,source={target},target=/to"):
            done = docker("create", "--pull", "never", "--label", label, "--mount", mount, image, "none")
            if done.code != 0:
                raise failed(done, f"copying {source}")
            made.append(done.stdout.strip())
        out, into = pipe(
            ["docker", "cp", "--archive", f"{made[0]}:/from/.", "-"],
            ["docker", "cp", "--archive", "-", f"{made[1]}:/to"],
        )
        for done in (into, out):
            if done.code != 0:
                raise failed(done, f"copying {source}")
    finally:
        if made:
            docker("rm", "--force", "--volumes", *made)


def check_room(name: str, size: int | None, free: int | None) -> None:
    """Raises DevenvError where a copy of so many bytes would not fit."""
    if size is not None and free is not None and free < size + AIR:
        need, have = f"{(size + AIR) / 1e9:.1f} GB", f"{free / 1e9:.1f} GB"
        raise DevenvError(f"there is no room to copy {name}: {need} are needed, {have} are free", "make room there")


#: What a disk must keep free beside a copy.
AIR = 64 * 1024 * 1024
