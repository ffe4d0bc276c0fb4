"""What the answers of one live server amount to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from devenv.model.record import record


@record
class Told:
    """``version`` is as the server says it and ``attribute`` where; ``settings`` are not yet sifted. ``note`` is a
    doubt about the version, ``remarks`` are sentences about all else. ``nothing`` is why there is no fact in it."""

    kind: str
    version: str = ""
    attribute: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    extensions: Mapping[str, str] = field(default_factory=dict)
    plugins: tuple[str, ...] | None = None
    note: str = ""
    remarks: tuple[str, ...] = ()
    nothing: str = ""


def without_defaults(settings: Mapping[str, str], defaults: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Settings that are not as every server of the kind has them: those that somebody chose."""
    return {name: value for name, value in settings.items() if value not in defaults.get(name, ())}
