"""Volumes whose folder was moved, or copied, with the engine's data folder.

A volume of data is bound to its own folder by an absolute path (see ``volumes``), which stays what it was when the
engine's data folder moves. Its data is read from where the engine keeps it now.
"""

from __future__ import annotations

import enum

from devenv.effects import volumes
from devenv.effects.engine import docker, is_bound_elsewhere
from devenv.errors import Refused
from devenv.model.observed import two_folders


class Former(enum.Enum):
    """What the folder is that a volume is bound to: missing, the engine's own one by another path, or another one."""

    MISSING = "missing"
    SAME = "same"
    ANOTHER = "another"


def former(folder: str, bound_to: str) -> Former:
    """Look at both folders on the engine's machine; without an image that has a shell they count as two.

    The engine makes no container that binds a folder that is missing.
    """
    binds = [f"--mount=type=bind,source={path},target={target},readonly" for path, target in _targets(folder, bound_to)]
    images = docker("image", "ls", "--quiet", "--no-trunc").stdout.split()
    for image in dict.fromkeys(images):
        done = docker(*volumes.RUN, "--pull", "never", *binds, image, "-c", "[ /folder -ef /former ]")
        if "bind source path does not exist" in done.stderr:
            return Former.MISSING
        if done.code == 0:
            return Former.SAME
        if done.code == 1:
            return Former.ANOTHER
    return Former.ANOTHER


def _targets(folder: str, bound_to: str) -> list[tuple[str, str]]:
    return [(folder, "/folder"), (bound_to, "/former")]


def mount_to_read(name: str) -> str:
    """The beginning of a docker ``--mount`` that reads a volume's data, to which the target is to be added.

    Raises Refused where its data is in two folders.
    """
    seen = volumes.inspected(name)
    folder, device = seen["Mountpoint"], seen["Options"].get("device", "")
    as_it_is = f"type=volume,source={name},readonly"
    if not is_bound_elsewhere(name, folder, device, is_local=False):
        return as_it_is
    what = former(folder, device)
    if what is Former.ANOTHER:
        raise Refused([two_folders(name, folder, device)])
    return as_it_is if what is Former.SAME else f"type=bind,source={folder},readonly"
