"""``devenv sync``: production's truth, read and brought home."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from devenv.commands.options import format_option, services_argument, timeout_option, yes_option
from devenv.console import Console, Progress
from devenv.effects.world import World
from devenv.model.upgrade import Way

if TYPE_CHECKING:
    from devenv.errors import DevenvError
    from devenv.homecoming import Applied, Follow, Home
    from devenv.model.change import Change
    from devenv.model.upgrade import Upgrade


@click.command()
@services_argument
@click.option("--dry-run", is_flag=True, help="Show what would change and change nothing.")
@yes_option
@click.option("--environment", default="production", show_default=True, help="Whose sources are read.")
@click.option("--no-read", is_flag=True, help="Read no source: bring this machine in step with devenv.toml alone.")
@click.option("--add", is_flag=True, help="Add services that production runs and devenv.toml does not have.")
@click.option(
    "--check", "checking", is_flag=True, help="Change nothing; exit 3 if devenv.toml is not as production is."
)
@click.option("--rollback", is_flag=True, help="Undo the last sync: devenv.toml, devenv.lock, what runs.")
@timeout_option
@format_option
@click.pass_obj
def command(
    world: World,
    /,
    services: tuple[str, ...],
    dry_run: bool,
    yes: bool,
    environment: str,
    no_read: bool,
    add: bool,
    checking: bool,
    rollback: bool,
    wait_timeout: int,
    as_json: bool,
    format: str,
) -> int:
    """Read what production runs, edit devenv.toml to say the same, and bring what runs here in step.

    \b
    devenv sync              shows every change with its evidence, asks, does it
    devenv sync --check      for CI: exit 3 if production has moved
    devenv sync --rollback   takes the last one back
    """
    from devenv.homecoming import compare

    console = Console(world.stdout, world.stderr, world.env)
    as_json = as_json or format == "json"
    asked = Asked(world, console, services, yes=yes, timeout=wait_timeout, as_json=as_json)
    if rollback:
        return _roll_back(asked)
    if checking or dry_run:
        home = compare(world, services, environment=environment, reading=not no_read, adding=add)
        return _check(asked, home) if checking else _dry(asked, home)
    from devenv.project import open_store
    from devenv.switching import recovered

    store = open_store(world)
    with store.locked("sync", waiting=console.waiting):
        recovered(console, store)
        home = compare(world, services, environment=environment, reading=not no_read, adding=add)
        return _sync(asked, home)


class Asked:
    """What was typed, and to whom to answer."""

    def __init__(
        self, world: World, console: Console, services: tuple[str, ...], *, yes: bool, timeout: int, as_json: bool
    ) -> None:
        self.world, self.console, self.services = world, console, services
        self.yes, self.timeout, self.as_json = yes, timeout, as_json


def _check(asked: Asked, home: Home) -> int:
    """0: as production is. 3: production has moved. 7: that cannot be told, because a source could not be read."""
    from devenv.errors import DriftFound, Unreachable

    _tell(asked, home, None)
    if asked.as_json:
        asked.console.json(_report(home, None, applied=False))
    if home.plan.changes:
        if not asked.as_json:
            asked.console.say("production has moved; 'devenv sync' follows")
        return DriftFound.exit_code
    if home.unread:
        asked.console.say("a source could not be read; the others say what devenv.toml says")
        return Unreachable.exit_code
    asked.console.say("devenv.toml is as production is")
    return 0


def _dry(asked: Asked, home: Home) -> int:
    home, follow = _followed(asked, home)
    _tell(asked, home, follow)
    if asked.as_json:
        asked.console.json(_report(home, follow, applied=False))
    else:
        asked.console.say("nothing was changed")
    return _refusal(asked, home)


def _followed(asked: Asked, home: Home) -> tuple[Home, Follow | None]:
    """What this machine's data allows, and what it has to do; None where no engine answers."""
    from devenv.effects.engine import look
    from devenv.errors import Unreachable
    from devenv.homecoming import following

    try:
        everything = look(asked.world).result()
    except Unreachable as error:
        asked.console.say(f"{error.problems[0].message.removesuffix('.')}; only files are brought in step")
        return home, None
    return following(asked.world, home, everything, asked.services)


