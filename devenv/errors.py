"""Every way devenv can end other than well: one class for each exit code, all here so that the codes stay unique.

An error carries problems; only ``cli.py`` prints them and exits.
"""

from __future__ import annotations

from collections.abc import Iterable

from devenv.model.problem import Problem


class DevenvError(Exception):
    """The command could not do what it was asked to (exit 1)."""

    exit_code = 1

    def __init__(self, problems: Iterable[Problem] | Problem | str, hint: str = "", *, changed: str = "") -> None:
        if isinstance(problems, str):
            problems = Problem(problems, hint)
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        #: What had been changed before the error, in a sentence; empty: nothing was.
        self.changed = changed
        super().__init__("\n".join(str(problem) for problem in self.problems))


class ManifestError(DevenvError):
    """What the user wrote or typed cannot be understood (exit 2)."""

    exit_code = 2


class DriftFound(DevenvError):
    """A check that was asked for found a difference (exit 3)."""

    exit_code = 3


class NotReady(DevenvError):
    """A service did not become ready in time (exit 4)."""

    exit_code = 4


class DataNeedsUpgrade(DevenvError):
    """Local data is of another version than the server that was to open it (exit 5)."""

    exit_code = 5


class Refused(DevenvError):
    """The command would have destroyed or overwritten something, or was told not to touch it (exit 6)."""

    exit_code = 6


class Unreachable(DevenvError):
    """The container engine or a registry cannot be reached or denies access (exit 7)."""

    exit_code = 7


class NotExecutable(DevenvError):
    """The program that devenv was to run may not or cannot be run (exit 126, as shells say it)."""

    exit_code = 126


class ProgramNotFound(DevenvError):
    """There is no program of the name that devenv was to run (exit 127, as shells say it)."""

    exit_code = 127


class Interrupted(DevenvError):
    """The user pressed ^C (exit 130, as shells say it)."""

    exit_code = 130

    def __init__(self, changed: str = "") -> None:
        super().__init__("interrupted", changed=changed)
