"""Facts of several sources -> what production runs of each service of the manifest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from devenv.errors import ManifestError
from devenv.model.fact import Evidence, Fact, Precision, Status
from devenv.model.manifest import Service
from devenv.model.problem import Problem
from devenv.model.production import Bound, Truth

#: Engines that stand in for one another: production moving from one to the other is news about the same service.
_KIN = ({"redis", "valkey"}, {"mysql", "mariadb"}, {"elasticsearch", "opensearch"})


def folded(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    """Replicas and members of a cluster given up for their primary; where that is not told, one of them stands for it.

    What members know and the primary does not (a parameter group of instances, say) is the primary's too.
    """
    given = list(facts)
    primaries: dict[tuple[str, str, Status], Fact] = {}
    for fact in given:
        if not fact.part_of and fact.name:
            primaries.setdefault((fact.kind, fact.name, _tense(fact)), fact)
    members = [fact for fact in given if fact.part_of]
    kept = [fact for fact in given if not fact.part_of]
    for member in members:
        key = (member.kind, member.part_of, _tense(member))
        if key not in primaries:
            primaries[key] = replace(member, name=member.part_of, part_of="")
            kept.append(primaries[key])
            continue
        primary = primaries[key]
        primaries[key] = joined = _with_member(primary, member)
        kept[next(index for index, fact in enumerate(kept) if fact is primary)] = joined
    return tuple(kept)


def _tense(fact: Fact) -> Status:
    return Status.PLANNED if fact.status is Status.PLANNED else Status.ACTUAL


def _with_member(primary: Fact, member: Fact) -> Fact:
    version = primary if primary.version else member
    note = primary.note
    if primary.version and member.version and not _agree(primary.version, member.version):
        note = f"{member.name or 'a member'} runs {member.version}: it is on its way from one version to another"
    return replace(
        primary,
        version=version.version,
        precision=version.precision,
        status=primary.status if primary.version or not member.version else member.status,
        variant=primary.variant or member.variant,
        settings={**member.settings, **primary.settings},
        extensions={**member.extensions, **primary.extensions},
        plugins=primary.plugins if primary.plugins is not None else member.plugins,
        note=note,
    )


def bind(services: Mapping[str, Service], facts: Sequence[Fact]) -> Bound:
    """Which facts each service mirrors: those it names with ``from``, those that a source was told are its own, else
    those of its kind where only one fits. Raises ManifestError where more than one does."""
    whole = folded(facts)
    claimed: dict[str, list[Fact]] = {name: [] for name in services}
    problems: list[Problem] = []
    for name, service in services.items():
        claimed[name] = [fact for fact in whole if _is_named(service, fact)]
    taken = {id(fact) for found in claimed.values() for fact in found}
    for name, service in services.items():
        if service.follows:
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
    return bool(service.follows) and service.follows in (fact.evidence.address, fact.name)


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
    listed = ", ".join(f'"{fact.evidence.address or fact.name}" ({fact.kind} {fact.version})' for fact in group)
    first = group[0].evidence.address or group[0].name
    return Problem(
        f"more than one {service.kind} of production could be it: {listed}",
        f'say which: from = "{first}"',
        key=f"services.{service.name}",
    )


def _same(facts: Sequence[Fact]) -> list[list[Fact]]:
    """Facts of one kind and name, from whichever source."""
    groups: dict[tuple[str, str], list[Fact]] = {}
    for fact in facts:
        groups.setdefault((fact.kind, fact.name or fact.evidence.address), []).append(fact)
    return list(groups.values())


def brought_together(facts: Sequence[Fact]) -> Truth | None:
    """One truth of all that is said of one service; None of nothing but what a plan will make."""
    coming = tuple(fact for fact in facts if fact.status is Status.PLANNED)
    now = sorted((fact for fact in facts if fact.status is not Status.PLANNED), key=lambda fact: -fact.trust)
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
        note=version.note or first.note,
        evidence=version.evidence,
    )
    evidence |= {"version": version.evidence}
    evidence |= {"variant": variant.evidence} if variant else {}
    evidence |= {"plugins": replace(plugins.evidence, attribute="plugins")} if plugins else {}
    extended = [(replace(fact.evidence, attribute="extensions"), fact.extensions) for fact in reversed(now)]
    evidence |= {f"extensions.{name}": whence for whence, names in extended for name in names}
    return Truth(whole, tuple(now), evidence, tuple(_doubts(now, version)), coming)


def _version(now: Sequence[Fact]) -> Fact:
    """The most trusted that says one; one that says the same more exactly, if there is."""
    stated = [fact for fact in now if fact.version]
    if not stated:
        return now[0]
    alike = [fact for fact in stated if _agree(stated[0].version, fact.version)]
    return max(alike, key=lambda fact: fact.version.count("."))


def _agree(one: str, other: str) -> bool:
    """Whether one version says the same as the other, perhaps less exactly: 15 and 15.4, not 15.4 and 15.5."""
    return all(a == b for a, b in zip(one.split("."), other.split("."), strict=False))


def _settings(now: Sequence[Fact]) -> tuple[dict[str, str], dict[str, Evidence]]:
    values: dict[str, str] = {}
    evidence: dict[str, Evidence] = {}
    for fact in reversed(now):
        values.update(fact.settings)
        evidence.update((f"settings.{name}", replace(fact.evidence, attribute=name)) for name in fact.settings)
    return dict(sorted(values.items())), evidence


def _extensions(now: Sequence[Fact]) -> dict[str, str]:
    names = {name for fact in now for name in fact.extensions}
    return {name: next((v for fact in now if (v := fact.extensions.get(name))), "") for name in sorted(names)}


def _doubts(now: Sequence[Fact], version: Fact) -> Iterable[str]:
    """What sources say that is not so: drift in production's own description."""
    for fact in now:
        if fact.kind != version.kind:
            yield f"{fact.evidence} says {fact.kind}, {version.evidence} says {version.kind}"
        elif fact.version and not _agree(fact.version, version.version):
            yield f"{fact.evidence} says {fact.version}, {version.evidence} says {version.version}"
    trusted: dict[str, tuple[str, Evidence]] = {}
    for fact in now:
        for name, value in fact.settings.items():
            said, evidence = trusted.setdefault(name, (value, fact.evidence))
            if said != value:
                yield f"{name}: {fact.evidence} says {value}, {evidence} says {said}"


def is_exact(fact: Fact) -> bool:
    """Whether a fact names one release."""
    return fact.precision is Precision.PATCH
