"""Changing what runs: Compose, images, containers. The only user of python-on-whales.

Three of its ways are kept in here: an empty list of services does nothing while None means all, classes of errors
are guessed from text, and the text of an error is a dump of several lines.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from devenv.effects.engine import docker as ask
from devenv.effects.engine import no_docker
from devenv.effects.process import minding
from devenv.errors import DevenvError, Unreachable
from devenv.model.record import record

if TYPE_CHECKING:
    from python_on_whales import DockerClient

#: Compose that copies inline configs into containers (2.23.1) on any engine.
OLDEST_COMPOSE = (2, 24)
_INSTALL = "install the plugin docker-compose-plugin: https://docs.docker.com/compose/install"
#: What a line of progress is given to.
Told = Callable[[str], None]


class TakenMeanwhile(DevenvError):
    """Something was taken or went away between looking and doing: looking again helps.

    ``ports`` are those the engine could not have, whoever has them.
    """

    ports: frozenset[int] = frozenset()


class RegistryUnreachable(DevenvError):
    """The engine answers, and a registry cannot be reached or denies access. Unlike after Unreachable, everything else
    can go on."""

    exit_code = Unreachable.exit_code


@record
class Stack:
    """A Compose project as devenv hands it to Compose: its name, its folder, its files in the order of merging."""

    project: str
    folder: Path
    files: tuple[Path, ...]

    def arguments(self) -> list[str]:
        """The same for the CLI."""
        words = ["compose", "--project-name", self.project, "--project-directory", str(self.folder)]
        words += ["--env-file", str(self.folder / ".env")]
        return [*words, *(word for file in self.files for word in ("--file", str(file)))]

    def _client(self) -> DockerClient:
        from python_on_whales import DockerClient

        # Compose lets variables of the shell win over its env file; what was planned must win.
        for name in [name for name in os.environ if name.startswith(("DEVENV_", "COMPOSE_"))]:
            del os.environ[name]
        return DockerClient(
            compose_files=list(self.files),
            compose_env_files=[self.folder / ".env"],
            compose_project_name=self.project,
            compose_project_directory=self.folder,
        )

    def up(self, services: Sequence[str], *, recreate: bool, told: Told, further: bool = False) -> None:
        """Create and start exactly these services from images that are here.

        ``further``: services of the user's own, whose images Compose fetches or builds and which it makes anew when
        it finds them changed.
        """
        if services:
            compose = self._client().compose
            lines = compose.up(
                list(services),
                detach=True,
                no_build=not further,
                pull="missing" if further else "never",
                dependencies=False,
                force_recreate=recreate,
                recreate=recreate or further,
                color=False,
                stream_logs=True,
            )
            _follow(lines, told, f"starting {', '.join(services)}")

    def build(self, services: Sequence[str], *, told: Told) -> None:
        """Build the derived images of these services."""
        if services:
            lines = self._client().compose.build(list(services), stream_logs=True)
            _follow(lines, told, f"building {', '.join(services)}")


def check_compose() -> str:
    """Compose's version. Raises Unreachable if it is missing or too old."""
    done = ask("compose", "version", "--short")
    said = done.stdout.strip()
    if done.code != 0:
        raise Unreachable("Docker Compose is missing", _INSTALL)
    if tuple(int(part) for part in re.findall(r"\d+", said)[:2]) < OLDEST_COMPOSE:
        oldest = ".".join(map(str, OLDEST_COMPOSE))
        raise Unreachable(f"Docker Compose is version {said}, too old", f"devenv needs {oldest} or newer; {_INSTALL}")
    return said


