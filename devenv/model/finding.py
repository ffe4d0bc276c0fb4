"""A difference between an environment and the manifest, and what the manifest says of those that are meant."""

from __future__ import annotations

from devenv.model.record import record


@record
class Finding:
    """One difference. ``id`` is ``ENVIRONMENT/services.NAME.KEY``: what ``[parity] accept`` names."""

    id: str
    message: str

    @property
    def key(self) -> str:
        """Where it is in the manifest: ``services.NAME.KEY``."""
        return self.id.partition("/")[2]


@record
class Acceptance:
    """One entry of ``[parity] accept``: the difference ``finding`` is meant. ``until`` is the last ISO day on which
    that holds, "" if it always does; ``index`` is its place in the list."""

    finding: str
    reason: str
    until: str = ""
    index: int = 0

    def is_expired(self, day: str) -> bool:
        """Whether it holds no longer on an ISO day."""
        return bool(self.until) and self.until < day

    @property
    def environment(self) -> str:
        return self.finding.partition("/")[0]


def finding_id(environment: str, path: tuple[str, ...]) -> str:
    """The id of the difference at a path of the manifest: ``production/services.db.version``."""
    return f"{environment}/{'.'.join(path)}"
