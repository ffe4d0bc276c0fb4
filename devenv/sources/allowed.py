"""Which settings of a server may leave a source, by name, and which of them a developer's server should have too.

Every name that is on neither list stays where it is: beside settings stand passwords, and a list of what is harmless
is the only one that can be complete.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from devenv.model.fact import Evidence, Fact
from devenv.model.text import presentable
from devenv.sources.setting_names import MIRRORED, SIZES
from devenv.sources.variables import without_gaps

#: Settings of extensions, of which there are many.
_PREFIXES: Mapping[str, tuple[str, ...]] = {"postgres": ("pg_stat_statements.", "auto_explain.")}
#: Names that say the same another way.
_ALIASES: Mapping[str, Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "postgres": {"rds.logical_replication": ("wal_level", {"1": "logical", "on": "logical"})},
}
#: A formula over the size of a machine, as parameter groups hold them.
_FORMULA = re.compile(r"^\s*(\{|LEAST\(|GREATEST\(|SUM\()", re.IGNORECASE)
_USERINFO = re.compile(r"://[^/\s]*@")
#: No value of a setting that is told is longer.
_LONGEST = 300
_LONGEST_NOTE = 600
#: One value: a word, a number, an address of nothing. What holds spaces or signs of a shell or of a password's is none.
_ONE = re.compile(r"[\w.,:/+*%$-]+")
#: A number and its unit, which PostgreSQL lets stand apart.
_AMOUNT = re.compile(r"-?\d+(?:\.\d+)? ?(?:[kMGT]?B|us|ms|s|min|h|d)?")
_WORDS_OF_LIST = r"[\w.$/-]+"
_LIST = re.compile(rf"{_WORDS_OF_LIST}(?:\s*,\s*{_WORDS_OF_LIST})*")
_LOCALE = re.compile(r"[\w.-]+(?:@\w+)?")
_NAME = re.compile(r"[A-Za-z][\w.+-]{0,63}")
#: RabbitMQ's plugins are named in small letters.
_PLUGIN = {"rabbitmq": re.compile(r"[a-z][a-z0-9_]{0,63}")}
_VERSION = re.compile(r"[\w.+-]{0,40}")
#: Settings whose values have a form of their own.
_SHAPES: Mapping[str, re.Pattern[str]] = {
    "save": re.compile(r"\d+ \d+(?: \d+ \d+)*|\"\""),
    "search_path": re.compile(r"(?:[\w$-]+|\"[\w$ -]+\")(?:\s*,\s*(?:[\w$-]+|\"[\w$ -]+\"))*"),
    "shared_preload_libraries": _LIST,
    "session_preload_libraries": _LIST,
    "sql_mode": _LIST,
    "datestyle": re.compile(r"\w+(?:\s*,\s*\w+)?"),
    "default_transaction_isolation": re.compile(r"(?i)(?:read (?:un)?committed|repeatable read|serializable)"),
    "timezone": re.compile(r"[A-Z]{2,5}|[A-Z][a-z]+|\w+(?:/[\w+-]+)+|(?:[A-Z]{3})?[+-]\d[\d:]*"),
    **dict.fromkeys(("lc_messages", "lc_monetary", "lc_numeric", "lc_time"), _LOCALE),
}


def allowed(kind: str, settings: Mapping[str, str] | Iterable[tuple[str, str]]) -> dict[str, str]:
    """Those settings that may be told, by the server's own names, sorted. What is no plain value is left out."""
    pairs = settings.items() if isinstance(settings, Mapping) else settings
    kept = {}
    for name, value in pairs:
        name, value = _same(kind, name, str(value).strip())
        if is_told(kind, name) and _is_plain(name, value):
            kept[name] = value
    return dict(sorted(kept.items()))


def named(fact: Fact) -> Fact:
    """A fact of whose extensions and plugins only those are left that have a name of one, and whose own name holds no
    variable that nobody filled in. What it is called and where it was found can be shown and written anywhere."""
    shape = _PLUGIN.get(fact.kind, _NAME)
    return replace(
        fact,
        name=presentable(without_gaps(fact.name)),
        part_of=presentable(without_gaps(fact.part_of)),
        service=presentable(fact.service),
        members=tuple(presentable(member) for member in fact.members),
        evidence=_presentable(fact.evidence),
        setting_evidence={name: _presentable(evidence) for name, evidence in fact.setting_evidence.items()},
        note=presentable(fact.note, _LONGEST_NOTE),
        extensions={
            name: version if _VERSION.fullmatch(version) else ""
            for name, version in fact.extensions.items()
            if _NAME.fullmatch(name)
        },
        plugins=None if fact.plugins is None else tuple(name for name in fact.plugins if shape.fullmatch(name)),
    )


def _presentable(evidence: Evidence) -> Evidence:
    return replace(evidence, address=presentable(evidence.address), attribute=presentable(evidence.attribute))


def is_told(kind: str, name: str) -> bool:
    """Whether a setting may leave a source, whatever its value."""
    return is_mirrored(kind, name) or name in SIZES.get(kind, ()) or name in _ALIASES.get(kind, {})


def is_mirrored(kind: str, name: str) -> bool:
    """Whether a setting changes how an application behaves, rather than what a machine can bear."""
    return name in MIRRORED.get(kind, ()) or name.startswith(_PREFIXES.get(kind, ("\0",)))


def _is_plain(name: str, value: str) -> bool:
    """Whether a value has the form of one: what is written behind a name need not be what belongs there."""
    if len(value) > _LONGEST or _FORMULA.match(value) or _USERINFO.search(value):
        return False
    shape = _SHAPES.get(name)
    return bool(shape.fullmatch(value) if shape else _ONE.fullmatch(value) or _AMOUNT.fullmatch(value))


def _same(kind: str, name: str, value: str) -> tuple[str, str]:
    """The server's own name of a setting, and its value under that name; PostgreSQL's names know no capitals."""
    if kind in ("postgres", "mysql", "mariadb"):
        name = name.lower()
    if kind in ("mysql", "mariadb"):
        name = name.replace("-", "_")
    other, values = _ALIASES.get(kind, {}).get(name, (name, {}))
    return (other, values.get(value, "")) if values else (name, value)