def prepare() -> None:
    """Load what makes changes, and see meanwhile that Compose is there: better now than halfway. Raises Unreachable."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(check_compose)
        import python_on_whales  # noqa: F401

        asked.result()


def pull(reference: str, *, platform: str, told: Told) -> None:
    """Fetch one image."""
    from python_on_whales import docker

    _follow(docker.image.pull(reference, platform=platform or None, stream_logs=True), told, f"{_PULLING}{reference}")


def stop_containers(ids: Sequence[str]) -> None:
    """Stop containers, all at once; each has its own time to end cleanly (``stop_grace_period``)."""
    from concurrent.futures import ThreadPoolExecutor

    from python_on_whales import docker

    def one(container: str) -> None:
        _guarded(lambda: docker.container.stop(container), "stopping a container")

    if ids:
        with ThreadPoolExecutor(len(ids)) as pool, minding():
            list(pool.map(one, ids))


def start_containers(ids: Sequence[str]) -> None:
    """Start containers that were stopped."""
    from python_on_whales import docker

    if ids:
        _guarded(lambda: docker.container.start(list(ids)), "starting containers")


def unpause_containers(ids: Sequence[str]) -> None:
    """Let containers go on that somebody paused."""
    from python_on_whales import docker

    if ids:
        _guarded(lambda: docker.container.unpause(list(ids)), "letting containers go on")


def remove_containers(ids: Sequence[str]) -> None:
    """Remove stopped containers with the anonymous volumes that images declare; named volumes stay."""
    from python_on_whales import docker

    if ids:
        _guarded(lambda: docker.container.remove(list(ids), volumes=True), "removing containers")


def remove_network(name: str) -> None:
    """Remove a network if there is one and nobody else uses it."""
    from python_on_whales import docker

    if docker.network.exists(name):
        _guarded(lambda: docker.network.remove(name), f"removing network {name}")


def remove_volumes(names: Sequence[str]) -> None:
    """Remove volumes: what is in them is gone."""
    from python_on_whales import docker

    if names:
        _guarded(lambda: docker.volume.remove(list(names)), "removing volumes")


def _follow(lines: Any, told: Told, doing: str) -> None:
    def each() -> None:
        for _, line in lines:
            told(line.decode("utf-8", "replace").strip())

    with minding():
        _guarded(each, doing)


def _guarded(act: Callable[[], Any], doing: str) -> None:
    from python_on_whales.client_config import ClientNotFoundError
    from python_on_whales.exceptions import DockerException

    try:
        act()
    except ClientNotFoundError as error:
        raise no_docker() from error
    except DockerException as error:
        raise _translated(error.stderr or error.stdout or "", doing) from error


_SIGNS = (
    (
        "no space left on device",
        "the disk is full",
        "'docker system df' and 'devenv snapshot list' show what takes the room; 'docker image prune'",
    ),
    ("manifest unknown", "the registry no longer has that image", "'devenv lock --update' asks what it has now"),
    ("not found: manifest", "the registry no longer has that image", "'devenv lock --update' asks what it has now"),
    ("no matching manifest", "the image is not made for this machine's processor", 'say platform = "linux/amd64"'),
    (
        "does not match the specified platform",
        "the image is here for another processor",
        "'docker image rm' takes it away; run it again then: it is fetched for this one",
    ),
    ("invalid url escape", "Compose cannot work in a folder with % in its name", "give the folder another name"),
    (
        "task [0-9a-f]+:? already exists",
        "the engine lost track of a container in a crash",
        "'devenv down', then 'devenv up'; data is kept. If that does not help, restart the engine",
    ),
    ("volume is in use", "another container uses that volume", "'docker ps --all' shows which; remove it first"),
)
_NO_ACCESS = (
    ("toomanyrequests", "the registry's rate limit is reached", "'docker login', or set DEVENV_REGISTRY_MIRROR"),
    ("unauthorized", "the registry wants credentials", "'docker login'"),
)
_MEANWHILE = (
    (
        "port is already allocated",
        "a port was taken meanwhile",
        "whoever has it cannot be seen from here: say port = …",
    ),
    ("address already in use", "a port was taken meanwhile", "whoever has it cannot be seen from here: say port = …"),
    ("no such image", "an image went away meanwhile", "run it again: it is fetched anew"),
)
_WANTED_PORT = re.compile(r"\d\.\d+:([1-9]\d*)\b")
_UNREACHABLE = ("cannot connect to the docker daemon", "failed to connect to the docker api", "error during connect")
#: What Go's network library says, behind the address that the engine asked.
_NO_REGISTRY = ("dial tcp", "no such host", "i/o timeout", "tls handshake timeout", "client.timeout exceeded")
#: Where every registry has its images (https://github.com/opencontainers/distribution-spec).
_IMAGE_ADDRESS = "/v2/"
_CHECK_NETWORK = (
    "check the network, or name a mirror that this machine can reach: DEVENV_REGISTRY_MIRROR=host[:port][/path]"
)
_PULLING = "pulling "


def _translated(text: str, doing: str) -> DevenvError:
    """Docker's own words behind ours: the last lines hold the cause."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    said = "\n  ".join(lines[-4:]) or "it said nothing"
    lowered = text.lower()
    if any(sign in lowered for sign in _UNREACHABLE):
        return Unreachable(f"{doing}: the container engine went away", said)
    last = f"\n  docker: {lines[-1]}" if lines else ""
    if found := _recognised(_MEANWHILE, lowered):
        error = TakenMeanwhile(f"{doing}: {found[0]}", f"{found[1]}{last}")
        error.ports = frozenset(int(port) for port in _WANTED_PORT.findall(last))
        return error
    if found := _recognised(_SIGNS, lowered):
        return DevenvError(f"{doing}: {found[0]}", f"{found[1]}{last}")
    if found := _recognised(_NO_ACCESS, lowered):
        return RegistryUnreachable(f"{doing}: {found[0]}", f"{found[1]}{last}")
    if _lacks_registry(lowered, pulling=doing.startswith(_PULLING)):
        return RegistryUnreachable(f"{doing}: the registry cannot be reached", f"{_CHECK_NETWORK}{last}")
    return DevenvError(f"{doing} failed", f"docker: {said}")


def _lacks_registry(said: str, *, pulling: bool) -> bool:
    """Whether the network was in the way of an image. What a build's own commands fetch is no image: only the engine
    asks under ``/v2/``."""
    return any(
        (pulling or _IMAGE_ADDRESS in line) and any(sign in line for sign in _NO_REGISTRY) for line in said.splitlines()
    )


def _recognised(signs: Iterable[tuple[str, str, str]], said: str) -> tuple[str, str] | None:
    """The sentence and the hint of the first sign, a pattern, that is in what was said."""
    return next(((sentence, hint) for sign, sentence, hint in signs if re.search(sign, said)), None)
