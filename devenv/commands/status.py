"""``devenv status``: the plan of ``up``, not carried out, beside what each service says of itself."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import click

from devenv.commands.options import format_option, services_argument
from devenv.commands.status_rows import StatusRow, drift_found, entry, table
from devenv.console import Console
from devenv.effects.world import World

if TYPE_CHECKING:
    from devenv.model.observed import Container, ExistingVolume
    from devenv.model.probe import Answer, Question
    from devenv.model.promise import Promise, Trial
    from devenv.model.resolved import ResolvedService
    from devenv.model.snapshot import Snapshot
    from devenv.stages.keep import OlderData
    from devenv.standing import Standing


@click.command()
@services_argument
@click.option("--exit-code", is_flag=True, help="Exit 3 if anything differs from devenv.toml and devenv.lock.")
@click.option("--deep", is_flag=True, help="Also log in to every server and look for users, databases and extensions.")
@format_option
@click.pass_obj
def command(world: World, services: tuple[str, ...], exit_code: bool, deep: bool) -> int:
    """Compare what runs with devenv.toml and devenv.lock. Changes nothing."""
    from devenv.model.machine import INSIDE

    console = world.console
    if INSIDE in world.env:
        from devenv.commands.status_beside import tell

        return tell(world, console, services, exit_code=exit_code)

    from devenv.effects.engine import look

    looking = look(world)  # the engine answers while the rest is imported

    from devenv.commands.snapshot_rows import older_entries, other_version_entry, snapshot_entry
    from devenv.parity import drift_of_none
    from devenv.standing import standing, with_limits

    here = standing(world, looking)
    here = replace(here, observed=with_limits(world, here.project, here.observed))
    chosen = here.chosen(services)
    answers = _answers(here, chosen)
    serving = [name for name in chosen if name in answers and answers[name].ready]
    promised = _promised(here, serving)
    trials = _trials(promised, deep=deep)
    inside = [name for name in serving if here.project.resolved.services[name].kind.lacking]
    if deep:
        trials = _with_inside(here, trials, inside)
        _remember_trials(here, trials)
    rows = [_row(here, name, answers.get(name), trials.get(name)) for name in chosen]
    general = drift_of_none(here)
    drifting = bool(general) or any(row.drift for row in rows)
    if console.as_json:
        older = _older_data(here, chosen)
        console.json(
            {
                "in_sync": not drifting,
                "services": [entry(row) for row in rows],
                "drift": general,
                "older_data": older_entries(older.values()),
                "notes": _notes(here, chosen),
                "other_versions": [other_version_entry(item) for item in _other_versions(here, older)],
                "snapshots": [snapshot_entry(item) for item in _kept(here)],
                "workspaces": _workspaces(here),
            }
        )
    else:
        show(console, here, rows, general)
        _show_untried(console, here, [name for name in serving if name in {*promised, *inside} and name not in trials])
    if not (exit_code and drifting):
        return 0
    return console.failure(drift_found(rows, general))


def _answers(here: Standing, names: Iterable[str]) -> dict[str, Answer]:
    """What each service that can be asked answers now."""
    from devenv.effects.probe import ask_all
    from devenv.effects.ready import healthy

    answers = ask_all({name: question for name in names if (question := _question(here, name))})
    others = [name for name in names if name not in answers]
    return answers | {name: healthy(item.id) for name in others if (item := _starting(here, name))}


def _promised(here: Standing, names: Iterable[str]) -> dict[str, Promise]:
    from devenv.stages import asking

    found = {name: asking.promise(here.project.resolved.services[name], here.machine) for name in names}
    return {name: promise for name, promise in found.items() if promise}


def _trials(promised: Mapping[str, Promise], *, deep: bool) -> dict[str, Trial]:
    """What can be tried at once; with ``deep`` all of it."""
    from devenv.effects.promises import QUICK, tried_all

    wanted = {name: promise for name, promise in promised.items() if deep or promise.protocol in QUICK}
    return tried_all(wanted)


def _with_inside(here: Standing, trials: Mapping[str, Trial], names: Sequence[str]) -> dict[str, Trial]:
    """The trials with what takes a program in the container, all at the same time: it takes seconds."""
    from devenv.effects.at_once import all_at_once
    from devenv.effects.promises import tried_inside
    from devenv.model.promise import Trial
    from devenv.stages import asking

    def look(name: str) -> Trial:
        service = here.project.resolved.services[name]
        assert service.kind.lacking is not None  # only what has a way is tried
        command = asking.command(service, service.kind.lacking, here.project.resolved.project)
        return trials.get(name, Trial()).and_also(tried_inside(here.container(name).id, command))

    return {**trials, **all_at_once({name: partial(look, name) for name in names})}


def _remember_trials(here: Standing, trials: Mapping[str, Trial]) -> None:
    """Note what was found: 'up' makes again what is lacking, also where it would not have looked by itself."""
    import datetime as dt

    from devenv.model.promise import LACKING

    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    found = {
        here.container(name).id: LACKING if trial.lacking else now
        for name, trial in trials.items()
        if not trial.untried
    }
    store = here.project.store
    store.write("proven", store.read("proven") | found)


def _question(here: Standing, name: str) -> Question | None:
    """Asked just now over the service's port: the engine's own health check may be half a minute old."""
    from devenv.stages import asking

    container = here.find(name)
    if container is None or not container.running or here.observed.engine.host:
        return None
    return asking.greeting(here.project.resolved.services[name], here.machine, here.project.manifest.project)


def _starting(here: Standing, name: str) -> Container | None:
    """A container whose health check the engine has not run yet: it can have been serving for a minute by then."""
    container = here.find(name)
    return container if container and container.running and container.health == "starting" else None


def _row(here: Standing, name: str, answer: Answer | None, trial: Trial | None) -> StatusRow:
    service = here.project.resolved.services[name]
    container = here.find(name)
    return StatusRow(
        name=name,
        kind=service.kind.name,
        wanted=service.version.text or service.image.tag,
        running=container.version if container and container.running else "",
        state=_state(container, answer),
        address=_address(here, service, container),
        drift=_drift(here, name, answer, trial),
    )


def _drift(here: Standing, name: str, answer: Answer | None, trial: Trial | None) -> str:
    from devenv.parity import drift_of

    drift = [drift_of(here, name)]
    if answer and not answer.ready:
        drift.append(f"does not serve: {answer.said}")
    if trial and trial.lacking:
        drift.append(f"lacks {', '.join(trial.lacking)}")
    if trial and trial.untried:
        drift.append(f"could not be logged in to: {trial.untried}")
    return "; ".join(filter(None, drift))


def _state(container: Container | None, answer: Answer | None) -> str:
    if container is None:
        return "absent"
    if not container.running:
        return f"{container.state} (code {container.exit_code})" if container.exit_code else container.state
    if answer is None:
        return container.health or "running"
    return "ready" if answer.ready else "not ready"


def _address(here: Standing, service: ResolvedService, container: Container | None) -> str:
    """Where it answers; "" for what does not run here: another checkout's server may answer there."""
    if not service.ports or container is None or not container.running or container.root in here.observed.elsewhere:
        return ""
    port = service.ports[0]
    return f"{here.machine.host}:{here.machine.ports.get(port.variable, port.preferred)}"


