"""Names of a server's settings, held against what servers of that version report.

A kind may have ``settings/<series>.txt``: a line for each setting, its name and, where the server tells, the type of
its value. Lines before the first setting say more of the list::

    # complete: where it is from          no other name is a setting; else ``incomplete``
    # dashes: as good as underscores      where the server takes both
    # prefixes: skip_ loose_              what may stand before a name

Servers of other versions than the listed ones are checked only where they lie between two of them, since settings come
and go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from difflib import SequenceMatcher

from devenv.model.kind import Kind
from devenv.model.manifest import Service
from devenv.model.record import record
from devenv.model.version import Version, parse_version
from devenv.schema.issue import Issue, did_you_mean

#: A name must be this near to a known one for a list that does not hold all names to call it a mistake, and each of
#: its words this near to the word in the same place: rocksdb_lock_wait_timeout is not a mistake for innodb_…
_NEAR, _NEAR_WORD = 0.8, 0.7
_SINGLE = ("boolean", "integer", "real", "enum")


@record
class KnownSettings:
    """Names in lower case, with the type of their value or "". ``is_complete``: no other name is a setting.

    ``takes_dashes``: a dash in a name is as good as an underscore. ``prefixes``: what may stand before a name.
    """

    types: dict[str, str]
    is_complete: bool
    takes_dashes: bool = False
    prefixes: tuple[str, ...] = ()

    def listed(self, name: str) -> str:
        """The name as the list would have it."""
        name = name.lower()
        if self.takes_dashes:
            name = name.replace("-", "_")
        for prefix in self.prefixes:
            if name not in self.types:
                name = name.removeprefix(prefix)
        return name

    def meant(self, name: str) -> str:
        """``did you mean 'max_connections'?`` for a name that is misspelled; "" where it may be right."""
        if self.is_complete:
            return did_you_mean(name, list(self.types), _NEAR)
        return did_you_mean(name, [known for known in self.types if _near_by_words(name, known)], _NEAR)


def setting_issues(service: Service, kind: Kind) -> Iterator[Issue]:
    """Settings that the server does not have, and lists where it takes one value."""
    known = known_settings(kind, service.version)
    if known is None or service.image:
        return
    for name, value in service.settings.items():
        path = ("services", service.name, "settings", name)
        if "." in name or kind.instead_of(name):
            continue
        listed = known.listed(name)
        if listed not in known.types:
            meant = known.meant(listed)
            if meant or known.is_complete:
                hint = meant or "take it out, or say which extension it belongs to: extension.name"
                yield Issue(path, f"{kind.title} {service.version} has no such setting", hint)
        elif isinstance(value, tuple) and known.types[listed] in _SINGLE:
            yield Issue(path, "must be one value, not a list", f"the setting is of type {known.types[listed]}")


def _near_by_words(name: str, known: str) -> bool:
    """Whether two names have as many words, each near to the other name's word in the same place."""
    words, known_words = re.split("[-_.]", name), re.split("[-_.]", known)
    if len(words) != len(known_words):
        return False
    for word, known_word in zip(words, known_words, strict=True):
        if SequenceMatcher(None, word, known_word).ratio() < _NEAR_WORD:
            return False
    return True


def known_settings(kind: Kind, version: Version) -> KnownSettings | None:
    """What is known of a version's settings; None if nothing is."""
    lists = {_series(path): text for path, text in kind.templates.items() if path.startswith("settings/")}
    own = next((series for series in lists if version.release[: len(series)] == series), None)
    if own is not None:
        return _parsed(lists[own])
    older = max((series for series in lists if series < version.release), default=None)
    newer = min((series for series in lists if series > version.release), default=None)
    if older is None or newer is None:
        return None
    before, after = _parsed(lists[older]), _parsed(lists[newer])
    return replace(after, types={**before.types, **after.types}, is_complete=False)


def _series(path: str) -> tuple[int, ...]:
    return parse_version(path.removeprefix("settings/").removesuffix(".txt")).release


def _parsed(text: str) -> KnownSettings:
    types: dict[str, str] = {}
    headings: dict[str, str] = {}
    for line in text.splitlines():
        if line.startswith("# "):
            heading, _, words = line.removeprefix("# ").partition(": ")
            headings[heading] = words
        else:
            name, _, type_ = line.partition(" ")
            types[name.lower()] = type_
    prefixes = tuple(headings.get("prefixes", "").split())
    return KnownSettings(types, "complete" in headings, "dashes" in headings, prefixes)
