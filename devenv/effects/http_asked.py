"""Asking a server of a workbench over HTTP: through its one published port, or from inside where that is far away."""

from __future__ import annotations

import re

from devenv.effects.containers import execute
from devenv.effects.engine import docker
from devenv.effects.probe import whole_answer
from devenv.errors import DevenvError
from devenv.model.probe import Command, Question
from devenv.model.upgrade import HttpCensus

#: Seconds for an answer: a server may have to look at all that it holds.
_PATIENCE = 60.0
_LOOPBACK = "127.0.0.1"


def question(host: str, container: str, asked: HttpCensus) -> Question | None:
    """What tells whether the server serves; None where only its own health check can, and for one that has ended."""
    port = _port(container, asked) if host == _LOOPBACK else None
    return Question(host, port, _request(asked.ready), r"^HTTP/1\.\d 200 ") if port else None


def get(host: str, container: str, asked: HttpCensus) -> str:
    """The answer that a census is made of. Raises DevenvError."""
    if host != _LOOPBACK:
        return _from_inside(container, asked)
    port = _port(container, asked)
    if port is None:
        raise DevenvError("the server's port is not published", "'devenv doctor' looks for the cause")
    try:
        received = whole_answer(host, port, _request(asked.census), patience=_PATIENCE)
    except OSError as error:
        raise DevenvError(f"the server does not say what it holds: {error}") from error
    return body_of(received)


def body_of(answer: bytes) -> str:
    """What comes after the head of an answer that is one. Raises DevenvError."""
    head, _, body = answer.partition(b"\r\n\r\n")
    if not re.match(rb"HTTP/1\.\d 200 ", head):
        said = head[:80].decode("latin-1") or "nothing"
        raise DevenvError(f"the server does not say what it holds; it says: {said}")
    return body.decode("utf-8", "replace")


def _request(path: str) -> bytes:
    """HTTP/1.0: the answer comes in one piece and ends with the connection."""
    return f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode()


def _port(container: str, asked: HttpCensus) -> int | None:
    """Where the engine has published it; a container that has ended has no ports."""
    said = docker("port", container, f"{asked.port}/tcp").stdout.split()
    return int(said[0].rpartition(":")[2]) if said else None


def _from_inside(container: str, asked: HttpCensus) -> str:
    """The engine is on another machine, and so are the ports that it publishes."""
    words = ("wget", "-q", "-O", "-", f"http://{_LOOPBACK}:{asked.port}{asked.census}")
    done = execute(container, Command(words))
    if done.code != 0:
        hint = 'a variant whose image has a shell can be asked: variant = "alpine"'
        raise DevenvError("nobody can ask the server: its port is on another machine, and its image has no shell", hint)
    return done.stdout