def _sync(asked: Asked, home: Home) -> int:
    from devenv.commands.up import tell_unfinished
    from devenv.homecoming import write_files

    tell_unfinished(asked.console, home.project)
    home, follow = _followed(asked, home)
    _tell(asked, home, follow)
    if not home.plan.changes and not (follow and follow.changes):
        if asked.as_json:
            asked.console.json(_report(home, follow, applied=False))
        asked.console.say("nothing to do")
        return _refusal(asked, home)
    _ask(asked, "sync")
    applied = None
    if follow is None:
        write_files(asked.world, home)
    else:
        applied = _apply(asked, home, follow)
        home = applied.home
    if asked.as_json:
        asked.console.json(_report(home, follow, applied=True))
    else:
        _tell_after(asked, home, applied)
    if applied and applied.moved.failed:
        raise _not_moved(applied)
    return _refusal(asked, home)


def _not_moved(applied: Applied) -> DevenvError:
    """What could not be moved and why, once everything else is done."""
    from devenv.errors import DevenvError

    failed = applied.moved.failed
    problems = [
        replace(problem, message=f"{service}: {problem.message}")
        for service, error in failed.items()
        for problem in error.problems
    ]
    others = "everything else is done; " if applied.moved.upgrades or applied.prepared.plan.changes else ""
    changed = f"{others}{', '.join(failed)} {'is' if len(failed) == 1 else 'are'} as before, with all data"
    return DevenvError(problems, changed=changed)


def _ask(asked: Asked, words: str) -> None:
    from devenv.errors import Refused

    if asked.yes:
        return
    if not asked.world.interactive:
        raise Refused("nobody is there to say yes", f"devenv {words} --yes")
    if not click.confirm("Do it?", err=True):
        raise Refused("you did not say yes")


def _apply(asked: Asked, home: Home, follow: Follow) -> Applied:
    from devenv.commands.up import run_hooks
    from devenv.homecoming import apply
    from devenv.model.plan import Action
    from devenv.waiting import failures

    store = follow.prepared.project.store
    started = follow.prepared.plan.subjects(Action.CREATE, Action.RECREATE, Action.START)
    if started and follow.prepared.project.manifest.post_up:
        store.write("owed", {"hooks": True})
    with asked.console.progress() if follow.changes else Progress() as progress:
        applied = apply(asked.world, home, follow, timeout=asked.timeout, progress=progress)
    failures(applied.outcomes, changed="devenv.toml is changed; 'devenv sync --rollback' takes that back")
    if applied.prepared.chosen and store.read("owed").get("hooks"):
        run_hooks(asked.world, asked.console, applied.prepared)
        store.write("owed", {})
    return applied


def _tell_after(asked: Asked, home: Home, applied: Applied | None) -> None:
    say = asked.console.say
    for note in applied.moved.notes if applied else ():
        say(f"note: {note}")
    for upgrade in applied.moved.upgrades if applied else ():
        say(f"{upgrade.service}: the data of before is kept in {', '.join(upgrade.source)}")
    if home.plan.changes:
        say("devenv.toml and devenv.lock are written; commit them. 'devenv sync --rollback' takes them back")
    if applied is not None and not applied.prepared.chosen and not applied.moved.failed:
        say("nothing runs here; 'devenv up' starts it")


def _refusal(asked: Asked, home: Home) -> int:
    """What was left out because data would have been left behind."""
    from devenv.errors import DataNeedsUpgrade

    if not home.refused:
        return 0
    for problem in home.refused:
        asked.console.say(f"not done: {problem}")
    return DataNeedsUpgrade.exit_code


