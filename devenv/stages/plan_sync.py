"""What brings the manifest in step with production: a change for each value that differs, with its evidence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from devenv.model.change import Change, Difference, Said, SyncPlan
from devenv.model.fact import Evidence, Fact, Precision
from devenv.model.kind import Kind
from devenv.model.manifest import Manifest, Service, Setting
from devenv.model.production import Bound, Truth
from devenv.model.record import record
from devenv.model.text import one_line
from devenv.model.version import parse_version
from devenv.sources.allowed import is_mirrored
from devenv.stages.check import version_issues
from devenv.stages.load import option_value


@record
class Releases:
    """The newest release of each series that was known on a day: kind -> versions."""

    day: str
    newest: Mapping[str, tuple[str, ...]]

    def latest(self, kind: str, stated: str) -> str:
        """The newest of what ``stated`` begins: of ``15`` the newest 15.x; "" where none is known."""
        begun = stated.split(".")
        fitting = [text for text in self.newest.get(kind, ()) if text.split(".")[: len(begun)] == begun]
        return max(fitting, key=_numbers, default="")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


def later(version: str, releases: Iterable[str]) -> list[str]:
    """Those releases that are a later patch of the same series, the nearest first."""
    series, own = version.split(".")[:-1], _numbers(version)
    return sorted((text for text in releases if text.split(".")[:-1] == series and _numbers(text) > own), key=_numbers)


class Draft:
    """What one service needs to be in step, while it is found out."""

    def __init__(self, service: Service, kind: Kind, truth: Truth) -> None:
        self.service, self.kind, self.truth = service, kind, truth
        self.changes: list[Change] = []
        self.differences: list[Difference] = []
        self.notes: list[str] = []

    def change(self, key: tuple[str, ...], old: Said, new: Said, reason: str, evidence: Evidence, *notes: str) -> None:
        """Add a change, with what sources disagree on in its value."""
        doubt = self.truth.doubts.get(".".join(key), "")
        known = tuple(note for note in (*notes, doubt) if note)
        self.changes.append(Change(self.service.name, key, old, new, reason, evidence, known))

    def differ(self, key: str, message: str) -> None:
        self.differences.append(Difference(self.service.name, (key,), message))

    def note(self, message: str) -> None:
        self.notes.append(f"{self.service.name}: {message}")

    def note_doubts(self) -> None:
        """What sources disagree on in values that do not change; the other changes say it themselves."""
        changed = {".".join(change.key) for change in self.changes}
        for key, doubt in self.truth.doubts.items():
            if key not in changed:
                self.note(doubt)


def plan_sync(
    manifest: Manifest, kinds: Mapping[str, Kind], bound: Bound, releases: Releases, *, services: Iterable[str]
) -> SyncPlan:
    """The changes to these services. What production does not state is never changed."""
    drafts: list[Draft] = []
    for name in services:
        truth = bound.services.get(name)
        if truth is None:
            continue
        service = manifest.services[name]
        draft = draft_of(service, kinds[service.kind], truth, releases)
        draft.note_doubts()
        for fact in truth.coming:
            if fact.version != truth.fact.version:
                draft.note(_coming(truth.fact, fact))
        drafts.append(draft)
    return SyncPlan(
        changes=tuple(change for draft in drafts for change in draft.changes),
        notes=tuple(dict.fromkeys(note for draft in drafts for note in draft.notes)),
        kept=tuple(draft.service.name for draft in drafts if not draft.changes and not draft.differences),
        differences=tuple(difference for draft in drafts for difference in draft.differences),
    )


def _coming(now: Fact, then: Fact) -> str:
    return f"production will move {now.version or '?'} → {then.version or '?'} ({then.evidence})"


def draft_of(service: Service, kind: Kind, truth: Truth, releases: Releases) -> Draft:
    """What brings one service in step with production, and what cannot be."""
    fact = truth.fact
    draft = Draft(service, kind, truth)
    if service.kind == "container":  # what runs in it is a stranger's: only its ``from`` says that it is this one
        return draft
    if fact.kind != service.kind:
        runs = f"{fact.kind} {fact.version}".strip()
        draft.differ(
            "kind",
            f"production runs {runs} ({fact.evidence}), devenv.toml says {service.kind}: move its data, then change "
            "kind by hand",
        )
        return draft
    _version(draft, releases)
    if fact.variant and fact.variant in kind.variants and fact.variant != service.variant:
        reason = f"{service.variant or 'no variant'} → {fact.variant}"
        draft.change(("variant",), service.variant or None, fact.variant, reason, truth.evidence["variant"])
    _names(draft, "extensions", fact.extensions, _preloaded(draft, fact.settings.get(_LIBRARIES, "")))
    _names(draft, "plugins", fact.plugins or (), ())
    if kind.settings:
        _settings(draft)
    return draft


def _version(draft: Draft, releases: Releases) -> None:
    service, kind, fact = draft.service, draft.kind, draft.truth.fact
    have = service.version.text
    if not fact.version and not kind.version_mirrored:
        if not have:
            chosen = f"any version will do; {kind.versions[-1]} is the newest that devenv knows"
            draft.change(("version",), None, kind.versions[-1], kind.versions[-1], fact.evidence, chosen, fact.note)
        return
    if not fact.version:
        draft.note(f"{fact.note or 'no source states its version'} ({fact.evidence})")
        return
    begun = fact.version.split(".")
    if have.removeprefix("v").split(".")[: len(begun)] == begun:
        return
    wanted, choice = fact.version, ""
    if fact.precision is not Precision.PATCH:
        wanted, choice = _release_of(fact, releases)
    issue = next(version_issues(replace(service, version=parse_version(wanted)), kind), None)
    if issue:
        draft.differ(
            "version",
            f"production's version names no image: {issue.message}; write it in devenv.toml by hand",
        )
        return
    reason = f"{have or 'none'} → {wanted}"
    draft.change(("version",), have or None, wanted, reason, draft.truth.evidence["version"], choice, fact.note)


def _release_of(fact: Fact, releases: Releases) -> tuple[str, str]:
    """The release to take where production states a series, and a sentence that says how it was chosen."""
    newest = releases.latest(fact.kind, fact.version)
    if not newest:
        return fact.version, f"production states {fact.version}; devenv knows no release of it"
    if newest == fact.version:
        return newest, ""
    return newest, f"production states {fact.version}; {newest} is the newest release known on {releases.day}"


def _names(draft: Draft, option: str, wanted: Iterable[str], preloaded: Iterable[str]) -> None:
    """A list that must hold what production has, and what it loads; what it holds besides stays."""
    service, kind, truth = draft.service, draft.kind, draft.truth
    if option not in kind.options:
        return
    said = option_value(service, kind, option)
    have = tuple(said) if isinstance(said, tuple) else ()
    can = kind.options[option]
    lacking = [name for name in wanted if name not in have and name != "plpgsql"]  # which every database has
    beyond = [name for name in lacking if name in can.absent or (can.known and name not in kind.packages)]
    missing = [name for name in lacking if name not in beyond]
    for name in beyond:
        draft.note(f"production has the {option[:-1]} {name}, which {kind.title}'s image here lacks")
    loaded = [name for name in preloaded if name not in (*have, *missing)]
    if missing or loaded:
        first = f"{option}.{missing[0]}" if missing else f"settings.{_LIBRARIES}"
        evidence = truth.evidence.get(first) or truth.evidence.get(option) or truth.fact.evidence
        said = {"production has": missing, "production preloads": loaded}
        reason = "; ".join(f"{words} {', '.join(names)}" for words, names in said.items() if names)
        draft.change((option,), have, (*have, *missing, *loaded), reason, evidence)


def _settings(draft: Draft) -> None:
    service, kind, truth = draft.service, draft.kind, draft.truth
    for name, value in truth.fact.settings.items():
        if not is_mirrored(service.kind, name) or kind.instead_of(name):
            continue
        have = service.settings.get(name)
        if name in _NOT_HERE:
            draft.note(f"{name} = {value} in production: {_NOT_HERE[name]}")
        elif name != _LIBRARIES and (have is None or normal(name, have) != normal(name, value)):
            reason = f"{shown(have)} → {shown(typed(value))}"
            draft.change(("settings", name), have, typed(value), reason, truth.evidence[f"settings.{name}"])


#: Settings that one server on a developer's machine cannot have.
_NOT_HERE = {
    "cluster-enabled": "one server here is no cluster",
    "lower_case_table_names": "it is fixed when the data is made",
}


#: The setting that is not brought home as such: libraries belong to extensions, which devenv installs and preloads.
_LIBRARIES = "shared_preload_libraries"


def _preloaded(draft: Draft, value: str) -> list[str]:
    """The extensions whose libraries are loaded; a vendor's own are not available."""
    libraries = {own[-1]: extension for extension, own in draft.kind.preload.items()}
    named = [name.strip().strip("\"'") for name in value.split(",") if name.strip()]
    beyond = [name for name in named if name not in libraries]
    for name in beyond:
        draft.note(f"production preloads {name}, which devenv does not know")
    return list(dict.fromkeys(libraries[name] for name in named if name in libraries))


_MILLISECONDS = {"": 1, "ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}
_DURATION = re.compile(r"(-?\d+)\s*(ms|s|min|h|d)?")
_SWITCH = {"true": "on", "yes": "on", "false": "off", "no": "off"}


def normal(name: str, value: Setting) -> str:
    """A setting's value in the one form in which two that mean the same are equal."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple):
        return ",".join(normal(name, item) for item in value)
    text = str(value).strip().strip("'")
    match = _DURATION.fullmatch(text)
    if match and name.endswith(("_timeout", "_duration_statement")) and name != "wait_timeout":
        return str(int(match[1]) * _MILLISECONDS[match[2] or ""])
    return _SWITCH.get(text.lower(), re.sub(r"\s*,\s*", ",", text.lower()))


def typed(value: str) -> Setting:
    """As people write it in TOML: a number without quotes."""
    return int(value) if re.fullmatch(r"0|-?[1-9]\d{0,17}", value) else value


def shown(value: Setting | None) -> str:
    """A value in a sentence."""
    if value is None:
        return "not set"
    if isinstance(value, tuple):
        return ", ".join(shown(item) for item in value)
    return ("on" if value else "off") if isinstance(value, bool) else one_line(str(value))
