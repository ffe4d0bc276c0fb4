"""A question to a server and what it answered."""

from __future__ import annotations

from devenv.model.record import record


@record
class Question:
    """What to send where, as bytes; ``expect`` is searched in the answer, one character a byte."""

    host: str
    port: int
    send: bytes
    expect: str


@record
class Answer:
    """``ready`` or not; ``version`` if the answer told it; ``said``: what came instead, for people."""

    ready: bool
    version: str = ""
    said: str = ""


@record
class Command:
    """A program to run inside a service's container: its words, and what it reads on its standard input."""

    argv: tuple[str, ...]
    input: str = ""
    expect: str = ""
