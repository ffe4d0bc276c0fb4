"""What stays as it is while a source of the environment cannot be read.

Sources are ranked: a Terraform state counts before a Compose file. Without the state, what the Compose file says is the
best that is left, and it may be a version of long ago. So a value that devenv.toml has changes only if no source that
could not be read may speak of its service.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from devenv.model.change import Change
from devenv.model.fact import Note
from devenv.model.manifest import Service
from devenv.model.production import Missing
from devenv.model.record import record
from devenv.stages.plan_sync import shown


@record
class Held:
    """A change that is not made, and the source that could not be read and may say otherwise."""

    change: Change
    unread: Note

    def __str__(self) -> str:
        change, evidence = self.change, self.change.evidence
        path = ".".join(change.path)
        other = f" ({evidence.file} says {shown(change.new)})" if evidence else ""
        return f"{path} stays {shown(change.old)}{other}: {self.unread.file} could not be read"


def held_back(changes: Iterable[Change], unread: Iterable[Note]) -> tuple[Held, ...]:
    """The changes of values that devenv.toml has and that a source in ``unread`` may contradict."""
    notes = tuple(unread)
    held: list[Held] = []
    for change in changes:
        doubt = doubt_about(change.service, notes)
        if doubt is not None and change.old not in (None, ()):
            held.append(Held(change, doubt))
    return tuple(held)


def doubt_about(service: str, unread: Iterable[Note]) -> Note | None:
    """The first unread source that may speak of a service: one that names a service speaks of no other."""
    for note in unread:
        if note.service in ("", service):
            return note
    return None


def with_doubts(
    missing: Iterable[Missing], undescribed: Iterable[Service], unread: Iterable[Note]
) -> tuple[Missing, ...]:
    """What the manifest seems to lack, with an obstacle where it may be one of its services after all: one of the same
    kind that no source describes, while a source that may describe it could not be read."""
    services, notes = tuple(undescribed), tuple(unread)
    return tuple(_with_doubt(item, services, notes) for item in missing)


def _with_doubt(item: Missing, services: Iterable[Service], unread: Iterable[Note]) -> Missing:
    for service in services:
        doubt = doubt_about(service.name, unread)
        if doubt is not None and service.kind == item.truth.fact.kind:
            obstacle = f"it may be services.{service.name}; {doubt.file} could not be read"
            return replace(item, obstacle=obstacle)
    return item
