"""Which settings of a server may leave a source, by name, and which of them a developer's server should have too.

Every name that is on neither list stays where it is: beside settings stand passwords, and a list of what is harmless
is the only one that can be complete.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from devenv.sources.setting_names import MIRRORED, SIZES

#: Settings of extensions, of which there are many.
_PREFIXES: Mapping[str, tuple[str, ...]] = {"postgres": ("pg_stat_statements.", "auto_explain.")}
#: Names that say the same another way.
_ALIASES: Mapping[str, Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "postgres": {"rds.logical_replication": ("wal_level", {"1": "logical", "on": "logical"})},
}
#: A formula over the size of a machine, as parameter groups hold them.
_FORMULA = re.compile(r"^\s*(\{|LEAST\(|GREATEST\(|SUM\()", re.IGNORECASE)
_USERINFO = re.compile(r"://[^/\s]*@")


def allowed(kind: str, settings: Mapping[str, str] | Iterable[tuple[str, str]]) -> dict[str, str]:
    """Those settings that may be told, by the server's own names, sorted. What is no plain value is left out."""
    pairs = settings.items() if isinstance(settings, Mapping) else settings
    kept = {}
    for name, value in pairs:
        name, value = _same(kind, name, str(value).strip())
        if (is_mirrored(kind, name) or name in SIZES.get(kind, ())) and _is_plain(value):
            kept[name] = value
    return dict(sorted(kept.items()))


def is_mirrored(kind: str, name: str) -> bool:
    """Whether a setting changes how an application behaves, rather than what a machine can bear."""
    return name in MIRRORED.get(kind, ()) or name.startswith(_PREFIXES.get(kind, ("\0",)))


def _is_plain(value: str) -> bool:
    return value != "" and not _FORMULA.match(value) and not _USERINFO.search(value)


def _same(kind: str, name: str, value: str) -> tuple[str, str]:
    """The server's own name of a setting, and its value under that name; PostgreSQL's names know no capitals."""
    if kind in ("postgres", "mysql", "mariadb"):
        name = name.lower()
    if kind in ("mysql", "mariadb"):
        name = name.replace("-", "_")
    other, values = _ALIASES.get(kind, {}).get(name, (name, {}))
    return (other, values.get(value, "")) if values else (name, value)
