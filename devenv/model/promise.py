"""What the manifest promises inside a server: who may log in, and what is there then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from devenv.model.record import record

#: How a promise is tried.
Protocol = Literal["postgres", "mysql", "amqp", "clickhouse"]

#: Remembered instead of the time when a server was last found to be as promised, where it was found not to be.
LACKING = ""


@record
class Promise:
    """``logins`` maps users to passwords, the application's own first. ``names`` are the databases, or the virtual
    hosts, that must be there, the application's own first; ``extensions`` are to be in each database. ``pages`` maps
    what a plugin brings, which answers HTTP, to its port."""

    protocol: Protocol
    host: str
    port: int
    logins: Mapping[str, str] = field(repr=False)
    names: tuple[str, ...]
    extensions: tuple[str, ...] = ()
    pages: Mapping[str, int] = field(default_factory=dict)


@record
class Trial:
    """``lacking`` names what is not there as promised; ``untried`` says why nothing could be tried."""

    lacking: tuple[str, ...] = ()
    untried: str = ""

    def and_also(self, other: Trial) -> Trial:
        """Both as one."""
        return Trial((*self.lacking, *other.lacking), self.untried or other.untried)
