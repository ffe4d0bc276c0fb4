"""What ``devenv sync`` says, to people and to programs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from devenv.commands.asked import Asked
from devenv.commands.facts import unread_problems
from devenv.commands.snapshot_rows import older_entries, older_sentences
from devenv.console import problem_entry
from devenv.errors import DataNeedsUpgrade, DevenvError, DriftFound, Unreachable
from devenv.model.problem import Problem
from devenv.model.production import Place
from devenv.model.upgrade import Way
from devenv.schema.issue import did_you_mean

if TYPE_CHECKING:
    from devenv.journeys.sync import Comparison, Follow
    from devenv.journeys.sync_apply import Applied
    from devenv.model.change import Change
    from devenv.model.finding import Acceptance, Finding
    from devenv.model.production import Missing
    from devenv.model.upgrade import Upgrade
    from devenv.stages.keep import OlderData


def tell(asked: Asked, compared: Comparison, follow: Follow | None) -> None:
    """The plan: every change with its evidence, data that is to be moved, what this machine has to do."""
    from devenv.commands.facts import tell_reading
    from devenv.model.plan import Action

    say, line = asked.console.say, asked.tell
    _tell_changes(asked, compared)
    _tell_names(asked, compared)
    for difference in compared.plan.differences:
        line(f"  ! {'.'.join(difference.path)}: {difference.message}")
    said = follow.prepared.plan.subjects(Action.KEEP) if follow else ()
    if kept := [name for name in compared.plan.kept if name not in said]:
        line(f"  = keep {', '.join(kept)}")
    _tell_accepted(asked, compared)
    _tell_missing(asked, compared)
    for note in (*compared.plan.notes, *map(str, compared.notes)):
        say(f"note: {note}")
    _tell_unstated(asked, compared)
    if compared.sources:
        tell_reading(asked.console, compared.read, verbose=asked.verbose)
    if follow:
        _tell_data(asked, follow)
    if _locks_anew(compared):
        line("  ~ write devenv.lock: the images' digests")
    if follow:
        tell_steps(asked, follow)


def tell_steps(asked: Asked, follow: Follow) -> None:
    """What this machine does to follow: containers, then what runs once the services serve."""
    from devenv.commands.post_up import follow_up_lines

    asked.console.plan(follow.prepared.plan, result=asked.result)
    for line in follow_up_lines(follow.prepared, moving=follow.moves.sources):
        asked.tell(line)


def _tell_data(asked: Asked, follow: Follow) -> None:
    """What becomes of data on this machine."""
    for upgrade in follow.moves.upgrades:
        asked.tell(f"  ↑ upgrade {upgrade.service}: {_move(upgrade)}")
        if upgrade.route.note:
            asked.tell(f"      {upgrade.route.note}")
    for sentence in older_sentences(older_data(follow)):
        asked.tell(f"  ! {sentence}")


def older_data(follow: Follow | None) -> list[OlderData]:
    """What services open that find older data of their version, and where what was written since stays."""
    from devenv.stages.keep import older

    if follow is None:
        return []
    services, observed = follow.prepared.project.resolved.services, follow.prepared.observed
    return [older(services[name], use, observed) for name, use in follow.older.items()]


def _tell_changes(asked: Asked, compared: Comparison) -> None:
    """A new service is told of in one line, with the evidence of its version."""
    added = {change.service: change.new for change in compared.plan.changes if change.key == ("kind",)}
    for change in compared.plan.changes:
        if change.service in added and change.key in (("kind",), ("from",)):
            continue
        if change.service in added and change.key == ("version",):
            asked.tell(f"  + services.{change.service}: {added[change.service]} {change.new}")
        else:
            asked.tell(f"  ~ {'.'.join(change.path)}: {change.reason}")
        if change.evidence:
            asked.tell(f"      {change.evidence.located}, {change.evidence.date}")
        for note in change.notes:
            asked.tell(f"      note: {note}")
        if _is_layered(compared, change):
            asked.tell("      devenv.local.toml sets another value, which applies on this machine")


def _is_layered(compared: Comparison, change: Change) -> bool:
    """Whether a developer's own layer says something else for what is changed, so that it will not be seen here."""
    from devenv.stages.load import LOCAL

    where = compared.project.documents.where(change.path)
    return where.file == LOCAL


