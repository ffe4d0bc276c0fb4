"""``devenv up``: manifest -> running services that serve."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from devenv.commands.options import format_option, profile_option, services_argument, timeout_option
from devenv.console import Console, Progress
from devenv.effects.world import World

if TYPE_CHECKING:
    from devenv.effects.ready import Outcome
    from devenv.model.machine import Machine
    from devenv.model.observed import Observed
    from devenv.model.plan import Plan
    from devenv.project import Project
    from devenv.stages.place import Moved


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything decided, nothing done."""

    project: Project
    machine: Machine
    observed: Observed
    plan: Plan
    chosen: tuple[str, ...]
    moved: tuple[Moved, ...]


@click.command()
@services_argument
@profile_option
@click.option("--dry-run", is_flag=True, help="Show what would be done and do nothing.")
@timeout_option
@click.option("--offline", is_flag=True, help="Use the lock and the images that are here.")
@click.option("--frozen", is_flag=True, help="Fail rather than change devenv.lock.")
@click.option("--force", is_flag=True, help="Overwrite generated files that were edited by hand.")
@click.option("--fresh", multiple=True, metavar="SERVICE", help="Start SERVICE empty; its old data is kept.")
@format_option
@click.pass_obj
def command(world: World, /, services: tuple[str, ...], profiles: tuple[str, ...], **options: Any) -> None:
    """Start the services (all, or those named) and wait until each one serves.

    \b
    devenv up                 everything in devenv.toml
    devenv up db cache        only these
    devenv up --dry-run       what would be done, and why
    """
    from devenv.effects.engine import look

    looking = look(world)  # the engine answers while the rest is imported and the manifest is read

    from devenv.project import open_project
    from devenv.stages.resolve import select

    console = Console(world.stdout, world.stderr, world.env)
    project = open_project(world)
    chosen = select(project.manifest, services, profiles)
    if options["dry_run"]:
        _show(console, _prepare(world, project, looking.result(), chosen, options), options)
        return
    waited: list[str] = []
    with project.store.locked("up", waiting=lambda holder: _wait_for(console, holder, waited)):
        if waited:  # the other one has changed what was seen
            project, looking = open_project(world), look(world)
        prepared = _prepare(world, project, looking.result(), chosen, options)
        _carry_out(world, console, prepared, options)


def _wait_for(console: Console, holder: str, waited: list[str]) -> None:
    waited.append(holder)
    console.say(f"{holder} is at work here; waiting for it to end")


def _prepare(
    world: World, project: Project, everything: Observed, chosen: tuple[str, ...], options: Mapping[str, Any]
) -> Prepared:
    from devenv.pinning import pinned
    from devenv.stages.place import place
    from devenv.stages.plan_up import plan_up
    from devenv.standing import narrowed

    project = pinned(project, world, frozen=options["frozen"], offline=options["offline"])
    name, observed = narrowed(project, everything)
    machine, moved = place(
        project.resolved,
        observed,
        project=name,
        root=str(project.root),
        kept=project.kept,
        registries=project.registries(),
    )
    plan = plan_up(
        project.resolved,
        observed,
        machine,
        wanted=chosen,
        files=project.generated(),
        pulls={service: project.local_image(service) for service in project.resolved.services},
        fresh=options["fresh"],
        force=options["force"],
    )
    return Prepared(project, machine, observed, plan, chosen, moved)


def _show(console: Console, prepared: Prepared, options: Mapping[str, Any]) -> None:
    if _wants_json(options):
        console.json({"plan": _steps(prepared.plan)})
        return
    console.plan(prepared.plan)
    console.say("nothing was changed" if prepared.plan.changes else "nothing to do")


def _wants_json(options: Mapping[str, Any]) -> bool:
    return bool(options["as_json"] or options["format"] == "json")


def _steps(plan: Plan) -> list[dict[str, str]]:
    return [{"action": str(step.action), "subject": step.subject, "reason": step.reason} for step in plan.steps]


def _carry_out(world: World, console: Console, prepared: Prepared, options: Mapping[str, Any]) -> None:
    from devenv.model.plan import Action

    start = time.monotonic()
    _tell_before(console, prepared)
    _check_offline(prepared, offline=options["offline"])
    _save_decisions(prepared)
    with console.progress() if prepared.plan.changes else Progress() as progress:
        _apply(prepared, progress)
        outcomes = _wait(world, prepared, timeout=options["wait_timeout"], progress=progress)
    from devenv.waiting import failures

    failures(outcomes)
    if prepared.plan.subjects(Action.CREATE, Action.RECREATE, Action.START):
        _run_hooks(world, console, prepared)
    _tell_after(console, prepared, outcomes, seconds=time.monotonic() - start, as_json=_wants_json(options))


def _tell_before(console: Console, prepared: Prepared) -> None:
    from devenv.effects.ports import owner

    if unfinished := prepared.project.store.unfinished():
        verb = unfinished[0].get("verb", "up")
        console.say(f"the last 'devenv {verb}' did not come to its end; going on from what it left")
    for moved in prepared.moved:
        holder = moved.owner or owner(moved.wanted) or "another program"
        console.say(f"port {moved.wanted} is {holder}'s: {moved.service} gets {moved.got}, and keeps it")
    if prepared.plan.changes:
        console.plan(prepared.plan)


