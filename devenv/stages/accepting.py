"""Differences from an environment -> those that count, and those that the manifest accepts."""

from __future__ import annotations

from collections.abc import Iterable

from devenv.model.change import SyncPlan
from devenv.model.finding import Acceptance, Finding, finding_id
from devenv.model.production import Missing
from devenv.model.record import record


@record
class Verdict:
    """``counting`` are the differences that are not accepted. ``accepted`` are the others, each with its entry.
    ``expired`` are entries that would accept a difference and no longer hold; ``unmatched`` name no difference."""

    counting: tuple[Finding, ...] = ()
    accepted: tuple[tuple[Finding, Acceptance], ...] = ()
    expired: tuple[Acceptance, ...] = ()
    unmatched: tuple[Acceptance, ...] = ()

    @property
    def accepted_ids(self) -> frozenset[str]:
        return frozenset(finding.id for finding, _ in self.accepted)


def findings(plan: SyncPlan, missing: Iterable[Missing], environment: str) -> list[Finding]:
    """Everything that differs from an environment: what devenv can change, what a person must, what is missing."""
    found = [Finding(finding_id(environment, change.path), change.reason) for change in plan.changes]
    found += [Finding(finding_id(environment, item.path), item.message) for item in plan.differences]
    for item in missing:
        fact = item.truth.fact
        message = f"{environment} also runs {fact.kind} {fact.version or '(version unknown)'}"
        found.append(Finding(finding_id(environment, item.path), message))
    return found


def acceptance_lines(ids: Iterable[str], *, has_entries: bool) -> list[str]:
    """What to write into the manifest to accept differences; ``has_entries``: it has ``[parity] accept`` already."""
    entries = [f'  {{ finding = "{finding}", reason = "…" }},' for finding in ids]
    if has_entries:
        return ["Accept a difference that is meant; add to accept in [parity]:", *entries]
    return ["Accept a difference that is meant, in devenv.toml:", "[parity]", "accept = [", *entries, "]"]


def judge(findings: Iterable[Finding], acceptances: Iterable[Acceptance], *, day: str) -> Verdict:
    """Which differences count on an ISO day. ``acceptances`` are those of the environment that was read."""
    entries = {entry.finding: entry for entry in acceptances}
    counting: list[Finding] = []
    accepted: list[tuple[Finding, Acceptance]] = []
    expired: list[Acceptance] = []
    for finding in findings:
        entry = entries.pop(finding.id, None)
        if entry and not entry.is_expired(day):
            accepted.append((finding, entry))
            continue
        counting.append(finding)
        if entry:
            expired.append(entry)
    return Verdict(tuple(counting), tuple(accepted), tuple(expired), tuple(entries.values()))
