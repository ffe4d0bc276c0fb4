"""``devenv sync``: production's truth, read and brought home."""

from __future__ import annotations

import contextlib
from functools import partial
from typing import TYPE_CHECKING

import click

from devenv.commands.asked import Asked
from devenv.commands.options import (
    ask,
    confirm,
    format_option,
    services_argument,
    timeout_option,
    trust_option,
    verbose_option,
    yes_option,
)
from devenv.commands.snapshot_rows import older_entries, older_sentences
from devenv.commands.sync_report import (
    check_failure,
    compared_words,
    disputed_services,
    left_out,
    not_moved,
    older_data,
    report,
    steps,
    tell,
    tell_after,
    tell_differences,
    tell_steps,
    undescribed,
    unread_words,
)
from devenv.console import Progress
from devenv.effects.world import World
from devenv.model.upgrade import Way

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devenv.journeys.sync import Comparison, Follow
    from devenv.journeys.sync_apply import Applied
    from devenv.project import Project
    from devenv.trust import Confirmable


#: What is said where ``--from-current`` finds nothing.
NOTHING_NEWER = (
    "nothing to do: no service has data of another version that was in use since; "
    "'devenv snapshot list' shows the data that is kept"
)

_ROLLBACK = "devenv sync --rollback"


@click.command()
@services_argument
@click.option("--dry-run", is_flag=True, help="Show what would change and change nothing.")
@yes_option
@click.option("--environment", default="production", show_default=True, help="The environment whose sources are read.")
@click.option("--no-read", is_flag=True, help="Read no source: bring this machine in step with devenv.toml alone.")
@click.option("--add", is_flag=True, help="Add services that production runs and devenv.toml does not have.")
@click.option(
    "--check", "checking", is_flag=True, help="Change nothing; exit 3 if devenv.toml does not match production."
)
@click.option(
    "--way", type=click.Choice([way.name.lower() for way in Way]), help="How data is moved, where there is a choice."
)
@click.option(
    "--from-current",
    is_flag=True,
    help="Where a service finds older data of its version: move the data that was in use since, instead.",
)
@click.option("--rollback", is_flag=True, help="Undo the last sync: devenv.toml, devenv.lock, what runs.")
@verbose_option
@trust_option
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
    from_current: bool,
    way: str | None,
    verbose: bool,
    trust: bool,
    wait_timeout: int,
) -> int:
    """Read what production runs, edit devenv.toml to say the same, and bring what runs here in step.

    \b
    devenv sync              shows every change with its evidence, asks, does it
    devenv sync --check      for CI: exit 3 if production differs, 2 if there is nothing to compare
    devenv sync --rollback   takes the last one back; with --dry-run it only shows that
    """
    console = world.console
    asked = Asked(world, console, services, yes=yes, timeout=wait_timeout)
    asked.way = Way[way.upper()] if way else None
    asked.from_current = from_current
    beside = {"SERVICE": services, "--check": checking, "--add": add, "--no-read": no_read}
    beside |= {"--from-current": from_current, "--way": way is not None}
    if rollback:
        _refuse_beside("--rollback takes the whole last sync back", beside)
    if checking:
        _refuse_beside("--check moves no data", {name: beside[name] for name in ("--way", "--from-current")})
    if checking and no_read:
        raise click.UsageError("--check compares with production, which --no-read does not read: leave one of them out")
    asked.trust, asked.verbose = trust, verbose
    if rollback:
        return _roll_back(asked, dry=dry_run)
    asked.reading = not no_read
    comparing = partial(_compared, asked, environment=environment, reading=not no_read, adding=add)
    if checking or dry_run:
        asked.result = not asked.as_json
        compared = comparing(again="devenv sync --check" if checking else "devenv sync --dry-run")
        return _check(asked, compared) if checking else _dry(asked, compared)
    from devenv.data.recovery import recovered
    from devenv.project import open_store

    store = open_store(world)
    with store.locked("sync", waiting=console.waiting):
        recovered(console, store)
        compared = comparing(again="devenv sync", access=True)
        return _sync(asked, compared)


def _refuse_beside(why: str, beside: Mapping[str, object]) -> None:
    """Raise UsageError for the first option that was given and would do nothing."""
    for name, given in beside.items():
        if given:
            raise click.UsageError(f"{why}: {name} has no meaning beside it")


def _compared(
    asked: Asked, *, environment: str, reading: bool, adding: bool, again: str, access: bool = False
) -> Comparison:
    """Production beside the manifest, once what this does on this machine is confirmed: the commands that print what
    production is, and with ``access`` what services ask for."""
    from devenv.journeys.sync import compare, require_sources
    from devenv.project import open_project
    from devenv.trust import machine_access, override_access, source_commands

    project = open_project(asked.world)
    items: list[Confirmable] = []
    if reading:
        items += source_commands(project, environment)
    if access:
        items += (*machine_access(project, project.resolved.services), *override_access(project))
    confirm(asked.world, project, items, trust=asked.trust, again=again)
    compared = compare(
        asked.world, asked.services, environment=environment, reading=reading, adding=adding, project=project
    )
    if adding and reading:
        require_sources(compared)
    return compared


