"""Facts of several sources -> what production runs of each service of the manifest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from devenv.errors import ManifestError
from devenv.model.fact import Evidence, Fact, Precision, Status
from devenv.model.manifest import Service
from devenv.model.problem import Problem
from devenv.model.production import Bound, Truth
from devenv.schema.issue import did_you_mean
from devenv.stages.fold import agree, folded

#: Engines that stand in for one another: production moving from one to the other is news about the same service.
_KIN = ({"redis", "valkey"}, {"mysql", "mariadb"}, {"elasticsearch", "opensearch"})


def bind(services: Mapping[str, Service], facts: Sequence[Fact], *, complete: bool = True) -> Bound:
    """Which facts each service mirrors: those it names with ``from``, those that a source was told are its own, else
    those of its kind where only one fits. ``complete``: every source was read, so that what is not among the facts is
    nowhere.

    Raises ManifestError where more than one fits, or where ``from`` names none of those that there are.
    """
    whole = folded(facts)
    claimed: dict[str, list[Fact]] = {name: [] for name in services}
    problems: list[Problem] = []
    for name, service in services.items():
        claimed[name] = [fact for fact in whole if _is_named(service, fact)]
    taken = {id(fact) for found in claimed.values() for fact in found}
    for name, service in services.items():
        if service.follows:
            astray = complete and not claimed[name] and _astray(service, whole)
            problems += [astray] if astray else []
            continue
        free = [fact for fact in whole if id(fact) not in taken and not fact.service and _is_kin(service, fact)]
        found, problem = _fitting(service, free, services, claimed[name])
        claimed[name] += found
        problems += [problem] if problem else []
    if problems:
        raise ManifestError(problems)
    taken = {id(fact) for found in claimed.values() for fact in found}
    loose = [fact for fact in whole if id(fact) not in taken]
    truths = {name: truth for name, found in claimed.items() if (truth := brought_together(found))}
    return Bound(
        services=truths,
        loose=tuple(truth for group in _same(loose) if (truth := brought_together(group))),
        unknown=tuple(name for name in services if name not in truths and services[name].kind != "container"),
    )


def _is_named(service: Service, fact: Fact) -> bool:
    if fact.service:
        return fact.service == service.name
    return bool(service.follows) and service.follows in (fact.evidence.address, fact.name, *fact.members)


def _is_kin(service: Service, fact: Fact) -> bool:
    return fact.kind == service.kind or any({fact.kind, service.kind} <= kin for kin in _KIN)


def _fitting(
    service: Service, free: Sequence[Fact], services: Mapping[str, Service], named: Sequence[Fact]
) -> tuple[list[Fact], Problem | None]:
    """The facts that can only be this service's: one from each source, of its own kind before its kin."""
    own = [fact for fact in free if fact.kind == service.kind]
    rivals = [other for other in services.values() if other.name != service.name and other.kind == service.kind]
    kin_wanted = [other for other in services.values() if other.kind != service.kind and other.kind in _kinds(free)]
    candidates = own or ([] if kin_wanted or named else list(free))
    found: list[Fact] = []
    for group in _by_source(candidates):
        alike = [fact for fact in group if fact.name == service.name]
        names = {fact.name for fact in group}
        if len(names) > 1 or (rivals and not alike):
            if len({fact.name for fact in alike}) == 1:
                found += alike
            elif not named:
                return [], _ambiguous(service, group)
        else:
            found += group
    return found, None


def _kinds(facts: Iterable[Fact]) -> set[str]:
    return {fact.kind for fact in facts}


def _by_source(facts: Iterable[Fact]) -> list[list[Fact]]:
    groups: dict[tuple[str, str], list[Fact]] = {}
    for fact in facts:
        groups.setdefault((fact.evidence.source, fact.evidence.file), []).append(fact)
    return list(groups.values())


def _ambiguous(service: Service, group: Sequence[Fact]) -> Problem:
    listed = _listed(group)
    first = group[0].evidence.address or group[0].name
    return Problem(
        f"more than one {service.kind} of production could be it: {listed}",
        f'say which: from = "{first}"',
        key=f"services.{service.name}",
    )


def _listed(facts: Iterable[Fact]) -> str:
    said = ((fact.evidence.address or fact.name, f"{fact.kind} {fact.version}".strip()) for fact in facts)
    return ", ".join(f'"{name}" ({what})' for name, what in said)


def _astray(service: Service, facts: Iterable[Fact]) -> Problem | None:
    """What is wrong with a ``from`` that names nothing, where there are facts that it could name."""
    found = [fact for fact in facts if _is_kin(service, fact)]
    if not found:
        return None
    names = [text for fact in found for text in (fact.evidence.address, fact.name) if text]
    listed = _listed(found)
    return Problem(
        f'from = "{service.follows}" names no {service.kind} of production; it runs {listed}',
        did_you_mean(service.follows, names) or f'say which: from = "{names[0]}"' if names else "",
        key=f"services.{service.name}",
    )