def show(console: Console, here: Standing, rows: list[StatusRow], general: list[str]) -> None:
    """The services, what differs, and what data there is besides the live one."""
    from devenv.commands.snapshot_rows import older_sentences
    from devenv.parity import further_services, remedy
    from devenv.stages.keep import counted, other_version_words, prune_hint

    table(console, rows)
    drift = [f"{row.name}: {row.drift}" for row in rows if row.drift] + general
    for line in drift:
        console.result(f"≠ {line}")
    console.say(remedy(here, [row.name for row in rows]) if drift else "everything matches devenv.toml and devenv.lock")
    if workspaces := _workspaces(here):
        console.say(f"an IDE, or the devcontainer CLI, works in {', '.join(workspaces)}")
    if further := ", ".join(further_services(here)):
        console.say(f"only compose.override.yaml has {further}: devenv does not ask whether that serves")
    hint = prune_hint(_kept(here))
    if not hint and (copies := counted(_kept(here))):
        console.say(f"besides the data there {'is' if copies.startswith('1 ') else 'are'} {copies}")
    for sentence in _notes(here, [row.name for row in rows]):
        console.say(f"note: {sentence}")
    older = _older_data(here, [row.name for row in rows])
    for sentence in older_sentences(older.values()):
        console.say(sentence)
    for volume in _other_versions(here, older):
        console.say(other_version_words(volume))
    if hint:
        console.say(hint)


def _notes(here: Standing, names: Iterable[str]) -> list[str]:
    """What to know of the data that services use, and of ports that they have instead of those of devenv.toml."""
    from devenv.data.seeding import never_filled
    from devenv.stages.place import displaced

    project, services = here.project, tuple(names)
    moved_ports = displaced(project.resolved, project.kept, services)
    return [*never_filled(project, here.machine, here.observed, services), *moved_ports]


def _older_data(here: Standing, names: Iterable[str]) -> dict[str, OlderData]:
    """By service, what 'devenv up' would open where it finds older data."""
    from devenv.stages.keep import older_data

    services = [here.project.resolved.services[name] for name in names]
    return older_data(services, here.observed, here.machine)


def _other_versions(here: Standing, older: Collection[str]) -> tuple[ExistingVolume, ...]:
    """Data of other versions; not that of services in ``older``, which is named there as what they leave."""
    from devenv.stages.keep import other_versions

    others = {name: service for name, service in here.project.resolved.services.items() if name not in older}
    return other_versions(others, here.observed, here.machine)


def _show_untried(console: Console, here: Standing, names: Sequence[str]) -> None:
    """Say when what the manifest promises inside servers was last seen: trying it takes longer than all of this."""
    import datetime as dt

    from devenv.stages.keep import age

    if not names:
        return
    proven = here.project.store.read("proven")
    containers = {name: here.find(name) for name in names}
    times = [str(proven.get(item.id, "")) for item in containers.values() if item]
    when = f"last tried {age(min(times), dt.datetime.now(dt.UTC))} ago" if all(times) else "not tried yet"
    console.say(f"logins and databases of {', '.join(names)}: {when}; 'devenv status --deep' tries them now")


def _workspaces(here: Standing) -> list[str]:
    return [item.service for item in here.observed.containers if item.workspace and item.running]


def _kept(here: Standing) -> tuple[Snapshot, ...]:
    from devenv.stages.keep import kept

    return kept(here.observed)
