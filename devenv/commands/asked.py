"""What was typed, and to whom to answer."""

from __future__ import annotations

from devenv.console import Console
from devenv.effects.world import World
from devenv.model.upgrade import Way


class Asked:
    """``result``: nothing but a plan was asked for, so that the plan is the result. ``way``: how data is to move."""

    def __init__(
        self, world: World, console: Console, services: tuple[str, ...], *, yes: bool, timeout: int, as_json: bool
    ) -> None:
        self.world, self.console, self.services = world, console, services
        self.yes, self.timeout, self.as_json = yes, timeout, as_json
        self.result = False
        self.way: Way | None = None

    def tell(self, line: str) -> None:
        """A line of the plan."""
        (self.console.result if self.result else self.console.say)(line)