def _same(facts: Sequence[Fact]) -> list[list[Fact]]:
    """Facts of one kind and name, from whichever source."""
    groups: dict[tuple[str, str], list[Fact]] = {}
    for fact in facts:
        groups.setdefault((fact.kind, fact.name or fact.evidence.address), []).append(fact)
    return list(groups.values())


def disagreements(facts: Sequence[Fact]) -> list[tuple[str, str]]:
    """What sources disagree on where they name the same service: its name, and a sentence."""
    found: list[tuple[str, str]] = []
    for group in _same(folded(facts)):
        truth = brought_together(group)
        if truth:
            name = truth.fact.name or truth.fact.kind
            found += [(name, sentence) for sentence in truth.doubts.values()]
    return found


def brought_together(facts: Sequence[Fact]) -> Truth | None:
    """One truth of all that is said of one service; None of nothing but what a plan will make."""
    coming = tuple(fact for fact in facts if fact.status is Status.PLANNED)
    now = sorted((fact for fact in facts if fact.status is not Status.PLANNED), key=_by_trust)
    if not now:
        return None
    first = now[0]
    version = _version(now)
    plugins = next((fact for fact in now if fact.plugins is not None), None)
    variant = next((fact for fact in now if fact.variant), None)
    settings, evidence = _settings(now)
    whole = replace(
        first,
        version=version.version,
        precision=version.precision,
        status=version.status,
        variant=variant.variant if variant else "",
        settings=settings,
        extensions=_extensions(now),
        plugins=plugins.plugins if plugins else None,
        note=version.note,
        doubtful=version.doubtful,
        evidence=version.evidence,
    )
    evidence |= {"version": version.evidence}
    evidence |= {"variant": variant.evidence} if variant else {}
    evidence |= {"plugins": replace(plugins.evidence, attribute="plugins")} if plugins else {}
    extended = [(replace(fact.evidence, attribute="extensions"), fact.extensions) for fact in reversed(now)]
    evidence |= {f"extensions.{name}": stated_by for stated_by, names in extended for name in names}
    return Truth(whole, tuple(now), evidence, _doubts(now, version), coming)


def _by_trust(fact: Fact) -> tuple[bool, int]:
    """The most trusted first; what is only taken from a name of somebody's own comes last, whoever says it."""
    return fact.doubtful, -fact.trust


def _version(now: Sequence[Fact]) -> Fact:
    """The most trusted that says one; one that says the same more exactly, if there is."""
    stated = [fact for fact in now if fact.version]
    if not stated:
        return now[0]
    first = stated[0]
    alike = [fact for fact in stated if fact.doubtful == first.doubtful and agree(first.version, fact.version)]
    return max(alike, key=lambda fact: fact.version.count("."))


def _settings(now: Sequence[Fact]) -> tuple[dict[str, str], dict[str, Evidence]]:
    values: dict[str, str] = {}
    evidence: dict[str, Evidence] = {}
    for fact in reversed(now):
        values.update(fact.settings)
        evidence.update((f"settings.{name}", fact.evidence_of(name)) for name in fact.settings)
    return dict(sorted(values.items())), evidence


def _extensions(now: Sequence[Fact]) -> dict[str, str]:
    names = {name for fact in now for name in fact.extensions}
    return {name: next((v for fact in now if (v := fact.extensions.get(name))), "") for name in sorted(names)}


#: A value that a source states, and where.
_Stated = tuple[str, Evidence]


def _doubts(now: Sequence[Fact], version: Fact) -> dict[str, str]:
    """What sources disagree on, by the value that it is about: drift in production's own description."""
    same_kind = [fact for fact in now if fact.kind == version.kind]
    stated: dict[str, list[_Stated]] = {"kind": [(version.kind, version.evidence)]}
    stated["kind"] += [(fact.kind, fact.evidence) for fact in now if fact.kind != version.kind]
    stated["version"] = [(version.version, version.evidence)]
    stated["version"] += [
        (fact.version, fact.evidence) for fact in same_kind if not agree(fact.version, version.version)
    ]
    stated["variant"] = [(fact.variant, fact.evidence) for fact in now if fact.variant]
    for fact in now:
        for name, value in fact.settings.items():
            stated.setdefault(f"settings.{name}", []).append((value, fact.evidence_of(name)))
    found = {key: _disagreement(key, values) for key, values in stated.items()}
    return {key: sentence for key, sentence in found.items() if sentence}


def _disagreement(key: str, stated: Sequence[_Stated]) -> str:
    """A sentence that names each value with the file that states it, the one that counts first; "" if there is one."""
    by_value: dict[str, Evidence] = {}
    for value, evidence in stated:
        by_value.setdefault(value, evidence)
    by_value.pop("", None)
    if len(by_value) < 2:
        return ""
    places = {value: evidence.file for value, evidence in by_value.items()}
    if len(set(places.values())) == 1:
        places = {value: evidence.located for value, evidence in by_value.items()}
    said = ", ".join(f"{place} says {value}" for value, place in places.items())
    return f"sources disagree on {key.removeprefix('settings.')}: {said}"


def is_exact(fact: Fact) -> bool:
    """Whether a fact names one release."""
    return fact.precision is Precision.PATCH
