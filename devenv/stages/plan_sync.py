"""What brings the manifest in step with production: a change for each value that differs, with its evidence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from devenv.model.change import Change, SyncPlan
from devenv.model.fact import Fact, Precision
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


def plan_sync(
    manifest: Manifest, kinds: Mapping[str, Kind], bound: Bound, releases: Releases, *, services: Iterable[str]
) -> SyncPlan:
    """The changes to these services. What production does not state is never changed."""
    changes: list[Change] = []
    notes: list[str] = []
    kept = []
    for name in services:
        truth = bound.services.get(name)
        if truth is None:
            continue
        service = manifest.services[name]
        own = list(changes_of(service, kinds[service.kind], truth, releases, notes))
        changes += own
        kept += [] if own else [name]
        notes += [f"{name}: {doubt}" for doubt in truth.doubts]
        notes += [_coming(name, truth.fact, fact) for fact in truth.coming if fact.version != truth.fact.version]
    return SyncPlan(tuple(changes), tuple(dict.fromkeys(notes)), tuple(kept))


def _coming(name: str, now: Fact, then: Fact) -> str:
    return f"{name}: production will move {now.version or '?'} → {then.version or '?'} ({then.evidence})"


def changes_of(service: Service, kind: Kind, truth: Truth, releases: Releases, notes: list[str]) -> Iterator[Change]:
    """What brings one service in step; sentences about what cannot be are added to ``notes``."""
    fact = truth.fact
    if fact.kind != service.kind:
        notes.append(
            f"{service.name}: production runs {fact.kind} {fact.version} ({fact.evidence}), devenv.toml says "
            f"{service.kind}: change its kind by hand once its data is moved"
        )
        return
    yield from _version(service, kind, truth, releases, notes)
    if fact.variant and fact.variant in kind.variants and fact.variant != service.variant:
        reason = f"{service.variant or 'no variant'} → {fact.variant}"
        yield Change(
            service.name, ("variant",), service.variant or None, fact.variant, reason, truth.evidence["variant"]
        )
    preloaded = _preloaded(service, kind, fact.settings.get(_LIBRARIES, ""), notes)
    yield from _names(service, kind, truth, "extensions", fact.extensions, preloaded, notes)
    yield from _names(service, kind, truth, "plugins", fact.plugins or (), (), notes)
    if kind.settings:
        yield from _settings(service, kind, truth, notes)


def _version(service: Service, kind: Kind, truth: Truth, releases: Releases, notes: list[str]) -> Iterator[Change]:
    fact, have = truth.fact, service.version.text
    if not fact.version:
        notes.append(f"{service.name}: {fact.note or 'its version is not stated'} ({fact.evidence})")
        return
    begun = fact.version.split(".")
    if have.removeprefix("v").split(".")[: len(begun)] == begun:
        return
    wanted, reason = fact.version, f"{have or 'none'} → {fact.version}"
    if fact.precision is not Precision.PATCH:
        wanted = releases.latest(fact.kind, fact.version) or fact.version
        how = f"the newest known on {releases.day}" if wanted != fact.version else "no release of it is known here"
        reason = f"{have or 'none'} → {wanted}: production says {fact.version}, {wanted} is {how}"
        if wanted == fact.version:
            reason = f"{have or 'none'} → {wanted}: {how}"
    reason += f" ({fact.note})" if fact.note else ""
    if issue := next(version_issues(replace(service, version=parse_version(wanted)), kind), None):
        notes.append(
            f"{service.name}: of production's version ({fact.evidence}) no image can be named: {issue.message}; "
            "say it in devenv.toml by hand"
        )
        return
    yield Change(service.name, ("version",), have or None, wanted, reason, truth.evidence["version"])


def _names(
    service: Service,
    kind: Kind,
    truth: Truth,
    option: str,
    wanted: Iterable[str],
    preloaded: Iterable[str],
    notes: list[str],
) -> Iterator[Change]:
    """A list that must hold what production has, and what it loads; what it holds besides stays."""
    if option not in kind.options:
        return
    said = option_value(service, kind, option)
    have = tuple(said) if isinstance(said, tuple) else ()
    can = kind.options[option]
    lacking = [name for name in wanted if name not in have and name != "plpgsql"]  # which every database has
    beyond = [name for name in lacking if name in can.absent or (can.known and name not in kind.packages)]
    missing = [name for name in lacking if name not in beyond]
    lacks = f"which {kind.title}'s image here lacks"
    notes += [f"{service.name}: production has the {option[:-1]} {name}, {lacks}" for name in beyond]
    loaded = [name for name in preloaded if name not in (*have, *missing)]
    if missing or loaded:
        first = f"{option}.{missing[0]}" if missing else f"settings.{_LIBRARIES}"
        evidence = truth.evidence.get(first) or truth.evidence.get(option) or truth.fact.evidence
        said = {"production has": missing, "production preloads": loaded}
        reason = "; ".join(f"{words} {', '.join(names)}" for words, names in said.items() if names)
        yield Change(service.name, (option,), have, (*have, *missing, *loaded), reason, evidence)


def _settings(service: Service, kind: Kind, truth: Truth, notes: list[str]) -> Iterator[Change]:
    for name, value in truth.fact.settings.items():
        if not is_mirrored(service.kind, name) or kind.instead_of(name):
            continue
        have = service.settings.get(name)
        if name in _NOT_HERE:
            notes.append(f"{service.name}: {name} = {value} in production: {_NOT_HERE[name]}")
        elif name != _LIBRARIES and (have is None or normal(name, have) != normal(name, value)):
            reason = f"{shown(have)} → {shown(typed(value))}"
            yield Change(
                service.name, ("settings", name), have, typed(value), reason, truth.evidence[f"settings.{name}"]
            )


#: Settings that one server on a developer's machine cannot have.
_NOT_HERE = {
    "cluster-enabled": "one server here is no cluster",
    "lower_case_table_names": "it is fixed when the data is made",
}


#: The setting that is not brought home as such: libraries belong to extensions, which devenv installs and preloads.
_LIBRARIES = "shared_preload_libraries"


def _preloaded(service: Service, kind: Kind, value: str, notes: list[str]) -> list[str]:
    """The extensions whose libraries are loaded; a vendor's own are nowhere to be had."""
    libraries = {own[-1]: extension for extension, own in kind.preload.items()}
    named = [name.strip().strip("\"'") for name in value.split(",") if name.strip()]
    beyond = [name for name in named if name not in libraries]
    notes += [f"{service.name}: production preloads {name}, which devenv does not know" for name in beyond]
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
