"""Replicas and members of clusters -> one fact for each primary."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from devenv.model.fact import Fact, Status

_Key = tuple[str, str, Status]


def folded(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    """Members given up for their primary, however many are between; where it is not told, one stands for it.

    What members know and the primary does not (a parameter group of instances, say) is the primary's too.
    """
    given = list(facts)
    primaries: dict[_Key, Fact] = {}
    above: dict[_Key, str] = {}
    for fact in given:
        if fact.name and not fact.part_of:
            primaries.setdefault(_key(fact, fact.name), fact)
        elif fact.name:
            above.setdefault(_key(fact, fact.name), fact.part_of)
    kept = [fact for fact in given if not fact.part_of]
    for member in sorted((fact for fact in given if fact.part_of), key=lambda fact: _depth(fact, primaries, above)):
        name = _highest(member, primaries, above)
        key = _key(member, name)
        if key not in primaries:
            primaries[key] = replace(member, name=name, part_of="", members=_names(member))
            kept.append(primaries[key])
            continue
        primary = primaries[key]
        primaries[key] = joined = _with_member(primary, member)
        kept[next(index for index, fact in enumerate(kept) if fact is primary)] = joined
    return tuple(kept)


def _key(fact: Fact, name: str) -> _Key:
    return fact.kind, name, Status.PLANNED if fact.status is Status.PLANNED else Status.ACTUAL


def _chain(member: Fact, primaries: Mapping[_Key, Fact], above: Mapping[_Key, str]) -> list[str]:
    """The names of what a member is part of, upwards; two that are part of one another end it."""
    names = [member.part_of]
    while (key := _key(member, names[-1])) not in primaries and key in above and above[key] not in names:
        names.append(above[key])
    return names


def _depth(member: Fact, primaries: Mapping[_Key, Fact], above: Mapping[_Key, str]) -> int:
    return len(_chain(member, primaries, above))


def _highest(member: Fact, primaries: Mapping[_Key, Fact], above: Mapping[_Key, str]) -> str:
    return _chain(member, primaries, above)[-1]


def _names(member: Fact) -> tuple[str, ...]:
    return tuple(text for text in (member.evidence.address, member.name, *member.members) if text)


def _with_member(primary: Fact, member: Fact) -> Fact:
    version = primary if primary.version else member
    note = version.note or primary.note
    if primary.version and member.version and not agree(primary.version, member.version):
        note = f"{member.name or 'a member'} runs {member.version}: it is on its way from one version to another"
    from_member = {name: member.evidence_of(name) for name in member.settings if name not in primary.settings}
    return replace(
        primary,
        version=version.version,
        precision=version.precision,
        status=primary.status if primary.version or not member.version else member.status,
        variant=primary.variant or member.variant,
        settings={**member.settings, **primary.settings},
        setting_evidence={**from_member, **primary.setting_evidence},
        extensions={**member.extensions, **primary.extensions},
        plugins=primary.plugins if primary.plugins is not None else member.plugins,
        note=note,
        doubtful=version.doubtful,
        members=(*primary.members, *_names(member)),
    )


def agree(one: str, other: str) -> bool:
    """Whether one version says the same as the other, perhaps less exactly: 15 and 15.4, not 15.4 and 15.5."""
    return all(a == b for a, b in zip(one.split("."), other.split("."), strict=False))
