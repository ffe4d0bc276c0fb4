"""``devenv status``: the plan of ``up``, not carried out, beside what each service says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from devenv.commands.options import format_option, services_argument
from devenv.commands.status_rows import Row, entry, table
from devenv.console import Console
from devenv.effects.world import World

if TYPE_CHECKING:
    from devenv.model.observed import Container
    from devenv.model.probe import Answer, Question
    from devenv.model.resolved import ResolvedService
    from devenv.model.snapshot import Snapshot
    from devenv.standing import Standing


@click.command()
@services_argument
@click.option("--exit-code", is_flag=True, help="Exit 3 if anything is not as devenv.toml and devenv.lock say.")
@format_option
@click.pass_obj
def command(world: World, services: tuple[str, ...], exit_code: bool) -> int:
    """Compare what runs with devenv.toml and devenv.lock. Changes nothing."""
    from devenv.model.machine import INSIDE

    console = world.console
    if INSIDE in world.env:
        from devenv.commands.status_beside import tell

        return tell(world, console, services, exit_code=exit_code)

    from devenv.effects.engine import look

    looking = look(world)  # the engine answers while the rest is imported

    from devenv.commands.snapshot_rows import snapshot_entry
    from devenv.effects.probe import ask_all
    from devenv.effects.ready import healthy
    from devenv.errors import DriftFound
    from devenv.parity import drift_of_none
    from devenv.standing import standing

    here = standing(world, looking)
    chosen = here.chosen(services)
    answers = ask_all({name: question for name in chosen if (question := _question(here, name))})
    answers |= {name: healthy(item.id) for name in chosen if name not in answers and (item := _starting(here, name))}
    rows = [_row(here, name, answers.get(name)) for name in chosen]
    general = drift_of_none(here)
    drifting = bool(general) or any(row.drift for row in rows)
    if console.as_json:
        console.json(
            {
                "in_sync": not drifting,
                "services": [entry(row) for row in rows],
                "drift": general,
                "snapshots": [snapshot_entry(item) for item in _kept(here)],
                "workspaces": _workspaces(here),
            }
        )
    else:
        _show(console, here, rows, general)
    return DriftFound.exit_code if exit_code and drifting else 0


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


def _row(here: Standing, name: str, answer: Answer | None) -> Row:
    from devenv.parity import drift_of

    service = here.project.resolved.services[name]
    container = here.find(name)
    return Row(
        name=name,
        kind=service.kind.name,
        wanted=service.version.text or service.image.tag,
        running=container.version if container and container.running else "",
        state=_state(container, answer),
        address=_address(here, service),
        drift=drift_of(here, name),
    )


def _state(container: Container | None, answer: Answer | None) -> str:
    if container is None:
        return "absent"
    if not container.running:
        return f"{container.state} (code {container.exit_code})" if container.exit_code else container.state
    if answer is None:
        return container.health or "running"
    return "ready" if answer.ready else "not ready"


def _address(here: Standing, service: ResolvedService) -> str:
    if not service.ports:
        return ""
    port = service.ports[0]
    return f"{here.machine.host}:{here.machine.ports.get(port.variable, port.preferred)}"


def _remedy(here: Standing, rows: list[Row]) -> str:
    """What to do about drift: 'up' brings some of it in step and refuses the rest."""
    from devenv.errors import DevenvError
    from devenv.stages.frozen import guard_frozen
    from devenv.stages.plan_up import guard_data, guard_files

    services = [here.project.resolved.services[row.name] for row in rows]
    try:
        guard_data(services, here.observed, here.machine, set())
        guard_frozen(services, here.observed, here.machine)
        guard_files(here.project.generated(), here.observed.files)
    except DevenvError:
        return "'devenv up' refuses that, and says what helps"
    return "'devenv up' brings it in step"


def _show(console: Console, here: Standing, rows: list[Row], general: list[str]) -> None:
    from devenv.stages.keep import counted

    table(console, rows)
    drift = [f"{row.name}: {row.drift}" for row in rows if row.drift] + general
    for line in drift:
        console.result(f"≠ {line}")
    console.say(_remedy(here, rows) if drift else "as devenv.toml and devenv.lock say")
    if workspaces := _workspaces(here):
        console.say(f"an IDE, or the devcontainer CLI, works in {', '.join(workspaces)}")
    if copies := counted(_kept(here)):
        console.say(f"besides the data there {'is' if copies.startswith('1 ') else 'are'} {copies}")


def _workspaces(here: Standing) -> list[str]:
    return [item.service for item in here.observed.containers if item.workspace and item.running]


def _kept(here: Standing) -> tuple[Snapshot, ...]:
    from devenv.effects import snapshots
    from devenv.stages.keep import in_use, kept

    there = {volume.name for volume in here.observed.volumes}
    return kept(snapshots.entries(here.project.store), in_use(here.project.resolved, here.machine), there)
