"""``devenv up``: manifest -> running services that serve."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from devenv.commands.options import (
    complete_services,
    confirm,
    format_option,
    profile_option,
    services_argument,
    show_unconfirmed,
    timeout_option,
    trust_option,
)
from devenv.commands.post_up import follow_up, follow_up_commands, follow_up_lines, owe_hooks
from devenv.commands.snapshot_rows import older_entries, older_sentences
from devenv.commands.up_report import steps, tell_after, tell_mended, with_later
from devenv.console import Console, Progress
from devenv.effects.world import World

if TYPE_CHECKING:
    from devenv.effects.engine import Looking
    from devenv.effects.ready import Outcome
    from devenv.effects.store import Store
    from devenv.journeys.up import Prepared, Wishes
    from devenv.model.plan import Plan
    from devenv.project import Project
    from devenv.stages.keep import OlderData
    from devenv.trust import Confirmable


@click.command()
@services_argument
@profile_option
@click.option("--dry-run", is_flag=True, help="Show what would be done and do nothing.")
@trust_option
@timeout_option
@click.option("--offline", is_flag=True, help="Use only devenv.lock and images that are on this machine.")
@click.option("--frozen", is_flag=True, help="Fail rather than change devenv.lock.")
@click.option("--force", is_flag=True, help="Overwrite generated files that were edited by hand.")
@click.option(
    "--fresh",
    multiple=True,
    metavar="SERVICE",
    help="Start SERVICE empty; its old data is kept.",
    shell_complete=complete_services,
)
@click.option(
    "--claim", is_flag=True, help="Take over what another checkout or Compose file made under this project's name."
)
@format_option
@click.pass_obj
def command(
    world: World,
    /,
    services: tuple[str, ...],
    profiles: tuple[str, ...],
    dry_run: bool,
    trust: bool,
    wait_timeout: int,
    **wishes: Any,
) -> None:
    """Start the services (all, or those named) and wait until each one is ready.

    \b
    devenv up                 everything in devenv.toml
    devenv up db cache        only these
    devenv up --dry-run       what would be done, and why
    """
    from devenv.effects.engine import look

    looking = look(world)  # the engine answers while the rest is imported and the manifest is read

    from devenv.data.recovery import recovered
    from devenv.journeys.up import Wishes, guarded, prepare
    from devenv.project import open_project
    from devenv.stages.resolve import select
    from devenv.trust import machine_access, override_access, unconfirmed

    console = world.console
    project = open_project(world)
    chosen, allowed = select(project.manifest, services, profiles), Wishes(**wishes)
    select(project.manifest, allowed.fresh, ())
    if unchosen := [name for name in allowed.fresh if name not in chosen]:
        raise click.UsageError(f"--fresh {unchosen[0]}: {unchosen[0]} is not among the services to start")
    if dry_run:
        prepared = guarded(prepare(world, project, looking.result(), chosen, allowed))
        show_unconfirmed(console, unconfirmed(project.store, override_access(project)))
        show_plan(console, prepared)
        return
    items: list[Confirmable] = [*machine_access(project, chosen), *override_access(project)]
    confirm(world, project, items, trust=trust, again="devenv up")
    if allowed.claim:
        project = _claimed(world, project)
    waited: list[str] = []
    with project.store.locked("up", waiting=lambda holder: _wait_for(console, holder, waited)):
        mended = recovered(console, project.store)
        if mended or waited:  # what was seen is no longer so
            project, looking = open_project(world), look(world)
        prepared = _decided(world, project, looking, chosen, allowed)
        confirm(world, project, follow_up_commands(prepared), trust=trust, again="devenv up")
        if _sown(world, console, project, chosen, claiming=allowed.claim):
            prepared = _decided(world, open_project(world), look(world), chosen, allowed)
        _check_offline(prepared, offline=allowed.offline)
        bring = partial(_bring, world, console, wait_timeout=wait_timeout)

        def again(lost: frozenset[int]) -> Prepared:
            wishes = replace(allowed, lost=lost, fresh=(), moving=_begun(prepared, allowed.fresh))
            return _decided(world, open_project(world), look(world), chosen, wishes)

        _insist(console, prepared, bring, again)


def _claimed(world: World, project: Project) -> Project:
    """The project with data and containers as its own that another checkout made under its name."""
    from devenv.effects.engine import look
    from devenv.project import open_project
    from devenv.standing import claim

    names = claim(project, look(world).result())
    world.console.say(f"taken over: {', '.join(names)}" if names else "there is nothing to take over")
    return open_project(world)


def _insist(
    console: Console, prepared: Prepared, bring: Callable[..., None], again: Callable[[frozenset[int]], Prepared]
) -> None:
    """``bring`` what is prepared, and what is decided ``again`` wherever something has gone meanwhile."""
    from devenv.journeys.up import insisting

    done = prepared.plan

    def anew(lost: frozenset[int]) -> None:
        nonlocal done
        prepared.project.store.clear_journal()
        decided = again(lost)
        done = decided.plan.after(done)
        bring(decided, done=done)

    insisting(partial(bring, prepared, done=done), anew, lambda said: console.say(f"{said}; looking again"))


def _begun(prepared: Prepared, fresh: Iterable[str]) -> dict[str, str]:
    """By service, the generation of the data that it was decided to begin empty: a second attempt begins no further
    one."""
    services = [prepared.project.resolved.services[name] for name in fresh]
    return {item.name: prepared.machine.generations.get(item.data, "") for item in services if item.data}


def _sown(world: World, console: Console, project: Project, chosen: tuple[str, ...], *, claiming: bool) -> bool:
    """Whether services got data that somebody exported, as [seed] says."""
    if not project.manifest.seed:
        return False
    from devenv.journeys.seed import take_in

    with console.progress() as progress:
        return take_in(world, chosen, progress, claiming=claiming)


def _decided(world: World, project: Project, looking: Looking, chosen: tuple[str, ...], wishes: Wishes) -> Prepared:
    """Everything decided, under a name on this machine that is this checkout's alone."""
    from devenv.effects.engine import look
    from devenv.journeys.up import guarded, prepare

    prepared = prepare(world, project, looking.result(), chosen, wishes)
    if not project.store.claim(prepared.machine.project):  # another checkout has just come up under that name
        prepared = prepare(world, project, look(world).result(), chosen, wishes)
        project.store.claim(prepared.machine.project)
    return guarded(prepared)


