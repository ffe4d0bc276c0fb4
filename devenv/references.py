"""References to what services provide: ``{{ services.db.url }}`` in ``[env]``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from urllib.parse import quote

#: The only expression that ``[env]`` knows: small enough to be checked whole before anything starts.
REFERENCE = re.compile(
    r"\{\{\s*services\.(?P<service>[A-Za-z0-9_-]+)\.(?P<output>[A-Za-z0-9_-]+)\s*(?:\|\s*(?P<filter>\w+)\s*)?\}\}"
)
#: What can be made of a value. ``url``: percent-encoded, for any part of a URL that is put together by hand.
FILTERS: dict[str, Callable[[str], str]] = {"url": lambda value: quote(value, safe="")}
_ANY = re.compile(r"\{\{.*?(?:\}\}|$)", re.DOTALL)
#: What shells and Compose (``${…}``) and format strings (``{…}``) would write.
_OTHER_BRACES = re.compile(r"\$?(?<!\{)\{\s*(?P<path>services\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)\s*\}(?!\})")


def references(text: str) -> list[tuple[str, str]]:
    """The (service, output) pairs that a value refers to."""
    return [(match["service"], match["output"]) for match in REFERENCE.finditer(text)]


def referred(texts: Iterable[str]) -> tuple[str, ...]:
    """The services that any of these values refer to."""
    return tuple(dict.fromkeys(service for text in texts for service, _ in references(text)))


def malformed(text: str) -> list[str]:
    """Pieces that look like references and are none."""
    return [piece for piece in _ANY.findall(text) if not REFERENCE.fullmatch(piece)]


def in_other_braces(text: str) -> list[tuple[str, str]]:
    """References in the braces of other languages, ``${services.db.url}``: each with the path that is in them."""
    return [(match[0], match["path"]) for match in _OTHER_BRACES.finditer(text)]


def unknown_filters(text: str) -> list[tuple[str, str]]:
    """The references that ask for a filter that there is not, each with that filter's name."""
    found = [(match[0], match["filter"]) for match in REFERENCE.finditer(text)]
    return [(piece, name) for piece, name in found if name and name not in FILTERS]


def substitute(text: str, value: Callable[[str, str], str]) -> str:
    """The text with each reference replaced by ``value(service, output)``, through the filter that it names."""

    def filled(match: re.Match[str]) -> str:
        plain = value(match["service"], match["output"])
        return FILTERS[match["filter"]](plain) if match["filter"] else plain

    return REFERENCE.sub(filled, text)


_PROJECT = re.compile(r"\{\{\s*project\s*\}\}")


def project_default(text: str, project: str) -> str:
    """An option's default with ``{{ project }}`` filled in, as a name that needs no quoting in any server."""
    return _PROJECT.sub(re.sub(r"[^a-z0-9_]", "_", project.lower()), text)