def _check(asked: Asked, compared: Comparison) -> int:
    """0: it matches. 7: a source could not be read, whatever else was found. 3: something differs. Raises ManifestError
    (2) where there is nothing to compare."""
    from devenv.journeys.sync import require_comparison

    require_comparison(compared, asked.services)
    tell(asked, compared, None)
    if asked.as_json:
        asked.console.json(report(compared, None, applied=False))
    if compared.verdict.counting:
        tell_differences(asked, compared)
    if compared.unread:
        asked.console.say(unread_words(asked, compared))
    if failure := check_failure(compared):
        return asked.console.failure(failure)
    accepted = len(compared.verdict.accepted)
    apart = f" apart from {accepted} accepted difference{'s' * (accepted != 1)}" if accepted else ""
    names = undescribed(asked, compared)
    rest = f"; no source describes {', '.join(names)}" if names else ""
    if disputed := disputed_services(asked, compared):
        rest += f"; sources disagree on {', '.join(disputed)}, where the most trusted one counts"
    asked.console.say(f"{compared_words(asked, compared)} {compared.environment}{apart}{rest}.")
    return 0


def _tell_no_source(asked: Asked, compared: Comparison) -> None:
    if asked.reading and not compared.sources:
        asked.console.say(f"no source describes {compared.environment}; this machine follows devenv.toml alone")


def _dry(asked: Asked, compared: Comparison) -> int:
    _tell_no_source(asked, compared)
    compared, follow = _followed(asked, compared)
    tell(asked, compared, follow)
    if asked.as_json:
        asked.console.json(report(compared, follow, applied=False))
    else:
        asked.console.say("nothing was changed")
    return _ending(asked, compared)


def _followed(asked: Asked, compared: Comparison) -> tuple[Comparison, Follow | None]:
    """What this machine's data allows, and what it has to do; None where no engine answers."""
    from devenv.effects.engine import look
    from devenv.errors import Unreachable
    from devenv.journeys.sync import following, obtainable

    try:
        everything = look(asked.world).result()
    except Unreachable as error:
        asked.console.say(f"{error.problems[0].message.removesuffix('.')}; only files are updated")
        return obtainable(asked.world, compared), None
    compared = obtainable(asked.world, compared)
    return following(asked.world, compared, everything, asked.services, way=asked.way, from_current=asked.from_current)


def _sync(asked: Asked, compared: Comparison) -> int:
    from devenv.commands.up import tell_unfinished
    from devenv.journeys.sync_apply import write_files

    tell_unfinished(asked.console, compared.project)
    _tell_no_source(asked, compared)
    compared, follow = _followed(asked, compared)
    tell(asked, compared, follow)
    if not compared.plan.changes and not (follow and _has_work(follow)):
        return _nothing_to_do(asked, compared, follow)
    if follow:
        _confirm_follow_up(asked, compared.project, follow, again="devenv sync")
    ask(asked.world, "Do it?", sure=asked.yes, again="devenv sync --yes")
    applied = None
    if follow is None:
        write_files(asked.world, compared)
    else:
        applied = _apply(asked, compared, follow)
        compared = applied.compared
    if asked.as_json:
        asked.console.json(report(compared, follow, applied=True))
    else:
        tell_after(asked, compared, applied)
    _raise_what_failed(applied)
    return _ending(asked, compared)


def _has_work(follow: Follow) -> bool:
    """Whether anything is to be done on this machine, also after the services serve."""
    from devenv.commands.post_up import follow_up_lines

    return follow.changes or bool(follow_up_lines(follow.prepared, moving=follow.moves.sources))


def _nothing_to_do(asked: Asked, compared: Comparison, follow: Follow | None) -> int:
    """Say so. Raises DevenvError for data that is half filled, as ``devenv up`` does."""
    from devenv.data import seeding

    if asked.as_json:
        asked.console.json(report(compared, follow, applied=False))
    asked.console.say(NOTHING_NEWER if asked.from_current else "nothing to do")
    if follow:
        prepared = follow.prepared
        seeding.guard_filled(prepared.project, prepared.machine, prepared.chosen)
    return _ending(asked, compared)


def _confirm_follow_up(asked: Asked, project: Project, follow: Follow, *, again: str) -> None:
    """Have commands of seeds and hooks confirmed that are about to run; ``project`` tells where they stand."""
    from devenv.commands.post_up import follow_up_commands

    commands = follow_up_commands(follow.prepared, moving=follow.moves.sources)
    confirm(asked.world, project, commands, trust=asked.trust, again=again)


