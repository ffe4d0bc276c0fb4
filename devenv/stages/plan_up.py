"""What ``devenv up`` has to do, from what is wanted and what is there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

from devenv.errors import DataNeedsUpgrade, Refused
from devenv.model.file import FileState
from devenv.model.machine import Machine
from devenv.model.observed import Container, ExistingVolume, Observed
from devenv.model.plan import Action, Plan, Step
from devenv.model.problem import Problem
from devenv.model.resolved import Resolved, ResolvedService
from devenv.model.text import one_line
from devenv.stages.frozen import guard_frozen
from devenv.stages.generations import begins_empty, live, moved_words, own_live, to_resume
from devenv.stages.pointers import guard_one_folder, guard_undecided
from devenv.stages.reach import reach
from devenv.stages.removed_data import why_created

#: Under this key the memory of what was applied holds the digest of the user's own Compose file for a service.
OVERRIDE = "compose.override.yaml"


def plan_up(
    resolved: Resolved,
    observed: Observed,
    machine: Machine,
    *,
    wanted: Iterable[str],
    files: Mapping[str, str],
    pulls: Mapping[str, str],
    overrides: Mapping[str, str],
    fresh: Iterable[str] = (),
    force: bool = False,
) -> Plan:
    """The steps that bring this machine to ``resolved``, in order; Keep for all that is as it should be.

    ``wanted`` are the services asked for, ``files`` maps every generated file to the digest of its inputs, ``pulls``
    maps a service to the local name of its image, ``overrides`` maps one to the digest of what the user's own Compose
    file says of it. Raises DataNeedsUpgrade where a service would open an empty
    volume although its data of another version is there (unless it is in ``fresh``), Refused where nothing says which
    generation of its data is live, where what acts only on new data was changed (both unless it is in ``fresh``), or
    where a person's edits would be overwritten (unless
    ``force``).
    """
    names = tuple(wanted)
    chosen = [resolved.services[name] for name in names]
    guard_data(chosen, observed, machine, set(fresh))
    guard_frozen(chosen, observed, machine, set(fresh))
    if not force:
        guard_files(files, observed.files)
    own = [
        step
        for service in chosen
        for step in service_steps(service, observed, machine=machine, override=overrides.get(service.name, ""))
    ]
    made = {step.subject for step in own if step.action in (Action.CREATE, Action.RECREATE)}
    steps = [
        *_file_steps(files, observed.files, force=force),
        *_image_steps([service for service in chosen if service.name in made], observed, pulls),
    ]
    resumed = _resume_steps([service for service in chosen if service.name not in set(fresh)], observed, machine)
    if len(chosen) < len(resolved.services):
        return Plan((*steps, *resumed, *own))
    further = {name: said for name, said in overrides.items() if name not in resolved.services}
    stops = [*_workspace_steps(files, observed), *_stop_steps(resolved, observed, further)]
    return Plan((*steps, *stops, *resumed, *own, *further_steps(further, observed)))


def guard_data(services: Iterable[ResolvedService], observed: Observed, machine: Machine, fresh: set[str]) -> None:
    """Refuse to start a service on an empty volume while its data lies in one of another format, or while nothing says
    in which one it lies."""
    chosen = [service for service in services if service.name not in fresh]
    guard_undecided(chosen, observed, machine)
    guard_one_folder(chosen, observed, machine)
    problems = [problem for service in chosen if (problem := data_problem(service, observed, machine))]
    if problems:
        raise DataNeedsUpgrade(problems)


def start_hint(service: ResolvedService, observed: Observed, machine: Machine) -> str:
    """What starts a service on the data that is there; where ``devenv up`` refuses that, what helps first."""
    try:
        guard_data([service], observed, machine, set())
        guard_frozen([service], observed, machine)
    except (DataNeedsUpgrade, Refused) as error:
        return error.problems[0].hint
    return f"devenv up {service.name}"


def data_problem(service: ResolvedService, observed: Observed, machine: Machine) -> Problem | None:
    """Why a service must not be started on the volumes that are there; None if it may."""
    if not service.volumes:
        return None
    data = service.volumes[0]
    stamped = own_live(service, observed, machine)
    if stamped is not None:
        if stamped.format in ("", data.format):
            return None
        return Problem(
            f"{service.name}: volume {stamped.name} is stamped {stamped.kind} {stamped.format}, not {data.format}",
            "a volume was renamed by hand: give it back its name",
        )
    if begins_empty(service, observed) or to_resume(service, observed, machine):
        return None
    own = [volume for volume in observed.volumes if volume.service == service.name]
    others = [volume for volume in live(own, machine) if volume.data != data.data]
    if not others:
        return None
    listed = ", ".join(f"{volume.kind} {volume.format} ({volume.name})" for volume in sorted(others, key=_by_name))
    return Problem(
        f"{service.name}: the data here is of {listed}; devenv.toml says {service.kind.name} {service.version}",
        "\n  ".join(_ways_out(service, observed, machine)),
    )


def _ways_out(service: ResolvedService, observed: Observed, machine: Machine) -> Iterator[str]:
    """What can be done about data of another version; a move is named only where there is a way for it."""
    if can_be_moved(service, observed, machine):
        yield f"devenv sync   move it to {service.version}, on a copy; nothing is lost"
    yield f"devenv up --fresh {service.name}   start {service.version} empty; the old data is kept"
    yield "or put the old version back into devenv.toml: its data is found again"


def can_be_moved(service: ResolvedService, observed: Observed, machine: Machine) -> bool:
    """Whether 'devenv sync' can move data of another version to the one in devenv.toml."""
    from devenv.stages.plan_upgrade import behind, can_follow  # all ways that there are, for this case alone

    source = behind(service, observed, machine, _container(observed, service.name))
    return source is not None and can_follow(service, source, observed.served.get(source.name, {}))


def _by_name(volume: ExistingVolume) -> str:
    return volume.name


def guard_files(files: Mapping[str, str], found: Mapping[str, FileState]) -> None:
    """Refuse to overwrite a generated file that somebody edited, or one that devenv did not make."""
    problems = [
        Problem(f"{path}: {'was edited by hand' if found[path].inputs else 'was not made by devenv'}", _instead(path))
        for path in files
        if path in found and not found[path].intact
    ]
    if problems:
        raise Refused(problems)


def _instead(path: str) -> str:
    """Where a person's own belongs."""
    if path.startswith(".devcontainer/"):
        return (
            "take it over: its keys go into [devcontainer] of devenv.toml, then overwrite it with --force\n"
            "  or keep it beside ours: give ours a name, as in [devcontainer.parity]"
        )
    return "move what you added into .devenv/compose.override.yaml, or overwrite it with --force"


