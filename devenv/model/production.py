"""Where production is read, and what all its sources say of it together."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import field

from devenv.model.fact import Evidence, Fact
from devenv.model.record import record


@record
class Place:
    """One entry of an environment's ``sources``: exactly one of ``path``, ``command`` and ``url_env`` is said.

    ``kind`` is a family of sources where the content is not to tell it; ``service`` is the manifest's service that it
    speaks of, where it speaks of one. ``env_file`` has the variables that fill in its Compose files.
    """

    path: str = ""
    command: tuple[str, ...] = ()
    url_env: str = ""
    kind: str = ""
    service: str = ""
    env_file: str = ""
    tls_ca: str = ""
    plaintext: bool = False

    def __str__(self) -> str:
        return self.path or shlex.join(self.command) or f"${self.url_env}"


@record
class Truth:
    """What production runs of one service: ``fact`` is brought together of what ``sources`` say, the most trusted
    first; ``coming`` is what a plan will make of it. ``doubts`` are sentences about what the sources disagree on, by
    key: ``kind``, ``version``, ``variant``, ``settings.NAME``."""

    fact: Fact
    sources: tuple[Fact, ...]
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    doubts: Mapping[str, str] = field(default_factory=dict)
    coming: tuple[Fact, ...] = ()


@record
class Missing:
    """A service that production runs and the manifest lacks. ``name`` is the one that it would have there;
    ``obstacle`` says why ``devenv sync --add`` cannot add it, "" if it can."""

    name: str
    truth: Truth
    obstacle: str = ""
    #: Whether it is the version that is missing, which the server itself can tell.
    lacks_version: bool = False

    @property
    def path(self) -> tuple[str, ...]:
        return "services", self.name


@record
class Bound:
    """Services of the manifest with what production runs of each; ``loose`` is what no service mirrors."""

    services: Mapping[str, Truth]
    loose: tuple[Truth, ...]
    #: Services that no source speaks of.
    unknown: tuple[str, ...] = ()
