"""The engine's own API over its socket on this machine: an answer costs a tenth of what a docker process does.

A short cut and no more. Where there is no such socket, or it does not answer as expected, the docker CLI is asked: it
knows every way to an engine and says best what is the matter.
"""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

from devenv.effects.files import is_file
from devenv.effects.world import World

_DEFAULT = "/var/run/docker.sock"
#: Seconds until the docker CLI is asked instead.
_PATIENCE = 20.0


def find(world: World, context: str) -> str:
    """The path of the socket that the docker CLI would take; "" if it would take no socket, or is not there itself."""
    address = world.env.get("DOCKER_HOST") or ("unix://" + _DEFAULT if context in ("", "default") else "")
    there = any(is_file(Path(folder, "docker")) for folder in world.env.get("PATH", "").split(":") if folder)
    return address.removeprefix("unix://") if there and address.startswith("unix:///") else ""


def ask(place: str, resource: str) -> socket.socket:
    """Put a question, to be answered while we do something else. Raises OSError."""
    sock = socket.socket(socket.AF_UNIX)
    try:
        sock.settimeout(_PATIENCE)
        sock.connect(place)
        # HTTP/1.0: the answer comes in one piece, and ends when the connection does.
        sock.sendall(f"GET {resource} HTTP/1.0\r\nHost: docker\r\n\r\n".encode("ascii"))
    except BaseException:
        sock.close()
        raise
    return sock


def answer(sock: socket.socket) -> Any:
    """What was answered. Raises OSError, LookupError where there is no such resource, ValueError for no answer."""
    with sock:
        received = b"".join(iter(lambda: sock.recv(65536), b""))
    head, _, body = received.partition(b"\r\n\r\n")
    status = head.partition(b"\r\n")[0].decode("latin-1")
    if status.split()[1:2] == ["404"]:
        raise LookupError(status)
    if status.split()[1:2] != ["200"]:
        raise ValueError(status)
    return json.loads(body)
