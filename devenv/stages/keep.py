"""Which kept copies of data are meant, and how they are told of."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from devenv.errors import DevenvError, ManifestError
from devenv.model.machine import Machine
from devenv.model.observed import ExistingVolume, Observed, Use
from devenv.model.problem import Problem
from devenv.model.record import record
from devenv.model.resolved import ResolvedService
from devenv.model.snapshot import Snapshot
from devenv.schema.issue import did_you_mean
from devenv.stages.generations import finds_older, live, volumes_of
from devenv.stages.removed_data import removed_snapshot_words, removed_snapshots

#: What a snapshot may be called.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")


def kept(observed: Observed) -> tuple[Snapshot, ...]:
    """Of all generations that were ever kept, those whose volumes are still there."""
    removed = removed_snapshots(observed)
    return tuple(item for item in observed.snapshots if item not in removed)


def check_removed(observed: Observed, name: str | None) -> None:
    """Raises DevenvError where a snapshot of this name is remembered, and only its volumes are gone."""
    removed = [item for item in removed_snapshots(observed) if item.name == name]
    if removed and all(item.name != name for item in kept(observed)):
        hint = f"devenv snapshot rm {name}   removes it from the list"
        raise DevenvError([Problem(removed_snapshot_words(item), hint) for item in removed])


def data_words(observed: Observed, machine: Machine) -> str:
    """The names of all live data, and how many snapshots there are besides; "" if there is nothing."""
    copies = kept(observed)
    named = {
        name for volume in live(observed.volumes, machine) for name in volumes_of(volume, observed.volumes).values()
    }
    told = ", ".join(sorted(named))
    count = counted(copies)
    return f"{told}, {count}" if told and count else told or count


def kept_besides(observed: Observed, service: str, lost: Collection[str]) -> list[str]:
    """What stays of a service's data: snapshots by name, live data of other versions by volume."""
    volumes = [item.name for item in observed.volumes if item.service == service and item.name not in lost]
    copies = {name: observed.snapshot_of(name) for name in volumes}
    snapshots = sorted({item.name for item in copies.values() if item})
    others = sorted(name for name, item in copies.items() if item is None)
    return [*(f"snapshot {name}" for name in snapshots), *others]


def counted(copies: Sequence[Snapshot]) -> str:
    """How many there are, in words; "" for none."""
    return f"{len(copies)} snapshot{'s' if len(copies) > 1 else ''}" if copies else ""


#: From here on kept copies are worth a word: bytes in all, or copies of one service.
_MUCH, _MANY = 1_000_000_000, 4


def prune_hint(copies: Sequence[Snapshot]) -> str:
    """How to be rid of kept copies where there are many or they take much room; "" where neither is so."""
    size = sum(item.size or 0 for item in copies)
    services = [item.service for item in copies]
    many = any(services.count(name) >= _MANY for name in services)
    if size < _MUCH and not many:
        return ""
    room = f" take {sized(size)}" if size else ""
    return f"{counted(copies)}{room}; 'devenv snapshot prune --keep 1' removes all but the newest of each service"


#: Up to here ``docker volume prune`` takes volumes with a name too: https://docs.docker.com/engine/release-notes/23.0
_PRUNES_NAMED = 22


def prunable(observed: Observed) -> tuple[str, ...]:
    """The volumes of data that ``docker volume prune`` would remove now if they have no driver options, sorted: those
    that no container mentions, and only where the engine takes volumes with a name."""
    numbers = re.findall(r"\d+", observed.engine.version)
    if numbers and int(numbers[0]) > _PRUNES_NAMED:
        return ()
    mentioned = {f"{container.project}_{container.data}" for container in observed.containers if container.data}
    held = set()
    for volume in observed.volumes:
        if volume.name in mentioned:
            held |= set(volumes_of(volume, observed.volumes).values())
    return tuple(sorted(volume.name for volume in observed.volumes if volume.service and volume.name not in held))


def check_name(name: str, entries: Iterable[Snapshot]) -> None:
    """Raises ManifestError for what cannot be a new snapshot's name."""
    if not NAME.fullmatch(name):
        raise ManifestError(f"{name!r} cannot be the name of a snapshot", "letters, digits, and _ . - between them")
    if any(item.name == name for item in entries):
        raise ManifestError(
            f"there is a snapshot {name!r} already", f"take another name, or first: devenv snapshot rm {name}"
        )


def named(copies: Sequence[Snapshot], names: Iterable[str]) -> tuple[Snapshot, ...]:
    """All snapshots of these names. Raises ManifestError for a name that none has."""
    known = list(dict.fromkeys(item.name for item in copies))
    problems = []
    wanted = tuple(dict.fromkeys(names))
    for name in wanted:
        if name not in known:
            hint = did_you_mean(name, known) or "'devenv snapshot list' shows those that there are"
            problems.append(Problem(f"there is no snapshot {name!r}", hint))
    if problems:
        raise ManifestError(problems)
    return tuple(item for name in wanted for item in copies if item.name == name)


