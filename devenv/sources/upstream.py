"""What vendors call a version -> the version of the server that they run."""

from __future__ import annotations

import re
from collections.abc import Callable

from devenv.model.fact import Precision
from devenv.sources.precision import stated

#: (kind, version, precision, note)
Upstream = tuple[str, str, Precision, str]

#: Engines by the names that clouds give them, in lower case. What has no kind of its own is told by its own name.
_ENGINES = {
    "postgres": "postgres",
    "postgresql": "postgres",
    "pg": "postgres",
    "aurora": "mysql",
    "aurora-mysql": "mysql",
    "aurora-postgresql": "postgres",
    "docdb": "documentdb",
    "mongo": "mongodb",
    "memcache": "memcached",
}

#: Aurora MySQL 3.x by its second number: AWS' release notes of each version.
_AURORA = {
    1: "8.0.23", 2: "8.0.23", 3: "8.0.26", 4: "8.0.28", 5: "8.0.32", 6: "8.0.34",
    7: "8.0.36", 8: "8.0.39", 9: "8.0.40", 10: "8.0.42", 11: "8.0.43", 12: "8.0.44",
}  # fmt: skip
_AURORA_TEXT = re.compile(r"(?P<mysql>\d+\.\d+)\.mysql_aurora\.(?P<line>\d+)\.(?P<minor>\d+)")


def engine_kind(engine: str) -> str:
    """The kind that an engine's name means."""
    name = engine.strip().lower().replace("_", "-")
    return _ENGINES.get(name, name)


def upstream(engine: str, text: str) -> Upstream:
    """``redis`` ``7.1`` of ElastiCache is Redis 7.0; a text that says no version gives ""."""
    kind = engine_kind(engine)
    rule = _RULES.get(engine.strip().lower()) or _RULES.get(kind)
    version, precision = stated(kind, text)
    if rule and text:
        mapped, note = rule(text)
        if note:
            version, precision = stated(kind, mapped)
            return kind, version, precision, note
    return kind, version, precision, _NOTES.get(kind, "")


def _aurora_mysql(text: str) -> tuple[str, str]:
    match = _AURORA_TEXT.match(text)
    if not match:
        return text, ""
    if match["line"] == "3":
        version = _AURORA.get(int(match["minor"]), match["mysql"])
    else:
        version = "5.7.44" if int(match["minor"]) >= 12 else match["mysql"]
    return version, f"Aurora's {match['line']}.{match['minor']} is MySQL {version}"


def _redis(text: str) -> tuple[str, str]:
    """There never was a Redis 7.1: AWS' is compatible with 7.0."""
    return ("7.0", "AWS' 7.1 is Redis 7.0") if re.match(r"7\.1(\.|$)", text) else (text, "")


def _valkey(text: str) -> tuple[str, str]:
    is_own = re.match(r"8\.2(\.|$)", text)
    return ("8.1", "AWS' 8.2 is Valkey 8.1 with search and bloom built in") if is_own else (text, "")


_RULES: dict[str, Callable[[str], tuple[str, str]]] = {
    "aurora": _aurora_mysql,
    "aurora-mysql": _aurora_mysql,
    "redis": _redis,
    "valkey": _valkey,
}
_NOTES = {
    "documentdb": "speaks MongoDB's protocol of that version and is no MongoDB",
    "neptune": "has no equivalent here",
    "redshift": "has no equivalent here",
}