def _roll_back(asked: Asked) -> int:
    """Put the manifest and the lock back as the last sync found them, and what runs with them."""
    from devenv.effects import history
    from devenv.homecoming import Home, before, last_sync, restore
    from devenv.model.change import SyncPlan
    from devenv.model.production import Bound
    from devenv.project import open_project, open_store
    from devenv.switching import recovered

    console = asked.console
    store = open_store(asked.world)
    with store.locked("sync", waiting=console.waiting):
        recovered(console, store)
        project = open_project(asked.world)
        entry = last_sync(project.store, project)
        former = before(asked.world, entry)
        _, follow = _followed(asked, Home(project, former, SyncPlan(()), Bound({}, ())))
        for change in entry.changes:
            console.say(f"  ↶ {change}")
        if follow:
            console.plan(follow.prepared.plan)
        _ask(asked, "sync --rollback")
        follow = restore(entry, former, follow)
        if follow:
            _apply(asked, Home(former, former, SyncPlan(()), Bound({}, ())), follow)
        history.undo(project.store, entry)
        history.record(project.store, "rollback", [f"of the sync of {entry.at}"])
        console.say(f"as before the sync of {entry.at}")
    return 0


def _tell(asked: Asked, home: Home, follow: Follow | None) -> None:
    from devenv.homecoming import is_layered

    say = asked.console.say
    for change in home.plan.changes:
        say(f"  ~ {'.'.join(change.path)}: {change.reason}")
        if change.evidence:
            say(f"      {change.evidence} in {change.evidence.file}, {change.evidence.date}")
        if is_layered(home, change):
            say("      devenv.local.toml says something else here, and wins on this machine")
    if home.plan.kept:
        say(f"  = keep {', '.join(home.plan.kept)}")
    _tell_loose(asked.console, home)
    for line in (*home.plan.notes, *map(str, home.notes)):
        say(f"note: {line}")
    if follow:
        for upgrade in follow.moves.upgrades:
            say(f"  ↑ upgrade {upgrade.service}: {_move(upgrade)}")
        asked.console.plan(follow.prepared.plan)


def _tell_loose(console: Console, home: Home) -> None:
    """What production runs and the manifest does not have, and the other way round."""
    for truth in home.bound.loose:
        fact = truth.fact
        console.say(
            f"production runs {fact.kind} {fact.version or '?'} ({fact.evidence}), the manifest has no such service"
        )
    if home.bound.loose:
        console.say("'devenv sync --add' adds it" if len(home.bound.loose) == 1 else "'devenv sync --add' adds them")
    for name in home.bound.unknown:
        console.say(f"note: {name}: no source speaks of it")


def _move(upgrade: Upgrade) -> str:
    """How data is moved, how long that takes, and where the old data will be."""
    size = (
        f"{upgrade.size / 1e6:.0f} MB, about {upgrade.route.seconds(upgrade.size)} s"
        if upgrade.size
        else "size unknown"
    )
    way = (
        f"{upgrade.words} by {upgrade.route.way}"
        if upgrade.route.way is not Way.IN_PLACE
        else f"{upgrade.words} {upgrade.route.way}"
    )
    return f"{way}; {size}; the old data is kept in {', '.join(upgrade.source)}"


def _report(home: Home, follow: Follow | None, *, applied: bool) -> dict[str, Any]:
    from devenv.commands.facts import entry

    steps = follow.prepared.plan.steps if follow else ()
    upgrades = follow.moves.upgrades if follow else ()
    return {
        "in_sync": not home.plan.changes and not home.unread,
        "applied": applied,
        "changes": [_change(change) for change in home.plan.changes],
        "kept": list(home.plan.kept),
        "missing": [entry(truth.fact) for truth in home.bound.loose],
        "notes": [*home.plan.notes, *map(str, home.notes)],
        "refused": [str(problem) for problem in home.refused],
        "upgrades": [_upgrade(upgrade) for upgrade in upgrades],
        "plan": [{"action": str(s.action), "subject": s.subject, "reason": s.reason} for s in steps],
    }


def _upgrade(upgrade: Upgrade) -> dict[str, Any]:
    return {
        "service": upgrade.service,
        "from": {"kind": upgrade.old.kind.name, "version": upgrade.old.version.text},
        "to": {"kind": upgrade.new.kind.name, "version": upgrade.new.version.text},
        "way": str(upgrade.route.way),
        "bytes": upgrade.size,
        "seconds": upgrade.route.seconds(upgrade.size) if upgrade.size else None,
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
    }