def _tell_names(asked: Asked, compared: Comparison) -> None:
    """That added services have users and databases of devenv's own: those of production are not read."""
    kinds = [change.new for change in compared.plan.changes if change.key == ("kind",)]
    named = [str(kind) for kind in dict.fromkeys(kinds) if "databases" in compared.wanted.kinds[str(kind)].options]
    if named:
        shown = " or ".join(f"devenv catalog {kind}" for kind in named)
        asked.tell(f"Users, passwords and names of databases are not read; devenv.toml can set them: {shown}")


def _tell_accepted(asked: Asked, compared: Comparison) -> None:
    """What differs and is meant, and entries of [parity] that have no effect."""
    verdict, where = compared.verdict, compared.project.documents.where
    for finding, entry in verdict.accepted:
        until = f" (until {entry.until})" if entry.until else ""
        asked.tell(f"  = accept {finding.id}: {entry.reason}{until}")
    for entry in verdict.expired:
        place = where(("parity", "accept", entry.index))
        asked.console.say(
            f"note: {place}: {entry.finding} was accepted until {entry.until}; it counts again. "
            "To accept it further, change its until."
        )
    if compared.unread or asked.services:  # then what an entry names may only not have been looked at
        return
    for entry in verdict.unmatched:
        place = where(("parity", "accept", entry.index))
        remedy = did_you_mean(entry.finding, [finding.id for finding in verdict.counting], near=_SAME_BUT_FOR_A_SLIP)
        absent = f"{entry.finding} is accepted, but there is no such difference"
        asked.console.say(f"note: {place}: {absent}; {remedy or 'remove it'}")


#: How alike two ids are of which one is misspelled: they all begin alike, so that others come near too.
_SAME_BUT_FOR_A_SLIP = 0.95


def _tell_missing(asked: Asked, compared: Comparison) -> None:
    """What production runs and the manifest does not have, and the other way round."""
    environment = "CI" if compared.environment == "ci" else compared.environment.capitalize()
    for item in compared.missing:
        fact = item.truth.fact
        version = fact.version or "(version unknown)"
        remedy = f"Not added: {item.obstacle}" if item.obstacle else "Add it: devenv sync --add"
        asked.tell(f"{environment} also runs {fact.kind} {version}. {remedy}")
        asked.tell(f"      {fact.evidence.located}, {fact.evidence.date}")
        for note in (fact.note, *item.truth.doubts.values()):
            if note and note != item.obstacle:
                asked.tell(f"      note: {note}")
        if item.lacks_version:
            _tell_how_to_ask(asked, item, environment=compared.environment)
    for name in undescribed(asked, compared):
        asked.console.say(f"note: no source describes {name}")


def undescribed(asked: Asked, compared: Comparison) -> list[str]:
    """The services that were asked for, or all, of which no source says anything."""
    return [name for name in compared.bound.unknown if not asked.services or name in asked.services]


def disputed_services(asked: Asked, compared: Comparison) -> list[str]:
    """The services that were asked for, or all, on which sources disagree."""
    services = asked.services or compared.bound.services
    disputed = {name for name, truth in compared.bound.services.items() if truth.doubts}
    return [name for name in services if name in disputed]


def _tell_unstated(asked: Asked, compared: Comparison) -> None:
    """How to have a server asked of which no source states the version."""
    from devenv.effects.live_address import can_be_asked
    from devenv.model.fact import Trust
    from devenv.stages.first_manifest import sources_hint

    if compared.unread:
        return
    for name, truth in compared.bound.services.items():
        if asked.services and name not in asked.services:
            continue
        was_asked = any(fact.trust is Trust.LIVE for fact in truth.sources)
        if truth.fact.version or was_asked or not can_be_asked(truth.fact.kind):
            continue
        variable = _address_variable(compared.environment, name)
        hint = sources_hint(compared.environment, [Place(url_env=variable, service=name)], has_sources=True)
        asked.console.say(
            f"note: {name}: no source states its version. Have the server asked, whose address is in a variable."
        )
        asked.console.say(f"  {hint}")