def _file_steps(files: Mapping[str, str], found: Mapping[str, FileState], *, force: bool) -> Iterator[Step]:
    for path, made_from in files.items():
        state = found.get(path)
        if state is None:
            yield Step(Action.WRITE, path, "does not exist yet")
        elif not state.intact and force:
            yield Step(Action.WRITE, path, "edited by hand, overwritten as asked")
        elif state.inputs != made_from:
            yield Step(Action.WRITE, path, "devenv.toml, devenv.lock or this devenv has changed")


def _image_steps(services: Iterable[ResolvedService], observed: Observed, pulls: Mapping[str, str]) -> Iterator[Step]:
    seen = set()
    for service in services:
        image = service.build or pulls[service.name]
        if image in observed.images or image in seen:
            continue
        seen.add(image)
        if service.build:
            yield Step(Action.BUILD, service.name, f"installs {', '.join(service.packages)}")
        else:
            yield Step(Action.PULL, service.name, f"{service.image.familiar} is not on this machine yet")


def _resume_steps(services: Iterable[ResolvedService], observed: Observed, machine: Machine) -> tuple[Step, ...]:
    """Copies of kept data for services that go on from it: the kept generation itself is never opened."""
    steps = []
    for service in services:
        source = to_resume(service, observed, machine)
        if source is not None:
            kept = observed.snapshot_of(source.name)
            name = kept.name if kept else source.name
            reason = f"goes on from a copy of {name}, its {source.kind} {source.format} data"
            steps.append(Step(Action.COPY, service.name, moved_words(source) or reason))
    return tuple(steps)


