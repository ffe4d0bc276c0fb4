"""What was typed, and to whom to answer."""

from __future__ import annotations

from devenv.console import Console
from devenv.effects.world import World
from devenv.model.upgrade import Way


class Asked:
    """``result``: nothing but a plan was asked for, so that the plan is the result. ``way``: how data is to move.
    ``from_current``: data that was in use last is moved, also where a service has older data of its version.
    ``trust``: the manifest's commands are allowed. ``reading``: sources are to be read. ``verbose``: files that were
    skipped are listed."""

    def __init__(self, world: World, console: Console, services: tuple[str, ...], *, yes: bool, timeout: int) -> None:
        self.world, self.console, self.services = world, console, services
        self.yes, self.timeout = yes, timeout
        self.result = False
        self.way: Way | None = None
        self.from_current = False
        self.trust = False
        self.reading = True
        self.verbose = False

    @property
    def as_json(self) -> bool:
        return self.console.as_json

    def tell(self, line: str) -> None:
        """A line of the plan."""
        (self.console.result if self.result else self.console.say)(line)
