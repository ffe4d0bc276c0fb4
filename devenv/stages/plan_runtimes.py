"""What brings ``[runtimes]`` in step with production."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from devenv.model.change import Change, SyncPlan
from devenv.model.fact import Fact
from devenv.model.manifest import RUNTIMES
from devenv.model.production import Truth
from devenv.model.workspace import Runtime
from devenv.stages.bring_together import brought_together


def parted(facts: Iterable[Fact], known: Mapping[str, Runtime]) -> tuple[list[Fact], list[Fact]]:
    """Those of services, and those of runtimes."""
    given = list(facts)
    return [fact for fact in given if fact.kind not in known], [fact for fact in given if fact.kind in known]


def plan_runtimes(have: Mapping[str, str], facts: Sequence[Fact], known: Mapping[str, Runtime]) -> SyncPlan:
    """Changes of versions, and sentences about the rest. A series that production states is what is wanted: images of
    runtimes are named by it too, and the lock pins which one it is."""
    changes: list[Change] = []
    notes: list[str] = []
    for kind in dict.fromkeys(fact.kind for fact in facts):
        truth = brought_together([fact for fact in facts if fact.kind == kind])
        if truth:
            changes += _changes(have, known[kind], truth, notes)
    return SyncPlan(tuple(changes), tuple(notes))


def _changes(have: Mapping[str, str], runtime: Runtime, truth: Truth, notes: list[str]) -> Iterator[Change]:
    fact = truth.fact
    where = f"runtimes.{runtime.name}"
    doubts = tuple(truth.doubts.values())
    said = have.get(runtime.name)
    if not fact.version:
        notes += [f"{where}: {fact.note or 'its version is not stated'} ({fact.evidence})"] if said else []
    elif said is None:
        notes.append(f"production runs {runtime.title} {fact.version} ({fact.evidence}); [runtimes] does not have it")
    elif not _same(said, fact.version):
        evidence, known = truth.evidence["version"], tuple(note for note in (fact.note, *doubts) if note)
        yield Change(RUNTIMES, (runtime.name,), said, fact.version, f"{said} → {fact.version}", evidence, known)
        return
    notes += [f"{where}: {doubt}" for doubt in doubts]


def _same(have: str, wanted: str) -> bool:
    begun = wanted.split(".")
    return have.removeprefix("v").split("-")[0].split(".")[: len(begun)] == begun
