"""Volumes: made, measured, copied, by what runs on the engine's machine. No data comes through here."""

from __future__ import annotations

import re
from collections.abc import Mapping

from devenv.effects.engine import docker
from devenv.errors import DevenvError

#: Runs as root whatever the image says, reaches no network, and leaves nothing behind.
_RUN = ("run", "--rm", "--network", "none", "--user", "0", "--entrypoint", "sh")


def create(name: str, labels: Mapping[str, str]) -> None:
    """Make a volume; one that is there already stays as it is."""
    words = [word for key, value in labels.items() for word in ("--label", f"{key}={value}")]
    _well(docker("volume", "create", *words, name), f"making volume {name}")


def exists(name: str) -> bool:
    return docker("volume", "inspect", name).code == 0


def copy(source: str, target: str, *, image: str, label: str) -> None:
    """Everything in one volume into another, an empty one, owners, times and holes included; both on one disk share
    what they can. ``image`` is any that has a shell."""
    words = ("--label", label, "--volume", f"{source}:/from:ro", "--volume", f"{target}:/to")
    done = docker(*_RUN, *words, image, "-c", _COPY, timeout=None)
    _well(done, f"copying {source}")


#: BusyBox's cp may not know how to share blocks.
_COPY = """
cp --reflink=auto /etc/hostname /tmp/devenv-tried 2>/dev/null && share=--reflink=auto
exec cp -a $share /from/. /to/
"""


def measure(name: str, *, image: str) -> tuple[int, int] | None:
    """Bytes in a volume and bytes free beside it; None where nobody could look."""
    words = ("--volume", f"{name}:/from:ro")
    done = docker(*_RUN, *words, image, "-c", "du -sk /from; df -Pk /from | tail -n 1", timeout=None)
    numbers = re.findall(r"(?m)^(\d+)\s|\s(\d+)\s+\d+%", done.stdout) if done.code == 0 else []
    found = [int(a or b) * 1024 for a, b in numbers]
    return (found[0], found[-1]) if len(found) >= 2 else None


def _well(done: object, doing: str) -> None:
    from devenv.effects.process import Finished

    assert isinstance(done, Finished)
    if done.code != 0:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        if "no space left" in done.stderr.lower():
            raise DevenvError(f"{doing}: the disk is full", "make room there, then run it again")
        raise DevenvError(f"{doing} failed", "docker: " + (lines[-1] if lines else "it said nothing"))
