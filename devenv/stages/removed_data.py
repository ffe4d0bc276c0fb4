"""What is said of data whose volumes are there, and of data that somebody removed outside devenv."""

from __future__ import annotations

from devenv.model.machine import Machine
from devenv.model.observed import Observed
from devenv.model.resolved import ResolvedService
from devenv.model.snapshot import Snapshot
from devenv.stages.generations import own_live, to_resume


def why_created(service: ResolvedService, observed: Observed, machine: Machine) -> str:
    """Why a service gets a container that has none."""
    wanted = f"{service.kind.name} {service.version}"
    data = own_live(service, observed, machine)
    if data:
        return f"{wanted} has no container; its data is in {data.name}"
    return removed_words(service, observed, machine) or f"{wanted} is not there yet"


def removed_words(service: ResolvedService, observed: Observed, machine: Machine) -> str:
    """That the data which a service was last served from is gone, and which snapshot restores some; "" if it is not."""
    use = observed.current.get(service.name)
    if use is None or not service.volumes or use.volume != machine.volume(service.volumes[0]):
        return ""
    if own_live(service, observed, machine) or to_resume(service, observed, machine):
        return ""
    words = f"volume {use.volume} with its data was removed outside devenv, so it starts without data"
    newest = _newest(service.name, observed)
    if newest is None:
        return f"{words}; there is no snapshot of it"
    return f"{words}; 'devenv snapshot restore {newest.name} {service.name}' restores its newest snapshot"


def _newest(service: str, observed: Observed) -> Snapshot | None:
    """The newest snapshot of a service whose volumes are still there."""
    removed = removed_snapshots(observed)
    copies = [item for item in observed.snapshots if item.service == service and item not in removed]
    return max(copies, key=_age, default=None)


def _age(item: Snapshot) -> str:
    return item.at


def removed_snapshots(observed: Observed) -> tuple[Snapshot, ...]:
    """The snapshots that are remembered and of which a volume is gone."""
    there = {volume.name for volume in observed.volumes}
    return tuple(item for item in observed.snapshots if not there.issuperset(item.volumes.values()))


def removed_snapshot_words(item: Snapshot) -> str:
    """That a snapshot cannot be restored any more."""
    volumes = ", ".join(item.volumes.values())
    return f"snapshot {item.name} of {item.service} is gone: {volumes} was removed outside devenv"
