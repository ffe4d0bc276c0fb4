"""What sources are read against: the catalogue's names for images, and tables of what was released."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field

from devenv.model.record import record


@record
class Known:
    """``repositories`` maps an image's repository as people write it (``redis``, ``bitnami/redis``) to a kind.

    ``charts`` maps a chart's name to (chart version, version of what it installs), ascending, one pair for each
    change of the latter. ``variables`` are those of the file that the source itself names for them; None where it names
    none.
    """

    repositories: Mapping[str, str] = field(default_factory=dict)
    charts: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    variables: Mapping[str, str] | None = None
