"""What is decided for one checkout on one machine: ``.devenv/.env``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Machine:
    """``project`` is the Compose project's name here; ``ports`` maps a port's variable to the host's port.

    ``registries`` maps a registry's variable (``DEVENV_REGISTRY``) to what replaces it on this machine. ``host`` is
    where published ports are reached: loopback, or the engine's host if that is another machine.
    """

    project: str
    root: str
    ports: Mapping[str, int] = field(default_factory=dict)
    registries: Mapping[str, str] = field(default_factory=dict)
    host: str = LOOPBACK
