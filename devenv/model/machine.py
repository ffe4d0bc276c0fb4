"""What is decided for one checkout on one machine: ``.devenv/.env``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from devenv.model.record import record
from devenv.model.resolved import Volume

LOOPBACK = "127.0.0.1"
#: What is decided for one checkout on one machine.
ENV_FILE = ".devenv/.env"
#: The variable in it with this checkout's id: containers bear it, and a checkout that is moved is known by it.
OWNER = "DEVENV_OWNER"
#: A variable of every workspace: its name.
INSIDE = "DEVENV_WORKSPACE"


def is_loopback(host: str) -> bool:
    """Whether ``host[:port]`` is this machine by its very name, as Docker's own rule for plain HTTP has it."""
    import ipaddress  # takes longer to import than all else here

    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    try:
        return name.lower() == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


@record
class Machine:
    """``project`` is the Compose project's name here; ``ports`` maps a port's variable to the host's port.

    ``wanted`` maps the same variable to what devenv.toml asked for when that one was chosen (``Port.wish``).

    ``registries`` maps a registry's variable (``DEVENV_REGISTRY``) to what replaces it on this machine. ``host`` is
    where published ports are reached: loopback, or the engine's host if that is another machine.

    ``generations`` maps data (``Volume.data``) to what its volumes' names end with: there may be several volumes of one
    format, kept copies and results of upgrades, of which one set is live. Where none is named it is the first, "".

    ``owner`` is this checkout's random id, which its data and its containers bear; "" as long as it has made nothing.
    """

    project: str
    root: str
    ports: Mapping[str, int] = field(default_factory=dict)
    registries: Mapping[str, str] = field(default_factory=dict)
    host: str = LOOPBACK
    generations: Mapping[str, str] = field(default_factory=dict)
    wanted: Mapping[str, str] = field(default_factory=dict)
    owner: str = ""

    def volume(self, volume: Volume) -> str:
        """What a service's volume is called on this machine."""
        return f"{self.project}_{volume.key}{self.generations.get(volume.data, '')}"