def to_restore(copies: Sequence[Snapshot], name: str | None, services: Sequence[str]) -> tuple[Snapshot, ...]:
    """One snapshot for each service: those of a name, or the newest of each (None). Raises where there is none."""
    if name is not None:
        found = {item.service: item for item in named(copies, [name])}
    else:
        found = {item.service: item for item in sorted(copies, key=lambda item: item.at)}
    if missing := [service for service in services if service not in found]:
        of = f"snapshot {name!r} holds nothing of" if name is not None else "there is no snapshot of"
        raise DevenvError(f"{of} {', '.join(missing)}", "'devenv snapshot list' shows what there is")
    if not found:
        raise DevenvError("there is no snapshot", "devenv snapshot create")
    return tuple(item for service, item in found.items() if not services or service in services)


def surplus(copies: Iterable[Snapshot], keep: int) -> tuple[Snapshot, ...]:
    """What goes if only the newest so many of each service's are kept; the oldest first."""
    in_order = sorted(copies, key=lambda item: item.at)
    services = dict.fromkeys(item.service for item in in_order)
    old = [[item for item in in_order if item.service == service] for service in services]
    gone = [item for items in old for item in items[: max(len(items) - keep, 0)]]
    return tuple(sorted(gone, key=lambda item: item.at))


def age(at: str, now: dt.datetime) -> str:
    """How long ago that was, roughly."""
    try:
        seconds = int((now - dt.datetime.fromisoformat(at)).total_seconds())
    except (ValueError, TypeError):
        return "?"
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{max(seconds, 0)} s"


def other_versions(
    services: Mapping[str, ResolvedService], observed: Observed, machine: Machine
) -> tuple[ExistingVolume, ...]:
    """Live data of versions that services do not have in devenv.toml now, and that stays.

    It is no snapshot, and its own version finds it again. Data that a service's container has, and data that 'devenv
    sync' would move to the version in devenv.toml, is not among it.
    """
    volumes = [volume for volume in live(observed.volumes, machine) if volume.service in services]
    others = [volume for volume in volumes if volume.data != services[volume.service].data]
    if not others:
        return ()
    from devenv.stages.plan_upgrade import behind  # all ways that there are, for this case alone

    containers = {item.service: item for item in observed.containers}
    in_use = {f"{item.project}_{item.data}" for item in observed.containers}
    concerned = {volume.service for volume in others}
    to_move = [behind(services[name], observed, machine, containers.get(name)) for name in concerned]
    return tuple(volume for volume in others if volume not in to_move and volume.name not in in_use)


def other_version_words(volume: ExistingVolume) -> str:
    """That such data stays, and where."""
    version = f"{volume.kind} {volume.format}"
    return f"{volume.service}: its {version} data stays in {volume.name}, and {version} finds it again"


@record
class OlderData:
    """A service that opens older data of its version. ``kind`` and ``format`` are that data's; ``left`` is what was in
    use since and stays where it is; ``command`` moves that to ``version`` instead ("" if nothing can)."""

    service: str
    kind: str
    format: str
    version: str
    left: Use
    command: str


def older_data(services: Iterable[ResolvedService], observed: Observed, machine: Machine) -> dict[str, OlderData]:
    """By service, what it is about to open where it finds older data of its version."""
    found = {}
    for service in services:
        use = finds_older(service, observed, machine)
        if use is not None:
            found[service.name] = older(service, use, observed)
    return found


def older(service: ResolvedService, left: Use, observed: Observed) -> OlderData:
    """What is known of a service that opens older data, while ``left`` was in use since."""
    from devenv.stages.plan_upgrade import can_follow  # all ways that there are, for this case alone

    volume = next(item for item in observed.volumes if item.name == left.volume)
    can_be_moved = can_follow(service, volume, observed.served.get(volume.name, {}))
    return OlderData(
        service=service.name,
        kind=service.kind.name,
        format=service.volumes[0].format,
        version=str(service.version),
        left=left,
        command=f"devenv sync --from-current {service.name}" if can_be_moved else "",
    )


def older_words(data: OlderData, now: dt.datetime) -> str:
    """What the service opens, where what was written since stays, and how that can be moved, if it can."""
    left = data.left
    opened = f"{data.kind} {data.format} data of {age(left.since, now)} ago"
    since = f"what was written on {left.kind} {left.format} since stays in {left.volume}"
    words = f"{data.service}: opens its {opened}; {since}"
    return f"{words}; '{data.command}' moves that to {data.version} instead" if data.command else words


def sized(count: int | None) -> str:
    """Bytes for people; "-" where nobody looked."""
    if count is None:
        return "-"
    size = float(count)
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
