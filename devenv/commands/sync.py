"""``devenv sync``: production's truth, read and brought home."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import click

from devenv.commands.asked import Asked
from devenv.commands.options import format_option, services_argument, timeout_option, yes_option
from devenv.console import Console, Progress
from devenv.effects.world import World

if TYPE_CHECKING:
    from devenv.homecoming import Home
    from devenv.journey import Prepared
    from devenv.model.change import Change


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
    devenv sync --rollback   takes the last one back; with --dry-run it only shows that
    """
    from devenv.homecoming import compare

    console = Console(world.stdout, world.stderr, world.env)
    as_json = as_json or format == "json"
    asked = Asked(world, console, services, yes=yes, timeout=wait_timeout, as_json=as_json)
    beside = {"SERVICE": services, "--check": checking, "--add": add, "--no-read": no_read}
    if rollback and (wrong := next((name for name, given in beside.items() if given), "")):
        raise click.UsageError(f"--rollback takes the whole last sync back: {wrong} has no meaning beside it")
    if rollback:
        return _roll_back(asked, dry=dry_run)
    if checking or dry_run:
        asked.result = not as_json
        home = compare(world, services, environment=environment, reading=not no_read, adding=add)
        return _check(asked, home) if checking else _dry(asked, home)
    from devenv.project import open_store

    with open_store(world).locked("sync", waiting=console.waiting):
        home = compare(world, services, environment=environment, reading=not no_read, adding=add)
        return _sync(asked, home)


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
    home, prepared = _followed(asked, home)
    _tell(asked, home, prepared)
    if asked.as_json:
        asked.console.json(_report(home, prepared, applied=False))
    else:
        asked.console.say("nothing was changed")
    return _ending(asked, home)


def _followed(asked: Asked, home: Home) -> tuple[Home, Prepared | None]:
    """What this machine's data allows, and what it has to do; None where no engine answers."""
    from devenv.effects.engine import look
    from devenv.errors import Unreachable
    from devenv.homecoming import following, guarded, obtainable

    try:
        everything = look(asked.world).result()
    except Unreachable as error:
        asked.console.say(f"{error.problems[0].message.removesuffix('.')}; only files are brought in step")
        return obtainable(asked.world, home), None
    home = obtainable(asked.world, guarded(asked.world, home, everything))
    return following(asked.world, home, everything, asked.services)


def _sync(asked: Asked, home: Home) -> int:
    from devenv.commands.up import tell_unfinished
    from devenv.homecoming import write_files

    tell_unfinished(asked.console, home.project)
    home, prepared = _followed(asked, home)
    _tell(asked, home, prepared)
    changes = bool(home.plan.changes) or bool(prepared and prepared.plan.changes)
    if not changes:
        if asked.as_json:
            asked.console.json(_report(home, prepared, applied=False))
        asked.console.say("nothing to do")
        return _ending(asked, home)
    _ask(asked, "sync")
    if prepared is None:
        write_files(asked.world, home)
    else:
        _apply(asked, home, prepared)
    if asked.as_json:
        asked.console.json(_report(home, prepared, applied=True))
    else:
        _tell_after(asked, home, prepared)
    return _ending(asked, home)


def _ask(asked: Asked, words: str) -> None:
    from devenv.errors import Refused

    if asked.yes:
        return
    if not asked.world.interactive:
        raise Refused("nobody is there to say yes", f"devenv {words} --yes")
    if not click.confirm("Do it?", err=True):
        raise Refused("you did not say yes")


def _apply(asked: Asked, home: Home, prepared: Prepared) -> None:
    from devenv.commands.up import run_hooks
    from devenv.homecoming import apply
    from devenv.model.plan import Action
    from devenv.waiting import failures

    store = prepared.project.store
    started = prepared.plan.subjects(Action.CREATE, Action.RECREATE, Action.START)
    if started and prepared.project.manifest.post_up:
        store.write("owed", {"hooks": True})
    with asked.console.progress() if prepared.plan.changes else Progress() as progress:
        outcomes = apply(asked.world, home, prepared, timeout=asked.timeout, progress=progress)
    failures(outcomes, changed="devenv.toml is changed; 'devenv sync --rollback' takes that back")
    if prepared.chosen and store.read("owed").get("hooks"):
        run_hooks(asked.world, asked.console, prepared)
        store.write("owed", {})


def _tell_after(asked: Asked, home: Home, prepared: Prepared | None) -> None:
    say = asked.console.say
    if home.plan.changes:
        say("devenv.toml and devenv.lock are written; commit them. 'devenv sync --rollback' takes them back")
    if prepared is not None and not prepared.chosen:
        say("nothing runs here; 'devenv up' starts it")