def _check_offline(prepared: Prepared, *, offline: bool) -> None:
    from devenv.errors import Unreachable
    from devenv.model.plan import Action

    if offline and (needed := prepared.plan.subjects(Action.PULL, Action.BUILD)):
        images = ", ".join(prepared.project.local_image(name) for name in needed)
        raise Unreachable(f"not on this machine: {images}", "run it once without --offline")


def _save_decisions(prepared: Prepared) -> None:
    """The lock and this machine's own file; both only if they say something new."""
    from devenv.effects.files import write_files
    from devenv.pinning import save
    from devenv.targets import dotenv

    save(prepared.project)
    write_files(prepared.project.root, [dotenv.ignore_file(), dotenv.file(prepared.machine)])
    known = prepared.project.store.read("project")
    if known.get("project") != prepared.machine.project:
        prepared.project.store.remember_root(prepared.machine.project)


def _apply(prepared: Prepared, progress: Progress) -> None:
    from devenv.effects.apply import Material, apply
    from devenv.model.plan import Action

    project, plan = prepared.project, prepared.plan
    if not plan.changes:
        return
    files = {file.path: file for file in project.render()} if plan.subjects(Action.WRITE) else {}
    material = Material(
        root=project.root,
        files=files,
        images={name: project.local_image(name) for name in prepared.chosen},
        platforms={name: project.resolved.services[name].platform for name in prepared.chosen},
        leaving={item.service: item.id for item in prepared.observed.containers},
        stack=project.stack(prepared.machine.project),
    )
    apply(plan, material, verb="up", store=project.store, progress=progress)
    started = plan.subjects(Action.CREATE, Action.RECREATE)
    applied = project.store.read("applied")
    applied |= {name: dict(project.resolved.services[name].described) for name in started}
    project.store.write("applied", applied)


def _wait(world: World, prepared: Prepared, *, timeout: float, progress: Progress) -> list[Outcome]:
    """Ask all services that were asked for, also those that were kept: 'up' says that they serve, so it must know."""
    from devenv.effects.engine import look
    from devenv.standing import narrowed
    from devenv.waiting import Waiting, wait

    project = prepared.project
    observed = prepared.observed
    if prepared.plan.changes:
        _, observed = narrowed(replace(project, kept={**project.kept, **_names(prepared)}), look(world).result())
    ensured = dict(observed.ensured)
    before = {volume.name for volume in prepared.observed.volumes}

    def remember(place: str, digest: str) -> None:
        ensured[place] = digest
        project.store.write("ensured", ensured)

    waiting = Waiting(
        resolved=project.resolved,
        machine=prepared.machine,
        containers={item.service: item for item in observed.containers},
        made=frozenset(
            name
            for name, service in project.resolved.services.items()
            if not any(f"{prepared.machine.project}_{volume.key}" in before for volume in service.volumes)
        ),
        ensured=ensured,
        remember=remember,
    )
    return wait(waiting, prepared.chosen, timeout=timeout, progress=progress)


def _names(prepared: Prepared) -> dict[str, str]:
    return {"COMPOSE_PROJECT_NAME": prepared.machine.project, "DEVENV_ROOT": prepared.machine.root}


def _run_hooks(world: World, console: Console, prepared: Prepared) -> None:
    from devenv.commands.run import call
    from devenv.errors import DevenvError

    for hook in prepared.project.manifest.post_up:
        console.say(f"hook: {' '.join(hook)}")
        code = call(world, prepared.project, prepared.machine, hook, stdout_to_stderr=True)
        if code != 0:
            raise DevenvError(
                f"the hook {' '.join(hook)!r} ended with code {code}", changed="the services are up; 'devenv up' again"
            )


def _tell_after(
    console: Console, prepared: Prepared, outcomes: list[Outcome], *, seconds: float, as_json: bool
) -> None:
    services = prepared.project.resolved.services
    addresses = {name: _address(prepared, name) for name in prepared.chosen}
    if as_json:
        entries = [
            {
                "name": outcome.name,
                "kind": services[outcome.name].kind.name,
                "version": outcome.version or None,
                "wanted": services[outcome.name].version.text or None,
                "address": addresses[outcome.name] or None,
                "seconds": round(outcome.seconds, 3),
            }
            for outcome in outcomes
        ]
        console.json({"plan": _steps(prepared.plan), "services": entries})
        return
    rows = [
        (
            outcome.name,
            services[outcome.name].kind.name,
            outcome.version or "?",
            addresses[outcome.name] or "-",
            f"{outcome.seconds:.1f} s",
        )
        for outcome in outcomes
    ]
    console.table(("SERVICE", "KIND", "VERSION", "ADDRESS", "READY"), rows)
    for outcome in outcomes:
        _tell_other_version(console, services[outcome.name].version.text, outcome)
    done = f"up in {seconds:.1f} s; 'devenv env' prints the variables" if prepared.plan.changes else "nothing to do"
    console.say(done)


def _tell_other_version(console: Console, wanted: str, outcome: Outcome) -> None:
    """A tag can be wrong: what counts is what the server says of itself."""
    if outcome.version and wanted and not f"{outcome.version}.".startswith(f"{wanted.removeprefix('v')}."):
        console.say(f"note: {outcome.name} says it is {outcome.version}, devenv.toml says {wanted}")


def _address(prepared: Prepared, name: str) -> str:
    ports = prepared.project.resolved.services[name].ports
    return f"{prepared.machine.host}:{prepared.machine.ports[ports[0].variable]}" if ports else ""
