"""Everything a command gets from outside, as one value that a test can make."""

from __future__ import annotations

import datetime as dt
import os
import sys
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import TextIO, cast

from devenv.console import Console, Report
from devenv.model.record import record


def _cwd() -> Path:
    """Where the user stands; where the shell says they stood if that folder was removed meanwhile."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return Path(os.environ.get("PWD", "/"))


def _nothing(mode: str) -> TextIO:
    """For a stream that was closed before devenv began."""
    return cast("TextIO", open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123 - open as long as we run


@record
class World:
    """Where the user stands, their environment, and whom devenv talks to."""

    cwd: Path = field(default_factory=lambda: _cwd())
    env: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    stdin: TextIO = field(default_factory=lambda: sys.stdin or _nothing("r"))
    stdout: TextIO = field(default_factory=lambda: sys.stdout or _nothing("w"))
    stderr: TextIO = field(default_factory=lambda: sys.stderr or _nothing("w"))
    report: Report = field(default_factory=Report)

    @property
    def console(self) -> Console:
        """What commands print with."""
        return Console(self.stdout, self.stderr, self.env, self.report)

    @property
    def interactive(self) -> bool:
        """Whether somebody is there to answer a question."""
        return self.stdin.isatty() and self.stderr.isatty() and not self.env.get("CI")

    @property
    def home(self) -> Path:
        return Path(self.env.get("HOME") or Path.home())


def today() -> str:
    """The ISO day of evidence and confirmations, and on which acceptances end."""
    return dt.datetime.now(dt.UTC).date().isoformat()