def _ending(asked: Asked, home: Home) -> int:
    """The exit code; what was left out is told: data would be left behind, an image, a source cannot be had."""
    from devenv.errors import DataNeedsUpgrade, DevenvError, Unreachable

    for problem in (*home.refused, *home.unobtainable):
        asked.console.say(f"not done: {problem}")
    if home.unread:
        asked.console.say("a source could not be read; what the others say is all that counted")
    kinds = ((home.refused, DataNeedsUpgrade), (home.unobtainable, DevenvError), (home.unread, Unreachable))
    return next((kind.exit_code for found, kind in kinds if found), 0)


def _roll_back(asked: Asked, *, dry: bool) -> int:
    """Put the manifest and the lock back as the last sync found them, and what runs with them."""
    from devenv.effects import history
    from devenv.homecoming import Home, before, last_sync, restore
    from devenv.model.change import SyncPlan
    from devenv.model.production import Bound
    from devenv.project import open_project, open_store

    console, asked.result = asked.console, dry and not asked.as_json
    with contextlib.nullcontext() if dry else open_store(asked.world).locked("sync", waiting=console.waiting):
        project = open_project(asked.world)
        entry = last_sync(project.store, project)
        former = before(asked.world, entry)
        prepared, code = _way_back(asked, Home(project, former, SyncPlan(()), Bound({}, ())))
        asked.tell("\n".join(f"  ↶ {change}" for change in entry.changes))
        if prepared:
            console.plan(prepared.plan, result=asked.result)
        if not dry:
            _ask(asked, "sync --rollback")
            restore(asked.world, entry, former)
            if prepared:
                _apply(asked, Home(former, former, SyncPlan(()), Bound({}, ())), prepared)
            history.undo(project.store, entry)
            history.record(project.store, "rollback", [f"of the sync of {entry.at}"])
        if asked.as_json:
            back = {"number": entry.number, "at": entry.at, "changes": list(entry.changes)}
            console.json({"applied": not dry, "rollback": back, "plan": _steps(prepared)})
        console.say("nothing was changed" if dry else f"as before the sync of {entry.at}")
    return code


def _way_back(asked: Asked, home: Home) -> tuple[Prepared | None, int]:
    """What the machine has to do. Files go back also where what they name cannot be had any more."""
    from devenv.errors import DevenvError

    prepared = None
    try:
        home, prepared = _followed(asked, home)
        problems, code = home.unobtainable, 1 if home.unobtainable else 0
    except DevenvError as error:
        problems, code = error.problems, error.exit_code
        asked.console.say("what runs stays as it is; only files are put back")
    for problem in problems:
        asked.console.say(f"note: {problem}")
    return prepared, code


def _tell(asked: Asked, home: Home, prepared: Prepared | None) -> None:
    from devenv.homecoming import is_layered
    from devenv.model.plan import Action

    say, tell = asked.console.say, asked.tell
    for change in home.plan.changes:
        tell(f"  ~ {'.'.join(change.path)}: {change.reason}")
        if change.evidence:
            tell(f"      {change.evidence} in {change.evidence.file}, {change.evidence.date}")
        if is_layered(home, change):
            tell("      devenv.local.toml says something else here, and wins on this machine")
    said = prepared.plan.subjects(Action.KEEP) if prepared else ()
    if kept := [name for name in home.plan.kept if name not in said]:
        tell(f"  = keep {', '.join(kept)}")
    for truth in home.bound.loose:
        fact = truth.fact
        tell(f"production runs {fact.kind} {fact.version or '?'} ({fact.evidence}), the manifest has no such service")
    if home.bound.loose:
        say("'devenv sync --add' adds it" if len(home.bound.loose) == 1 else "'devenv sync --add' adds them")
    for name in home.bound.unknown:
        say(f"note: {name}: no source speaks of it")
    for line in (*home.plan.notes, *map(str, home.notes)):
        say(f"note: {line}")
    if prepared:
        asked.console.plan(prepared.plan, result=asked.result)


def _report(home: Home, prepared: Prepared | None, *, applied: bool) -> dict[str, Any]:
    from devenv.commands.facts import entry

    return {
        "in_sync": not home.plan.changes and not home.unread,
        "applied": applied,
        "changes": [_change(change) for change in home.plan.changes],
        "kept": list(home.plan.kept),
        "missing": [entry(truth.fact) for truth in home.bound.loose],
        "notes": [*home.plan.notes, *map(str, home.notes)],
        "refused": [str(problem) for problem in home.refused],
        "unobtainable": [str(problem) for problem in home.unobtainable],
        "plan": _steps(prepared),
    }


def _steps(prepared: Prepared | None) -> list[dict[str, str]]:
    steps = prepared.plan.steps if prepared else ()
    return [{"action": str(s.action), "subject": s.subject, "reason": s.reason} for s in steps]


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
