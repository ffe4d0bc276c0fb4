"""The manifest with everything decided that does not depend on the machine."""

from __future__ import annotations

from collections.abc import Mapping

from devenv.model.image import ImageRef
from devenv.model.kind import Kind, OptionValue
from devenv.model.manifest import Setting
from devenv.model.record import record
from devenv.model.version import Version


@record
class Port:
    """A port of a service: ``container`` inside, ``preferred`` on the host, ``variable`` in ``.devenv/.env``.

    ``memory`` is the variable there that says what was preferred when the host's port was chosen: ``wish``.
    ``is_explicit``: devenv.toml names it.
    """

    name: str
    container: int
    preferred: int
    variable: str
    is_explicit: bool = False

    @property
    def memory(self) -> str:
        return remembered(self.variable)

    @property
    def wish(self) -> str:
        """What devenv.toml asks for, as it is remembered."""
        return str(self.preferred) if self.is_explicit else STANDARD


#: The wish of a service for which devenv.toml names no port.
STANDARD = "standard"


def remembered(variable: str) -> str:
    """``DEVENV_DB_PORT`` -> ``DEVENV_DB_PORT_WANTED``; the name of no port ends like that."""
    return f"{variable}_WANTED"


@record
class Volume:
    """A volume: its key in the Compose file (``db-postgres-15``), the data format it holds, where it is mounted.

    ``data`` names the service's data as a whole: the key of its first volume, and of the only one that most have.
    """

    key: str
    format: str
    path: str
    data: str


@record
class ResolvedService:
    """One service, decided: ``digest`` is the lock's (None: not locked yet), ``build`` the tag of a derived image.

    ``config`` is a digest over everything that makes the container what it is; ``described`` is what a person would
    call these things, so that two of them can be compared in words.
    """

    name: str
    kind: Kind
    version: Version
    variant: str
    image: ImageRef
    digest: str | None
    build: str
    packages: tuple[str, ...]
    platform: str
    options: Mapping[str, OptionValue]
    settings: Mapping[str, Setting]
    environment: Mapping[str, str]
    ports: tuple[Port, ...]
    volumes: tuple[Volume, ...]
    described: Mapping[str, str]
    config: str

    @property
    def data(self) -> str:
        """What names its data as a whole; "" for a service that keeps none."""
        return self.volumes[0].data if self.volumes else ""


@record
class Resolved:
    """All services in start order, by name; ``images`` are all references that the lock must hold."""

    project: str
    services: Mapping[str, ResolvedService]

    @property
    def images(self) -> tuple[ImageRef, ...]:
        return tuple(sorted({service.image for service in self.services.values()}))
