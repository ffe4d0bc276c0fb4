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
    from where."""

    service: str
    key: tuple[str, ...]
    old: Said
    new: Said
    reason: str
    evidence: Evidence | None = None

    @property
    def path(self) -> tuple[str, ...]:
        return ("runtimes", *self.key) if self.service == RUNTIMES else ("services", self.service, *self.key)


@record
class SyncPlan:
    """All changes, in the order of the manifest, and sentences about what is not changed and worth knowing."""

    changes: tuple[Change, ...]
    notes: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