def _wait_for(console: Console, holder: str, waited: list[str]) -> None:
    waited.append(holder)
    console.waiting(holder)


def show_plan(console: Console, prepared: Prepared) -> None:
    """What would be done, and which older data services would open."""
    older, moved = _older_data(prepared), _moved_ports(prepared)
    if console.as_json:
        console.json({"plan": steps(prepared.plan), "older_data": older_entries(older), "notes": moved})
        return
    for sentence in moved:
        console.result(f"  ! {sentence}")
    for sentence in older_sentences(older):
        console.result(f"  ! {sentence}")
    console.plan(prepared.plan, result=True)
    lines = follow_up_lines(prepared)
    for line in lines:
        console.result(line)
    console.say("nothing was changed" if prepared.plan.changes or lines else "nothing to do")


def _bring(world: World, console: Console, prepared: Prepared, *, done: Plan, wait_timeout: int) -> None:
    """Do it and tell of it; ``done`` is all that this run will have done then."""
    from devenv.data import seeding
    from devenv.effects import history
    from devenv.effects.fetching import NoImage
    from devenv.errors import DevenvError
    from devenv.journeys.up import carry_out, save_decisions, wait_for
    from devenv.waiting import failures

    start = time.monotonic()
    no_image: NoImage | None = None
    store = prepared.project.store
    _tell_before(console, prepared)
    if save_decisions(prepared):
        console.say("  ~ write devenv.lock: the images' digests; commit it")
    _tell_set_aside(console, prepared)
    owe_hooks(prepared)
    try:
        with console.progress() if prepared.plan.changes else Progress() as progress:
            try:
                carry_out(world, prepared, progress)
            except NoImage as error:  # the other services come up all the same
                no_image = error
                prepared = prepared.without(error.services)
                if not prepared.chosen:
                    raise
            if prepared.plan.changes:
                history.mention(store, "up", [f"{s.action} {s.subject}: {s.reason}" for s in prepared.plan.changes])
            outcomes = wait_for(world, prepared, timeout=wait_timeout, progress=progress)
        failures(outcomes)
        tell_mended(console, outcomes)
        _remember_mended(store, outcomes)
        done_after = follow_up(world, console, prepared, complete=no_image is None)
        seeding.guard_filled(prepared.project, prepared.machine, prepared.chosen)
        outcomes = with_later(outcomes, (*done_after.filled, *done_after.hooked))
    except DevenvError as error:
        if prepared.plan.changes:
            error.changed = error.changed or "what was done stays; 'devenv up' goes on from there"
        raise
    seconds = time.monotonic() - start
    complete = no_image is None
    tell_after(
        console, prepared, outcomes, done=done, seconds=seconds, complete=complete, hooked=bool(done_after.hooked)
    )
    if no_image is not None:
        no_image.changed = "the other services are up; 'devenv up' tries again"
        raise no_image


