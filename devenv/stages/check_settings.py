"""Names of a server's settings, held against what servers of that version report.

A kind may have ``settings/<series>.txt``: a line for each setting, its name and, where the server tells, the type of
its value. ``known_settings`` of a kind has a running server print the same. Lines before the first setting say more of
the list::

    # complete: where it is from          no other name is a setting; else ``incomplete``
    # dashes: as good as underscores      where the server takes both
    # prefixes: skip_ loose_              what may stand before a name

Servers of other versions than the listed ones are checked only where they lie between two of them, since settings come
and go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from difflib import SequenceMatcher

from devenv.model.kind import Kind
from devenv.model.manifest import Service, Setting
from devenv.model.record import record
from devenv.model.resolved import ResolvedService
from devenv.model.version import Version, parse_version
from devenv.schema.issue import Issue, did_you_mean

#: A name must be this near to a known one for a list that does not hold all names to call it a mistake, and each of
#: its words this near to the word in the same place: rocksdb_lock_wait_timeout is not a mistake for innodb_…
_NEAR, _NEAR_WORD = 0.8, 0.7
_SINGLE = ("boolean", "integer", "real", "enum")


@record
class SettingsReport:
    """What a running server was asked: ``known`` is a list of its settings, ``refused`` has a line for each setting
    that its program does not take: the name, a tab and what it says, or nothing for a name that it does not have."""

    known: str
    refused: str = ""


@record
class KnownSettings:
    """Names in lower case, with the type of their value or "". ``is_complete``: no other name is a setting, apart from
    names with a dot where no listed name has the same beginning: each extension has its own.

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

    def lists_names_like(self, name: str) -> bool:
        """Whether it lists any names of the same extension, or the name belongs to none."""
        extension, dot, _ = name.lower().partition(".")
        return not dot or any(known.startswith(f"{extension}.") for known in self.types)


def setting_issues(service: Service, kind: Kind) -> Iterator[Issue]:
    """Settings that the server does not have, and lists where it takes one value."""
    known = known_settings(kind, service.version)
    if known is not None and not service.image:
        yield from _issues(service.name, service.settings, kind, service.version, known)


#: What says of a description of a service that it is of the same server.
_OF_SERVER = ("version", "variant", "image", "digest", "platform")


def changed_settings(service: ResolvedService, applied: Mapping[str, str]) -> dict[str, Setting]:
    """The settings that a running server does not have yet; ``applied`` is as what it was started.

    {} where the service is to be another server than that: only the same one can tell whether it takes them.
    """
    if any(applied.get(key, "") != service.described.get(key, "") for key in _OF_SERVER):
        return {}
    changed = {}
    for name, value in service.settings.items():
        key = f"settings.{name}"
        if applied.get(key) != service.described[key]:
            changed[name] = value
    return changed


def reported_issues(service: ResolvedService, settings: Mapping[str, Setting], report: SettingsReport) -> list[Issue]:
    """What a running server of the same version says against ``settings``, those of a service that changed.

    A name that it lists is a setting, though its program by itself does not know it: plugins bring their own.
    """
    kind, version = service.kind, service.version
    known = _parsed(report.known)
    table = known_settings(kind, version)
    if table is not None:
        known = replace(known, types={**table.types, **known.types})
    issues = list(_issues(service.name, settings, kind, version, known))
    faulty = {issue.path[-1] for issue in issues}
    for line in report.refused.splitlines():
        name, _, words = line.partition("\t")
        type_ = known.types.get(known.listed(name))
        if name in faulty or (type_ is not None and not words):
            continue
        faulty.add(name)
        issues.append(_refused(service, name, words.strip(), type_ or ""))
    return issues


def _refused(service: ResolvedService, name: str, words: str, type_: str) -> Issue:
    """A setting that the server's program refuses, saying ``words``; "": it has none of that name."""
    path = ("services", service.name, "settings", name)
    title = f"{service.kind.title} {service.version}"
    if not words:
        return Issue(path, f"{title} has no such setting", "take it out")
    hint = f"{words}; it takes: {type_}" if " from " in type_ else words
    return Issue(path, f"{title} refuses this value", hint)


def _issues(
    service: str, settings: Mapping[str, Setting], kind: Kind, version: Version, known: KnownSettings
) -> Iterator[Issue]:
    """What is wrong with settings by a list of the names that there are."""
    for name, value in settings.items():
        path = ("services", service, "settings", name)
        if kind.instead_of(name) or not known.lists_names_like(name):
            continue
        listed = known.listed(name)
        if listed not in known.types:
            meant = known.meant(listed)
            if meant or known.is_complete:
                yield Issue(path, f"{kind.title} {version} has no such setting", meant or _without_name(kind))
        elif isinstance(value, tuple) and known.types[listed].partition(" ")[0] in _SINGLE:
            yield Issue(path, "must be one value, not a list", f"the setting is of type {known.types[listed]}")


def _without_name(kind: Kind) -> str:
    """What to do about a name that is near to no other."""
    if "extensions" in kind.options:
        return "take it out, or say which extension it belongs to: extension.name"
    return "take it out"


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
