"""Volumes: made, measured, copied, by what runs on the engine's machine. No data comes through here."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from devenv.effects.compose import TakenMeanwhile
from devenv.effects.engine import docker, is_bound_elsewhere
from devenv.effects.engine_questions import DEVICE, OWNER, PROJECT, ROOT
from devenv.effects.process import Finished
from devenv.errors import DevenvError
from devenv.model.machine import Machine

#: Runs as root whatever the image says, reaches no network, and leaves nothing behind.
RUN = ("run", "--rm", "--network", "none", "--user", "0", "--entrypoint", "sh")
#: How docker says that an image has no shell.
NO_SHELL = (126, 127)


def create(name: str, labels: Mapping[str, str]) -> None:
    """Make a volume; one that is there already stays as it is."""
    _well(docker("volume", "create", *_flags("--label", labels), name), f"making volume {name}")


def _create_unprunable(name: str, labels: Mapping[str, str]) -> str:
    """Make a volume that no prune command takes, and return the folder that it binds; "" where the engine cannot do
    that.

    The engine prunes no volume with driver options (``Prune`` in
    https://github.com/moby/moby/blob/master/daemon/volume/service/service.go). These options mount the volume's own
    folder on itself, so that it is like any other volume for all else.
    """
    folder = _volumes_folder()
    if not folder:
        return ""
    device = f"{folder}/{name}/_data"
    marks = _flags("--label", {**labels, DEVICE: device})
    options = _flags("--opt", {"type": "none", "o": "bind", "device": device})
    done = docker("volume", "create", *marks, *options, name)
    return device if done.code == 0 else ""


@functools.cache
def _volumes_folder() -> str:
    """Where the engine keeps its volumes, on its own machine; "" where it does not say."""
    done = docker("info", "--format", "{{.DockerRootDir}}")
    root = done.stdout.strip()
    return f"{root}/volumes" if done.code == 0 and root.startswith("/") else ""


def _flags(flag: str, values: Mapping[str, str]) -> list[str]:
    words = []
    for key, value in values.items():
        words += [flag, f"{key}={value}"]
    return words


def without_options(names: Sequence[str]) -> list[str]:
    """Those of these volumes that have no driver options, which is what prune commands look for."""
    if not names:
        return []
    done = docker("volume", "inspect", "--format", "{{len .Options}} {{.Name}}", *names)
    _well(done, "looking at volumes")
    return [line.removeprefix("0 ") for line in done.stdout.splitlines() if line.startswith("0 ")]


def create_data(name: str, machine: Machine, stamp: Mapping[str, str]) -> None:
    """Make a volume for a service's data, before Compose does: marked as this checkout's, and out of prune's reach
    where the engine can do that.

    The mark is not in the Compose file: of a volume whose label in the file changes Compose asks whether to remove it.
    Raises TakenMeanwhile where another checkout has just made a volume of that name, and where one is there that is
    bound to where the engine's data folder was before.
    """
    assert machine.owner, "whoever makes data holds the checkout, and so has an id"
    labels = {PROJECT: machine.project} | dict(stamp) | {OWNER: machine.owner, ROOT: machine.root}
    labels.pop(DEVICE, None)  # the stamp of another volume names that one's folder
    device = _create_unprunable(name, labels)
    if not device:
        create(name, labels)
    seen = inspected(name)
    if seen["Labels"].get(OWNER, machine.owner) != machine.owner:
        raise TakenMeanwhile(f"another checkout has just made volume {name}", "run it again")
    bound_to = seen["Options"].get("device", seen["Mountpoint"])
    if bound_to == device and bound_to != seen["Mountpoint"]:  # just made, and its folder is not where it should be
        _well(docker("volume", "rm", name), f"removing volume {name}")
        create(name, labels)
    elif is_bound_elsewhere(name, seen["Mountpoint"], bound_to, is_local=False):
        raise TakenMeanwhile(f"volume {name} is there already, bound to {bound_to}", "run it again")


def inspected(name: str) -> dict[str, Any]:
    """What the engine says of a volume."""
    done = docker("volume", "inspect", "--format", "{{json .}}", name)
    _well(done, f"looking at volume {name}")
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen | {"Labels": seen["Labels"] or {}, "Options": seen["Options"] or {}}


def exists(name: str) -> bool:
    return docker("volume", "inspect", name).code == 0


def labels_of(name: str) -> dict[str, str]:
    """The labels of a volume; {} if there is none of that name."""
    done = docker("volume", "inspect", "--format", "{{json .Labels}}", name)
    found: dict[str, str] = json.loads(done.stdout) or {} if done.code == 0 else {}
    return found


def measure(name: str, *, image: str) -> tuple[int, int] | None:
    """Bytes in a volume and bytes free beside it; None where nobody could look."""
    words = ("--volume", f"{name}:/from:ro")
    done = docker(*RUN, *words, image, "-c", "du -sk /from; df -Pk /from | tail -n 1", timeout=None)
    numbers = re.findall(r"(?m)^(\d+)\s|\s(\d+)\s+\d+%", done.stdout) if done.code == 0 else []
    found = [int(a or b) * 1024 for a, b in numbers]
    return (found[0], found[-1]) if len(found) >= 2 else None


def settle(names: Sequence[str], *, images: Sequence[str]) -> None:
    """Have all of these volumes written to the disk, so that a power cut takes nothing of them.

    The first image that has a shell does it. Where none has one, that is left to the operating system, which does it
    within half a minute.
    """
    words = [word for index, name in enumerate(names) for word in ("--volume", f"{name}:/v{index}")]
    for image in images:
        done = docker(*RUN, *words, image, "-c", "sync -f /v* 2>/dev/null || sync", timeout=None)
        if done.code == 0:
            return
        if done.code not in NO_SHELL:
            raise failed(done, "writing the data to the disk")


def _well(done: Finished, doing: str) -> None:
    if done.code != 0:
        raise failed(done, doing)


def failed(done: Finished, doing: str) -> DevenvError:
    """What docker said of something that did not go well."""
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    if "no space left" in done.stderr.lower():
        return DevenvError(f"{doing}: the disk is full", "make room there, then run it again")
    return DevenvError(f"{doing} failed", "docker: " + (lines[-1] if lines else f"it ended with code {done.code}"))
