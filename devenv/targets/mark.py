"""The first line of a generated file: what it was made from and what it said, so that a person's edits are noticed.

Whoever wants to can make a mark for any text: that a file is devenv's is known by rendering it (``generated_files``).
"""

from __future__ import annotations

import hashlib
import re

from devenv.model.file import FileState

_LINE = re.compile(
    r"^(?:#|//) devenv:generated inputs=(?P<inputs>\w{16}) content=(?P<content>\w{16})\r?$", re.MULTILINE
)
_NOTE = "{sign} Generated from devenv.toml by devenv, which writes it anew; put what is your own into {own}.\n"


def marked(body: str, inputs: str, *, own: str, sign: str = "#") -> str:
    """The body below a mark; ``own`` names the file where the user's changes belong, ``sign`` begins a comment."""
    head = _NOTE.format(own=own, sign=sign)
    return f"{head}{sign} devenv:generated inputs={inputs[:16]} content={_digest(body)}\n{body}"


def read_mark(text: str) -> FileState:
    """What a file on disk says of itself. Without a mark it is somebody else's: not intact."""
    match = _LINE.search(text)
    if match is None:
        return FileState("", intact=False)
    body = text[match.end() + 1 :]
    return FileState(match["inputs"], intact=_digest(body) == match["content"])


def _digest(body: str) -> str:
    """Over the text with Unix line ends: git may check it out with others."""
    return hashlib.sha256(body.replace("\r\n", "\n").encode()).hexdigest()[:16]