def _apply(asked: Asked, compared: Comparison, follow: Follow) -> Applied:
    from devenv.commands.post_up import follow_up, owe_hooks
    from devenv.journeys.sync_apply import apply, changed_words
    from devenv.waiting import failures

    owe_hooks(follow.prepared)
    with asked.console.progress() if follow.changes else Progress() as progress:
        applied = apply(asked.world, compared, follow, timeout=asked.timeout, progress=progress)
    failures(applied.outcomes, changed=changed_words(applied.compared, applied.moved))
    follow_up(asked.world, asked.console, applied.prepared, complete=applied.no_image is None)
    return applied


def _raise_what_failed(applied: Applied | None) -> None:
    """Raise for services whose data was not moved or is not filled, or that have no image, once everything else is
    done."""
    from devenv.data import seeding

    if applied and applied.moved.failed:
        raise not_moved(applied)
    if applied and applied.no_image is not None:
        raise applied.no_image
    if applied:
        seeding.guard_filled(applied.prepared.project, applied.prepared.machine, applied.prepared.chosen)


def _ending(asked: Asked, compared: Comparison) -> int:
    """The exit code; what was left out is told: data would be left behind, an image, a source cannot be had."""
    for problem in (*compared.refused, *compared.unobtainable):
        asked.console.say(f"not done: {problem}")
    if compared.unread:
        asked.console.say("A source could not be read; only the others were followed.")
    failure = left_out(compared)
    return asked.console.failure(failure) if failure else 0


def _roll_back(asked: Asked, *, dry: bool) -> int:
    """Put the manifest and the lock back as the last sync found them, and what runs with them."""
    from devenv.data.recovery import recovered
    from devenv.effects import history
    from devenv.journeys.rollback import before, last_sync, restore
    from devenv.journeys.sync import ROLLBACK, Comparison
    from devenv.model.change import SyncPlan
    from devenv.model.production import Bound
    from devenv.project import open_project, open_store

    console, asked.result = asked.console, dry and not asked.as_json
    applied: Applied | None = None
    store = open_store(asked.world)
    with contextlib.nullcontext() if dry else store.locked("sync", waiting=console.waiting):
        if not dry:
            recovered(console, store)
        project = open_project(asked.world)
        entry = last_sync(project.store, project)
        former = before(asked.world, entry)
        if not dry:
            _confirm_access(asked, former)
        follow, code = _way_back(asked, Comparison(project, former, SyncPlan(()), Bound({}, ())))
        asked.tell("\n".join(f"  ↶ undo {change}" for change in entry.changes))
        left = older_data(follow)
        for sentence in older_sentences(left):
            asked.tell(f"  ! {sentence}")
        if follow:
            tell_steps(asked, follow)
        if not dry:
            if follow:
                _confirm_follow_up(asked, former, follow, again=_ROLLBACK)
            ask(asked.world, "Do it?", sure=asked.yes, again=f"{_ROLLBACK} --yes")
            follow = restore(entry, former, follow)
            if follow:
                applied = _apply(asked, Comparison(former, former, SyncPlan(()), Bound({}, ()), verb=ROLLBACK), follow)
            history.undo(project.store, entry)
            history.add(project.store, "rollback", [f"of the sync of {entry.at}"])
        if asked.as_json:
            back = {"number": entry.number, "at": entry.at, "changes": list(entry.changes)}
            entries = {"plan": steps(follow), "older_data": older_entries(left)}
            console.json({"applied": not dry, "rollback": back, **entries})
        console.say("nothing was changed" if dry else f"restored to the state before the sync of {entry.at}")
    _raise_what_failed(applied)
    return code


def _confirm_access(asked: Asked, former: Project) -> None:
    """Have confirmed what the services of before ask this machine for."""
    from devenv.trust import machine_access, override_access

    items: list[Confirmable] = [*machine_access(former, former.resolved.services), *override_access(former)]
    confirm(asked.world, former, items, trust=asked.trust, again=_ROLLBACK)


def _way_back(asked: Asked, compared: Comparison) -> tuple[Follow | None, int]:
    """What the machine has to do. Files go back also where what they name cannot be had any more."""
    from devenv.errors import DevenvError

    follow: Follow | None = None
    failure: DevenvError | None = None
    try:
        compared, follow = _followed(asked, compared)
        if compared.unobtainable:
            failure = DevenvError(compared.unobtainable)
    except DevenvError as error:
        failure = error
        asked.console.say("running services are left as they are; only files are restored")
    if failure is None:
        return follow, 0
    for problem in failure.problems:
        asked.console.say(f"note: {problem}")
    return follow, asked.console.failure(failure)
