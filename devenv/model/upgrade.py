"""Moving a service's data from one data version to another: what is decided, and what is done, as values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from enum import StrEnum

from devenv.model.record import record
from devenv.model.resolved import ResolvedService


class Way(StrEnum):
    """How data gets from the old server to the new one; ``option`` is what ``--way`` calls it."""

    IN_PLACE = "in place, on a copy"
    STEPS = "step by step, on a copy"
    DUMP = "dump and restore"
    LINK = "pg_upgrade, on a copy"
    SIDE_BY_SIDE = "from server to server"

    @property
    def option(self) -> str:
        return self.name.lower()


@record
class Route:
    """How to go. ``stops`` are the versions between the old one and the new one that must run in turn, as a manifest
    would name them (``3.11``).

    ``fixed`` seconds and ``per_gb`` seconds for each GB of data are what it takes, roughly; ``verified`` tells that
    devenv's own tests go this way with real servers. ``note`` is told with the plan. It is the better way only for
    data of ``above`` bytes or more.
    """

    way: Way
    stops: tuple[str, ...] = ()
    fixed: float = 10.0
    per_gb: float = 30.0
    verified: bool = True
    note: str = ""
    above: int = 0

    def seconds(self, size: int) -> int:
        """About how long it takes for so many bytes."""
        return round(self.fixed + self.per_gb * size / 1e9)


@record
class Refusal:
    """Why there is no way, and what helps."""

    message: str
    hint: str


def start_empty(service: ResolvedService) -> str:
    """How a service starts without data that cannot be moved to its version, which need not be in devenv.toml yet."""
    wanted = f"{service.kind.name} {service.version}"
    return f"say {wanted} in devenv.toml, then: devenv up --fresh {service.name}   starts empty; the old data is kept"


class Do(StrEnum):
    """What a step does; the names are what the journal says."""

    START = "start"
    COPY = "copy"
    SERVE = "serve"
    RUN = "run"
    CENSUS = "census"
    STOP = "stop"


@record
class HttpCensus:
    """How a server is asked whose image holds nothing to ask it with: over HTTP, at ``port`` in its container.

    ``ready`` and ``census`` are paths. The first answers 200 when the server serves; what the second answers is made
    a census by ``count``.
    """

    port: int
    ready: str
    census: str
    count: Callable[[str], str]


@record
class Server:
    """A server on the workbench: without published ports, on a network of its own.

    ``mounts`` maps a path in the container to a volume of the workbench, by role. ``flags`` are added to its command,
    ``environment`` to its variables. ``idle``: the image's programs are wanted, not its server. ``asked`` is the one
    port that is published after all, on loopback; ``published``: all of them are, on ports that the engine chooses.
    """

    name: str
    service: ResolvedService
    mounts: Mapping[str, str]
    flags: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    idle: bool = False
    asked: HttpCensus | None = None
    published: bool = False


@record
class Step:
    """One thing to do, in words for people too. To serve is to start, unless that was done before, and to be waited
    for. ``script`` is a file of ``templates/upgrades``, run in ``server`` with ``values`` as its variables; a census's
    output is kept and compared with the one before. A census without a script is asked for as the server is ``asked``.
    ``beside``: goes on, one such step after the other, during the next one that is not so, and is done after that.
    """

    do: Do
    text: str
    server: str = ""
    script: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    beside: bool = False


#: On everything that an upgrade makes and that goes with it: the workbench's name.
LABEL = "devenv.workbench"

#: The role of the volumes that a copy of the old data is put into, and of those that begin empty.
COPY, NEW = "copy", "new"


@record
class Recipe:
    """Steps in order. ``result`` is the role of the volumes that will be the data; all others are thrown away.

    ``more`` are beginnings of census lines that the new data may have and the old did not.
    """

    servers: tuple[Server, ...]
    steps: tuple[Step, ...]
    result: str
    scratch: tuple[str, ...] = ()
    more: tuple[str, ...] = ()

    @property
    def counts(self) -> bool:
        """Whether anybody looks at what is there before and after."""
        return any(step.do is Do.CENSUS for step in self.steps)


@record
class Upgrade:
    """One service's data, from ``source`` to ``target`` (names of volumes, in the order of the service's paths).

    ``generation`` is that of the new volumes. ``size`` and ``free`` are bytes, None where nobody could look.
    ``instead`` is the same by the next best way, for data that this way does not work for. ``pace``: how many times
    the estimate the last such move took here.
    """

    old: ResolvedService
    new: ResolvedService
    source: tuple[str, ...]
    target: tuple[str, ...]
    generation: str
    route: Route
    recipe: Recipe
    size: int | None = None
    free: int | None = None
    instead: Upgrade | None = None
    pace: float = 1.0

    @property
    def service(self) -> str:
        return self.new.name

    @property
    def sort(self) -> str:
        """What moves of this sort have in common: the kinds and the way."""
        return f"{self.old.kind.name} {self.new.kind.name} {self.route.way.option}"

    @property
    def seconds(self) -> int | None:
        """About how long it takes on this machine; None where nobody could look how much data there is."""
        return None if self.size is None else round(self.route.seconds(self.size) * self.pace)

    @property
    def extent(self) -> str:
        """How much data it is and about how long it takes, in words."""
        return "size unknown" if self.size is None else f"{self.size / 1e6:.0f} MB, about {self.seconds} s"

    @property
    def words(self) -> str:
        """From what to what."""
        kind = "" if self.old.kind.name == self.new.kind.name else f"{self.new.kind.name} "
        return f"{self.old.kind.name} {self.old.version} → {kind}{self.new.version}"


def mounts(service: ResolvedService, role: str) -> dict[str, str]:
    """A server's data in volumes of a role, one for each path."""
    return {volume.path: volume_role(role, index) for index, volume in enumerate(service.volumes)}


def volume_role(role: str, index: int) -> str:
    return f"{role}-{index}" if index else role