def _stop_steps(resolved: Resolved, observed: Observed, further: Mapping[str, str]) -> Iterator[Step]:
    for container in observed.containers:
        if container.service in resolved.services or container.service in further:
            continue
        if container.config:
            yield Step(Action.STOP, container.service, "no longer in devenv.toml; its data is kept")
        elif is_further(container, observed):
            yield Step(Action.STOP, container.service, "no longer in compose.override.yaml; its data is kept")


def _workspace_steps(files: Mapping[str, str], observed: Observed) -> Iterator[Step]:
    """What an IDE works in holds tools of the servers' versions, and nothing of anybody's: one of before goes."""
    for container in observed.containers:
        if container.workspace and container.workspace not in files.values():
            reason = "devenv.toml, devenv.lock or this devenv has changed; an IDE makes it anew when it opens"
            yield Step(Action.STOP, container.service, reason)


def is_further(container: Container, observed: Observed) -> bool:
    """Whether devenv started it because the user's own Compose file has it; an IDE's workspace it did not."""
    return not container.config and OVERRIDE in observed.applied.get(container.service, {})


def further_steps(further: Mapping[str, str], observed: Observed) -> Iterator[Step]:
    """Services that only the user's own Compose file has. Compose itself knows how to make them."""
    for name, said in further.items():
        container = _container(observed, name)
        if container is None:
            yield Step(Action.ADD, name, "compose.override.yaml has it, and it is not there yet")
        elif observed.applied.get(name, {}).get(OVERRIDE) != said:
            yield Step(Action.ADD, name, "compose.override.yaml says something else now")
        elif not container.running:
            yield Step(Action.ADD, name, _why_started(container))
        else:
            yield Step(Action.KEEP, name, "is as compose.override.yaml says")


def service_steps(service: ResolvedService, observed: Observed, *, machine: Machine, override: str) -> Iterator[Step]:
    """The step for one service; ``machine`` has the host ports and the volumes that it is to have."""
    container = _container(observed, service.name)
    if container is None:
        yield Step(Action.CREATE, service.name, why_created(service, observed, machine) + _with_reach(service, machine))
        return
    if any(item.service == service.name for item in half_made(observed)):
        yield Step(Action.RECREATE, service.name, "an interrupted run left it half made")
    elif reason := (
        _changed(service, container, observed, machine)
        or _overridden(service, observed, override)
        or _cut_off(container, observed, override=override)
        or _relimited(container, observed)
    ):
        yield Step(Action.RECREATE, service.name, reason + _with_reach(service, machine))
    elif not container.running:
        yield Step(Action.START, service.name, _why_started(container))
    else:
        yield Step(Action.KEEP, service.name, "is as devenv.toml says")


def _with_reach(service: ResolvedService, machine: Machine) -> str:
    """What a kind of the project's own asks of this machine, as the end of a reason; "" where it is nothing."""
    asked_for = reach(service, machine.project)
    return f"; it asks this machine for {', '.join(asked_for)}" if asked_for else ""


def _why_started(container: Container) -> str:
    return "has stopped" if container.state == "exited" else f"is {container.state}"


def half_made(observed: Observed) -> tuple[Container, ...]:
    """Containers that Compose had made beside the ones that they were to replace, when it was killed."""
    own = [item for item in observed.containers if item.config]
    whole = {item.service for item in own if item.state != "created"}
    return tuple(item for item in own if item.state == "created" and item.service in whole)


def _changed(service: ResolvedService, container: Container, observed: Observed, machine: Machine) -> str:
    """Why a container must be made anew; "" if it need not be."""
    if container.root in observed.elsewhere:
        return f"was started in {container.root}, another checkout"
    if container.owner not in ("", machine.owner):
        return "was made by a checkout that this one takes over"
    if not container.config:
        return "was not started by devenv"
    if container.config != service.config[:16]:
        return _reconfigured(service, container, observed.applied.get(service.name, {}))
    for port in service.ports:
        host_port = container.made_ports.get(port.container)
        if host_port != machine.ports[port.variable]:
            return f"port {host_port or 'none'} → {machine.ports[port.variable]}"
    data = service.data + machine.generations.get(service.data, "")
    if container.data != data and (container.data or data != service.data):
        return f"data {container.data or service.data} → {data}"
    return ""


