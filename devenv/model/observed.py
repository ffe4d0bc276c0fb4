"""What is on this machine before anything is decided: read once, passed on as one value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from typing import Any

from devenv.model.file import FileState
from devenv.model.problem import Problem
from devenv.model.record import record
from devenv.model.snapshot import Snapshot

#: How the name of a volume ends that is not the first generation of its data: ``-g2``; ``.2`` in an earlier devenv.
GENERATION = r"(?:-g|\.)\d+"


@record
class Engine:
    """The container engine that answered: its version, and ``host`` ("" when it is this machine)."""

    version: str
    platform: str
    host: str = ""


@record
class Container:
    """A container. ``project`` is Compose's.

    ``ports`` maps a container's port to (host address, host port) while it runs, ``made_ports`` to the host port that
    it was made to have, running or not. ``config``, ``version`` and ``data`` (its volume, without the project's name)
    are what devenv labelled it with when it was created; "" for one that devenv did not. ``root`` is the checkout that
    it was started in ("" for one of no checkout); ``workspace`` says of what an IDE works in from what its files were
    made ("" for anything else). ``networks`` are those that it is on, by id or by name. ``owner`` is the id of the
    checkout that made it ("" where an IDE or plain Compose made it without ``.devenv/.env``, or an earlier devenv).
    ``limits`` is what ``docker update`` can change, by name ({} if nobody has looked). ``compose_files`` are those that
    Compose made it from (() for one that Compose did not make).
    """

    id: str
    name: str
    project: str
    service: str
    state: str
    health: str = ""
    exit_code: int = 0
    out_of_memory: bool = False
    image: str = ""
    config: str = ""
    version: str = ""
    root: str = ""
    ports: Mapping[int, tuple[str, int]] = field(default_factory=dict)
    made_ports: Mapping[int, int] = field(default_factory=dict)
    data: str = ""
    workspace: str = ""
    networks: tuple[str, ...] = ()
    limits: Mapping[str, str] = field(default_factory=dict)
    owner: str = ""
    compose_files: tuple[str, ...] = ()

    @property
    def running(self) -> bool:
        return self.state == "running"

    @property
    def has_ports(self) -> bool:
        """Whether it holds ports of the host: a paused one does too."""
        return self.state in ("running", "paused")


@record
class ExistingVolume:
    """A volume and the stamp on it: service, kind and data format ("" where it has none).

    ``owner`` is the id of the checkout that made it, ``root`` the folder where that checkout was then; "" where an IDE
    made it, or an earlier devenv. ``folder`` is where the engine keeps it. ``bound_to`` is where a server that mounts
    it would write instead: where its folder was before the engine's data folder was moved or copied; "" where both are
    the same.
    """

    name: str
    project: str
    service: str
    kind: str
    format: str
    path: str = ""
    owner: str = ""
    root: str = ""
    folder: str = ""
    bound_to: str = ""

    @property
    def data(self) -> str:
        """The data that it is of, as ``Volume.data`` names it."""
        return f"{self.service}-{self.kind}-{self.format}"

    def generation(self) -> str | None:
        """Which of the first volumes of its data it is ("" for the first one); None if it is none of them."""
        match = re.fullmatch(re.escape(f"{self.project}_{self.data}") + f"({GENERATION})?", self.name)
        return (match[1] or "") if match else None


def two_folders(name: str, folder: str, bound_to: str) -> Problem:
    """Why nothing opens a volume whose data is in two folders of the engine's machine, and the commands that choose."""
    end = f"/{name}/_data"
    all_now, all_before = folder.removesuffix(end), bound_to.removesuffix(end)
    return Problem(
        f"the data of volume {name} is in two folders: the engine keeps it in {folder}, and the volume is bound to "
        f"{bound_to}, where the engine's data folder was before",
        "run 'devenv down', choose on the engine's machine, then try again\n"
        f"  sudo mv {all_before} {all_before}.old   uses the folders in {all_now}, for all volumes\n"
        f"  sudo mv {folder} {folder}.old && sudo mv {bound_to} {folder}   uses {bound_to} for this volume",
    )


@record
class Use:
    """Data that a service is or was served from: its first ``volume``, kind and format, and since when (UTC)."""

    volume: str
    kind: str
    format: str
    since: str


@record
class Observed:
    """Everything the planner may know of the machine.

    ``applied`` is what each running service was last started as (service -> described); ``taken`` maps a host port to
    the one who has it, in words; ``images`` are those that are here of the images that something is to be made of;
    a file that does not exist is not in ``files``; ``served`` tells of a volume by what its data was last served.
    ``networks`` are the ids and the names of all networks; an engine always has some. ``elsewhere`` are the folders of
    other checkouts that containers of this project were started in. ``made_limits`` are by container
    the limits that devenv made it with.

    ``snapshots`` are all kept generations that are remembered; ``resumed`` names by data the one that a copy is to be
    made of before a server starts; ``empty`` is data that somebody asked to begin without; ``current`` is by service
    the data that it was last served from, ``previous`` what it was served from before that, ``left`` what was in use
    until it went back to older data of its version, and became a kept copy then. ``undecided`` is data that
    was taken over without a word of which generation was live. ``doubled`` are live volumes that are bound to another
    folder than the engine keeps them in, and both folders are there.
    """

    engine: Engine
    containers: tuple[Container, ...] = ()
    volumes: tuple[ExistingVolume, ...] = ()
    images: frozenset[str] = frozenset()
    networks: frozenset[str] = frozenset()
    taken: Mapping[int, str] = field(default_factory=dict)
    files: Mapping[str, FileState] = field(default_factory=dict)
    applied: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    served: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    snapshots: tuple[Snapshot, ...] = ()
    resumed: Mapping[str, str] = field(default_factory=dict)
    empty: frozenset[str] = frozenset()
    made_limits: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    current: Mapping[str, Use] = field(default_factory=dict)
    previous: Mapping[str, Use] = field(default_factory=dict)
    left: Mapping[str, Use] = field(default_factory=dict)
    undecided: frozenset[str] = frozenset()
    elsewhere: frozenset[str] = frozenset()
    doubled: frozenset[str] = frozenset()

    @property
    def kept(self) -> frozenset[str]:
        """The names of all volumes of kept generations."""
        return frozenset(name for item in self.snapshots for name in item.volumes.values())

    def snapshot_of(self, volume: str) -> Snapshot | None:
        """The kept generation that a volume belongs to."""
        return next((item for item in self.snapshots if volume in item.volumes.values()), None)