def _address_variable(environment: str, service: str) -> str:
    return f"{environment}_{service}_URL".upper().replace("-", "_")


def _tell_how_to_ask(asked: Asked, item: Missing, *, environment: str) -> None:
    """How to find out which version production runs, and where to write it."""
    from devenv.effects.live_address import can_be_asked

    if can_be_asked(item.truth.fact.kind):
        variable = _address_variable(environment, item.name)
        asked.tell(f"      Ask the server, with its address in a variable: devenv facts env:{variable}")
    asked.tell("      Write its version in devenv.toml:")
    for line in (f"[services.{item.name}]", f'kind = "{item.truth.fact.kind}"', 'version = "…"'):
        asked.tell(f"        {line}")


def tell_differences(asked: Asked, compared: Comparison) -> None:
    """How many there are, and what to do about them."""
    from devenv.stages.accepting import acceptance_lines

    say, counting = asked.console.say, compared.verdict.counting
    count = len(counting)
    say(f"{count} difference{'s' * (count != 1)} between devenv.toml and {compared.environment}.")
    if compared.plan.changes:
        say("Update devenv.toml: devenv sync")
    has_entries = bool(compared.project.manifest.accepted)
    expired = {entry.finding for entry in compared.verdict.expired}
    if ids := [finding.id for finding in counting if finding.id not in expired]:
        for line in acceptance_lines(ids, has_entries=has_entries):
            say(line)


def compared_words(asked: Asked, compared: Comparison) -> str:
    """What was compared, as the beginning of a sentence."""
    if not asked.services:
        return "devenv.toml matches"
    names = [name for name in asked.services if name in compared.bound.services]
    return f"{', '.join(names)} match{'es' * (len(names) == 1)}"


def unread_words(asked: Asked, compared: Comparison) -> str:
    """What a check says where a source could not be read: what the others say of devenv.toml."""
    others = f"{compared_words(asked, compared)} the others"
    if compared.verdict.counting:
        others = "the differences are those that the others show"
    elif compared.held:
        others = "the others differ"
    elif not compared.has_compared:
        others = "nothing was compared"
    return f"A source could not be read; {others}."


def check_failure(compared: Comparison) -> DevenvError | None:
    """Why a check does not end with 0: sources that could not be read, which come first, and what differs."""
    differences = [Problem(finding.message, key=finding.key) for finding in compared.verdict.counting]
    if compared.unread:
        return Unreachable([*unread_problems(compared.unread), *differences])
    return DriftFound(differences) if differences else None


def left_out(compared: Comparison) -> DevenvError | None:
    """What a sync could not do, with the exit code of the gravest: data that cannot follow, an image, a source."""
    kinds = (
        (compared.refused, DataNeedsUpgrade),
        (compared.unobtainable, DevenvError),
        (compared.unread, Unreachable),
    )
    problems = [*compared.refused, *compared.unobtainable, *unread_problems(compared.unread)]
    for found, kind in kinds:
        if found:
            return kind(problems)
    return None


def _move(upgrade: Upgrade) -> str:
    """How data is moved, how long that takes, and where the old data will be."""
    how = "" if upgrade.route.way is Way.IN_PLACE else "by "
    kept = ", ".join(upgrade.source)
    return f"{upgrade.words} {how}{upgrade.route.way}; {upgrade.extent}; the old data is kept in {kept}"


def tell_after(asked: Asked, compared: Comparison, applied: Applied | None) -> None:
    """What was done, and what to do next."""
    from devenv.effects import snapshots
    from devenv.stages.keep import prune_hint

    say = asked.console.say
    if applied is not None:
        for note in applied.moved.notes:
            say(f"note: {note}")
        for upgrade in applied.moved.upgrades:
            say(f"{upgrade.service}: the old data is kept in {', '.join(upgrade.source)}")
        if applied.moved.upgrades and (hint := prune_hint(snapshots.entries(applied.prepared.project.store))):
            say(hint)
    if compared.plan.changes:
        say(f"{_updated(compared)} Undo: devenv sync --rollback")
    if applied is not None:
        still = [u.service for u in applied.moved.upgrades if u.service not in applied.prepared.chosen]
        if still and applied.prepared.chosen:
            say(f"Not started, as before: {', '.join(still)}. Start: devenv up")
        elif not applied.prepared.chosen and not applied.moved.failed and not compared.refused:
            say("No service is running. Start them: devenv up")