def _overridden(service: ResolvedService, observed: Observed, override: str) -> str:
    before = observed.applied.get(service.name, {}).get(OVERRIDE, "")
    return "compose.override.yaml says something else now" if before != override else ""


def _reconfigured(service: ResolvedService, container: Container, applied: Mapping[str, str]) -> str:
    """Why a container has another configuration than its service; ``applied`` is as what it was last started."""
    if words := difference(applied, service.described):
        return words
    if container.version != service.version.text:
        return f"version {container.version} → {service.version}"
    if applied:
        return f"this devenv runs {service.kind.name} in another way than the one that made it; its data is kept"
    return "devenv.toml, or the way devenv runs it, has changed; what it was is not remembered"


def _cut_off(container: Container, observed: Observed, *, override: str) -> str:
    """Why nobody reaches a container; "" if it is on its network, as far as anybody looked.

    With a Compose file of the user's own a container may well have no network.
    """
    if not observed.networks:
        return ""
    if not container.networks and not override:
        return "was disconnected from its network"
    own = [network for network in container.networks if not network.startswith("container:")]
    return "" if observed.networks.issuperset(own) else "its network was removed"


def _relimited(container: Container, observed: Observed) -> str:
    """Which limits of a container somebody changed since it was made, as with ``docker update``; "" if none."""
    made = observed.made_limits.get(container.id, {})
    changed = [name for name, now in container.limits.items() if made.get(name, now) != now]
    if not changed:
        return ""
    return ", ".join(f"{name} {made[name]} → {container.limits[name]}" for name in changed) + " by hand"


def difference(old: Mapping[str, str], new: Mapping[str, str]) -> str:
    """Two descriptions of a service in words: ``version 15.4 → 16.3, max_connections 100 → 200``."""
    if not old:
        return ""
    words = []
    for key in dict.fromkeys((*old, *new)):
        if (
            key == OVERRIDE
            or old.get(key) == new.get(key)
            or (key in ("image", "digest") and old.get("version") != new.get("version"))
        ):
            continue
        name = key.removeprefix("settings.")
        if (new.get(key) or old.get(key) or "").startswith(("#", "sha256:")):
            words.append(f"{name} changed")
        else:
            change = f"{name} {old.get(key) or 'default'} → {new.get(key) or 'default'}"
            words.append(one_line(change + _what_stays(key, old.get(key, ""), new.get(key, ""))))
    return ", ".join(words)


def _listed(described: str) -> list[str]:
    """The names in the description of a list; [] for any other value."""
    return [str(name) for name in json.loads(described)] if described.startswith("[") else []


#: Lists of what a server holds. devenv makes what is named there and removes nothing: it may hold data.
_NEVER_REMOVED = ("databases", "extensions", "vhosts")


def _what_stays(key: str, old: str, new: str) -> str:
    """What a server keeps though devenv.toml no longer names it, as the end of a change."""
    if key not in _NEVER_REMOVED:
        return ""
    named = _listed(new)
    left = [name for name in _listed(old) if name not in named]
    if not left:
        return ""
    return f" ({', '.join(left)} {'stays' if len(left) == 1 else 'stay'})"


def _container(observed: Observed, service: str) -> Container | None:
    return next((container for container in observed.containers if container.service == service), None)


def state_words(state: str) -> str:
    """What a state of a generated file says of it, behind its path."""
    return "was edited by hand" if state == "edited" else f"is {state}"


def stale(files: Mapping[str, str], found: Mapping[str, FileState]) -> dict[str, str]:
    """Path -> ``missing``, ``edited`` or ``stale`` for each generated file that is not what devenv would write."""
    states = {}
    for path, made_from in files.items():
        state = found.get(path)
        if state is None:
            states[path] = "missing"
        elif not state.intact:
            states[path] = "edited"
        elif state.inputs != made_from:
            states[path] = "stale"
    return states
