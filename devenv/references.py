"""References to what services provide: ``{{ services.db.url }}`` in ``[env]``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

#: The only expression that ``[env]`` knows: small enough to be checked whole before anything starts.
REFERENCE = re.compile(r"\{\{\s*services\.(?P<service>[A-Za-z0-9_-]+)\.(?P<output>[A-Za-z0-9_-]+)\s*\}\}")
_ANY = re.compile(r"\{\{.*?(?:\}\}|$)", re.DOTALL)


def references(text: str) -> list[tuple[str, str]]:
    """The (service, output) pairs that a value refers to."""
    return [(match["service"], match["output"]) for match in REFERENCE.finditer(text)]


def referred(texts: Iterable[str]) -> tuple[str, ...]:
    """The services that any of these values refer to."""
    return tuple(dict.fromkeys(service for text in texts for service, _ in references(text)))


def malformed(text: str) -> list[str]:
    """Pieces that look like references and are none."""
    return [piece for piece in _ANY.findall(text) if not REFERENCE.fullmatch(piece)]


def substitute(text: str, value: Callable[[str, str], str]) -> str:
    """The text with each reference replaced by ``value(service, output)``."""
    return REFERENCE.sub(lambda match: value(match["service"], match["output"]), text)


_PROJECT = re.compile(r"\{\{\s*project\s*\}\}")


def project_default(text: str, project: str) -> str:
    """An option's default with ``{{ project }}`` filled in, as a name that needs no quoting in any server."""
    return _PROJECT.sub(re.sub(r"[^a-z0-9_]", "_", project.lower()), text)