def _updated(compared: Comparison) -> str:
    """Which committed files were written."""
    if _locks_anew(compared):
        return "devenv.toml and devenv.lock were updated; commit them."
    return "devenv.toml was updated; commit it."


def _locks_anew(compared: Comparison) -> bool:
    """Whether devenv.lock is to hold other images."""
    return compared.wanted.lock != compared.project.lock


def not_moved(applied: Applied) -> DevenvError:
    """What could not be moved and why, once everything else is done."""
    failed = applied.moved.failed
    problems = [
        replace(problem, message=f"{service}: {problem.message}")
        for service, error in failed.items()
        for problem in error.problems
    ]
    others = "everything else is done; " if applied.moved.upgrades or applied.prepared.plan.changes else ""
    changed = f"{others}{', '.join(failed)} {'is' if len(failed) == 1 else 'are'} as before, with all data"
    return DevenvError(problems, changed=changed)


def report(compared: Comparison, follow: Follow | None, *, applied: bool) -> dict[str, Any]:
    """The same for programs."""
    from devenv.commands.facts import entry, reading_entry

    return {
        "in_sync": not compared.verdict.counting and not compared.unread,
        "applied": applied,
        "sources": reading_entry(compared.read),
        "findings": _findings(compared),
        "changes": [_change(change) for change in compared.plan.changes],
        "kept": list(compared.plan.kept),
        "missing": [
            {"service": item.name, "obstacle": item.obstacle or None, "fact": entry(item.truth.fact)}
            for item in compared.missing
        ],
        "notes": [*compared.plan.notes, *map(str, compared.notes)],
        "refused": [problem_entry(problem) for problem in compared.refused],
        "unobtainable": [problem_entry(problem) for problem in compared.unobtainable],
        "upgrades": [_upgrade(upgrade) for upgrade in (follow.moves.upgrades if follow else ())],
        "older_data": older_entries(older_data(follow)),
        "plan": steps(follow),
    }


def _findings(compared: Comparison) -> list[dict[str, Any]]:
    """Every difference by its id; those that are accepted with the reason."""
    verdict = compared.verdict
    found = [_finding(finding, None) for finding in verdict.counting]
    return found + [_finding(finding, entry) for finding, entry in verdict.accepted]


def _finding(finding: Finding, entry: Acceptance | None) -> dict[str, Any]:
    accepted = {"reason": entry.reason, "until": entry.until or None} if entry else None
    return {"id": finding.id, "message": finding.message, "accepted": accepted}


def steps(follow: Follow | None) -> list[dict[str, str]]:
    """The plan of ``up`` in it."""
    found = follow.prepared.plan.steps if follow else ()
    return [{"action": str(s.action), "subject": s.subject, "reason": s.reason} for s in found]


def _upgrade(upgrade: Upgrade) -> dict[str, Any]:
    return {
        "service": upgrade.service,
        "from": {"kind": upgrade.old.kind.name, "version": upgrade.old.version.text},
        "to": {"kind": upgrade.new.kind.name, "version": upgrade.new.version.text},
        "way": str(upgrade.route.way),
        "stops": list(upgrade.route.stops),
        "note": upgrade.route.note,
        "bytes": upgrade.size,
        "seconds": upgrade.seconds,
        "kept": list(upgrade.source),
    }


def _change(change: Change) -> dict[str, Any]:
    from devenv.commands.facts import evidence_entry

    return {
        "service": change.service,
        "key": ".".join(change.key),
        "old": list(change.old) if isinstance(change.old, tuple) else change.old,
        "new": list(change.new) if isinstance(change.new, tuple) else change.new,
        "reason": change.reason,
        "evidence": evidence_entry(change.evidence) if change.evidence else None,
        "notes": list(change.notes),
    }
