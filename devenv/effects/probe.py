"""Asking a server whether it serves: over its published port, in its own protocol, as its first client will."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Mapping
from functools import partial

from devenv.effects.at_once import all_at_once
from devenv.model.probe import Answer, Question

#: Seconds between two questions, and how long one may take. An answer on loopback takes a millisecond.
PAUSE = 0.05
_PATIENCE = 2.0
_MOST = 64 * 1024


def ask(question: Question) -> Answer:
    """Ask once. Never raises: not being able to connect is an answer too."""
    pattern = re.compile(question.expect, re.DOTALL)
    received = b""
    try:
        with socket.socket() as sock:
            sock.settimeout(_PATIENCE)
            sock.connect((question.host, question.port))
            if question.send:
                sock.sendall(question.send)
            while len(received) < _MOST:
                piece = sock.recv(8192)
                received += piece
                match = pattern.search(received.decode("latin-1"))
                if match:
                    return Answer(True, match.groupdict().get("version") or "")
                if not piece:
                    break
    except OSError as error:
        return Answer(False, said=_shown(received) or str(error))
    return Answer(False, said=_shown(received) or "the connection was closed without an answer")


def whole_answer(host: str, port: int, send: bytes, *, patience: float = _PATIENCE) -> bytes:
    """All that a server says until it ends the connection; ``patience`` is in seconds. Raises OSError."""
    received = b""
    with socket.create_connection((host, port), patience) as sock:
        sock.sendall(send)
        while piece := sock.recv(1 << 16):
            received += piece
    return received


def _shown(received: bytes) -> str:
    """An answer in printable characters, at most a line of it."""
    return re.sub(r"[^\x20-\x7e]+", " ", received.decode("latin-1")).strip()[:120]


def ask_all(questions: Mapping[str, Question]) -> dict[str, Answer]:
    """Ask several servers once, all at the same time."""
    return all_at_once({name: partial(ask, question) for name, question in questions.items()})


def until_ready(question: Question, *, stop: Callable[[], bool], pause: Callable[[float], object]) -> Answer:
    """Ask again and again until the server serves or ``stop()`` says that it is time to give up."""
    while True:
        answer = ask(question)
        if answer.ready or stop():
            return answer
        pause(PAUSE)
