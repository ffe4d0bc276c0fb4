"""What devenv is going to do: an ordered list of steps, each with its reason. Keeping something is a step too."""

from __future__ import annotations

from enum import StrEnum

from devenv.model.record import record


class Action(StrEnum):
    """What a step does to its subject. The order of the names is the order of doing."""

    WRITE = "write"
    PULL = "pull"
    BUILD = "build"
    STOP = "stop"
    COPY = "copy"
    CREATE = "create"
    RECREATE = "recreate"
    START = "start"
    ADD = "add"
    ENSURE = "ensure"
    KEEP = "keep"


@record
class Step:
    """One thing to do: ``subject`` is a service, an image or a file, by name."""

    action: Action
    subject: str
    reason: str


@record
class Plan:
    """Steps in the order in which they are taken."""

    steps: tuple[Step, ...]

    def subjects(self, *actions: Action) -> tuple[str, ...]:
        return tuple(step.subject for step in self.steps if step.action in actions)

    @property
    def changes(self) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.action is not Action.KEEP)

    def after(self, earlier: Plan) -> Plan:
        """Both as one: what ``earlier`` had done when it could not go on, and what was done from there."""
        done = tuple(step for step in earlier.changes if step not in self.steps)
        subjects = {step.subject for step in done}
        kept = {step for step in self.steps if step.action is Action.KEEP and step.subject in subjects}
        return Plan((*done, *(step for step in self.steps if step not in kept)))
