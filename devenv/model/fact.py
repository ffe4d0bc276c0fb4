"""What a source says of production: facts, each with the evidence for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from enum import IntEnum, StrEnum

from devenv.model.record import record


class Precision(StrEnum):
    """How much of a version is known: all of it, ``7.0`` of a version of three parts, the first part, nothing."""

    PATCH = "patch"
    MINOR = "minor"
    SERIES = "series"
    NONE = "none"


class Status(StrEnum):
    """Whether production is so, will be so once a plan is applied, or does not say which version it runs."""

    ACTUAL = "actual"
    PLANNED = "planned"
    UNKNOWN = "unknown"


class Trust(IntEnum):
    """Whom to believe where sources differ: the higher one."""

    WANTED = 0  # wishes that nothing proves to have come true: Terraform's configuration, version managers
    DECLARED = 1  # files that say what somebody wants: a PaaS file, CloudFormation, a chart
    RENDERED = 2  # manifests as they are applied: Kubernetes objects, Compose files
    CONFIGURED = 3  # a state, as it was configured
    RECORDED = 4  # a state, as the provider last saw it
    ASKED = 5  # what a cloud or a cluster answers now
    LIVE = 6  # what the server itself says


@record
class Evidence:
    """Where something was read. ``source`` is the kind of source, ``date`` an ISO day."""

    source: str
    file: str
    address: str = ""
    attribute: str = ""
    date: str = ""

    def __str__(self) -> str:
        """``terraform-state aws_db_instance.main (engine_version_actual)``"""
        attribute = f" ({self.attribute})" if self.attribute else ""
        return f"{self.source} {self.address or self.file}{attribute}"

    @property
    def located(self) -> str:
        """The same with its file: ``compose services.db (image) in compose.yaml``"""
        return f"{self} in {self.file}" if self.address else str(self)


@record
class Fact:
    """One service that production runs, as one source tells it.

    ``kind`` is a kind of the catalogue, or the engine's own name where the catalogue has none (``neptune``).
    ``version`` is the upstream server's, "" where it is not stated. ``settings`` are those that passed the list of
    ``devenv.sources.allowed``. ``extensions`` maps a name to its version, "" where that is not stated. ``plugins`` is
    None where the source does not tell them. A replica or a member of a cluster is ``part_of`` its primary, by name.
    ``service`` is the manifest's service where the source was told which one it is. ``setting_evidence`` is that of
    settings that stand elsewhere than the rest: in a group of parameters, in a mounted file. ``members`` are
    the names and addresses of what was folded into it.

    ``note`` is one sentence about the version: why it is unknown, or what to know before using it. It goes wherever
    the version goes. ``doubtful``: the version is only taken from a name or a tag of somebody's own; it is never
    written without its note, and loses against a fact that is not doubtful.
    """

    kind: str
    evidence: Evidence
    version: str = ""
    precision: Precision = Precision.NONE
    variant: str = ""
    name: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    extensions: Mapping[str, str] = field(default_factory=dict)
    plugins: tuple[str, ...] | None = None
    status: Status = Status.ACTUAL
    note: str = ""
    doubtful: bool = False
    trust: Trust = Trust.DECLARED
    part_of: str = ""
    service: str = ""
    setting_evidence: Mapping[str, Evidence] = field(default_factory=dict)
    members: tuple[str, ...] = ()

    def evidence_of(self, setting: str) -> Evidence:
        """Where a setting was read."""
        return replace(self.setting_evidence.get(setting, self.evidence), attribute=setting)


@record
class Note:
    """Something about a source that is worth a sentence: what could not be read, or was read with a doubt."""

    message: str
    file: str
    line: int | None = None
    address: str = ""
    #: Whether something was not read because of it.
    failed: bool = False
    #: The only service that the source speaks of, where the manifest says so.
    service: str = ""
    #: Whether the file may speak of services in a way that devenv does not read: nothing failed, and nobody could tell.
    untold: bool = False

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return ": ".join(part for part in (place, self.address, self.message) if part)


@record
class Companion:
    """A file, or a pattern of files, that may be beside a source's own: only that ``source`` reads it, and nothing is
    wrong where there is none."""

    path: str
    source: str


@record
class Reading:
    """What one source says. ``wants`` are further files that it refers to, and ``companions`` those that there may be,
    by their paths as people know them. ``files`` are those of the source itself that were read, ``beside`` the further
    ones, and ``skipped`` says why others of the same folder were not read."""

    facts: tuple[Fact, ...] = ()
    notes: tuple[Note, ...] = ()
    wants: tuple[str, ...] = ()
    companions: tuple[Companion, ...] = ()
    files: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    skipped: tuple[Note, ...] = ()