def _remember_mended(store: Store, outcomes: Iterable[Outcome]) -> None:
    from devenv.effects import history

    mended = [f"made again in {item.name}: {', '.join(item.mended)}" for item in outcomes if item.mended]
    if mended:
        history.mention(store, "up", mended)


def _tell_before(console: Console, prepared: Prepared) -> None:
    tell_unfinished(console, prepared.project)
    moved = _moved_ports(prepared)
    for sentence in moved:
        console.say(sentence)
    older, notes = _older_data(prepared), _notes(prepared)
    if console.as_json:
        console.json({"older_data": older_entries(older), "notes": [*moved, *notes]})
    for sentence in older_sentences(older):
        console.say(sentence)
    for sentence in notes:
        console.say(f"note: {sentence}")
    if prepared.plan.changes:
        console.plan(prepared.plan)


def _moved_ports(prepared: Prepared) -> list[str]:
    """Which ports are taken, by whom, and what services get instead."""
    from devenv.effects.ports import owner

    sentences: list[str] = []
    for moved in prepared.moved:
        holder = moved.owner or owner(moved.wanted) or "another program"
        sentences.append(f"port {moved.wanted} is taken by {holder}: {moved.service} gets {moved.got}, and keeps it")
    return sentences


def _tell_set_aside(console: Console, prepared: Prepared) -> None:
    """Say where the data is kept of services that begin empty from now on."""
    from devenv.data.anew import BEGUN_EMPTY
    from devenv.effects import snapshots

    known = {item.name for item in prepared.observed.snapshots}
    for item in snapshots.entries(prepared.project.store):
        if item.why == BEGUN_EMPTY and item.name not in known:
            console.say(f"{item.service} begins empty; what it had is kept: devenv snapshot restore {item.name}")


def _notes(prepared: Prepared) -> list[str]:
    """What else to know of the data that services use, and of the project's name on this machine."""
    from devenv.data.remembering import found_here
    from devenv.data.seeding import never_filled
    from devenv.stages.place import kept_name

    project, machine = prepared.project, prepared.machine
    about = project, machine, prepared.observed, prepared.chosen
    name = kept_name(project.manifest.project, machine.project) if prepared.plan.changes else ""
    return [*found_here(*about), *never_filled(*about), *([name] if name else [])]


def _older_data(prepared: Prepared) -> list[OlderData]:
    """What services are about to open that find older data of their version."""
    if not prepared.plan.changes:
        return []
    from devenv.stages.keep import older_data

    chosen = [prepared.project.resolved.services[name] for name in prepared.chosen]
    return list(older_data(chosen, prepared.observed, prepared.machine).values())


def tell_unfinished(console: Console, project: Project) -> None:
    """Say that the last run was killed, if it was: what is done next goes on from there."""
    if unfinished := project.store.unfinished():
        verb = unfinished[0].get("verb", "up")
        console.say(f"the last 'devenv {verb}' did not come to its end; going on from what it left")


def _check_offline(prepared: Prepared, *, offline: bool) -> None:
    from devenv.errors import Unreachable
    from devenv.model.plan import Action

    if offline and (needed := prepared.plan.subjects(Action.PULL, Action.BUILD)):
        images = ", ".join(prepared.project.local_image(name) for name in needed)
        raise Unreachable(f"not on this machine: {images}", "run it once without --offline")
