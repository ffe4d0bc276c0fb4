"""What sync would change in the manifest."""

from __future__ import annotations

from devenv.model.fact import Evidence
from devenv.model.manifest import RUNTIMES, Setting
from devenv.model.record import record

#: What the manifest can hold under a key: a scalar, or a list of names.
Said = Setting | None


@record
class Change:
    """One key of one service, or of ``[runtimes]``: ``key`` is its path below ``[services.<service>]``; ``old`` is None
    where it is not there, ``new`` is None where it goes. ``reason`` is a short sentence; ``evidence`` says who has it
    from where. ``notes`` are what to know before one relies on the new value; they go wherever it goes."""

    service: str
    key: tuple[str, ...]
    old: Said
    new: Said
    reason: str
    evidence: Evidence | None = None
    notes: tuple[str, ...] = ()

    @property
    def path(self) -> tuple[str, ...]:
        return manifest_path(self.service, self.key)


def manifest_path(service: str, key: tuple[str, ...]) -> tuple[str, ...]:
    """Where a key of a service, or of ``[runtimes]``, stands in the manifest."""
    return ("runtimes", *key) if service == RUNTIMES else ("services", service, *key)


@record
class Difference:
    """What differs from production and devenv cannot change by itself. ``key`` is as in a Change."""

    service: str
    key: tuple[str, ...]
    message: str

    @property
    def path(self) -> tuple[str, ...]:
        return manifest_path(self.service, self.key)


@record
class SyncPlan:
    """All changes, in the order of the manifest, and sentences about what is not changed and worth knowing.
    ``differences`` are left to a person."""

    changes: tuple[Change, ...]
    notes: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    differences: tuple[Difference, ...] = ()
