"""What PostgreSQL, MySQL, MariaDB and MongoDB answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from devenv.document import items, table, text_at
from devenv.sources.live_told import Told, without_defaults

#: What else speaks PostgreSQL's protocol, by what ``version()`` says.
_LIKE_POSTGRES = (
    (r"Redshift (?P<version>[\d.]+)", "redshift"),
    (r"CockroachDB .*?v(?P<version>[\d.]+)", "cockroachdb"),
    (r"-YB-(?P<version>[\d.]+)", "yugabytedb"),
    (r"Greenplum Database (?P<version>[\d.]+)", "greenplum"),
    (r"Materialize(?: v(?P<version>[\d.]+))?", "materialize"),
    (r"CrateDB (?P<version>[\d.]+)", "cratedb"),
    (r"QuestDB", "questdb"),
)
#: What the official image makes where nobody says otherwise: initdb writes these into every configuration file.
_LOCALES = ("en_US.utf8", "en_US.UTF-8")
_OF_INITDB = {
    "datestyle": ("ISO, MDY",),
    "default_text_search_config": ("pg_catalog.english",),
    "lc_messages": _LOCALES,
    "lc_monetary": _LOCALES,
    "lc_numeric": _LOCALES,
    "lc_time": _LOCALES,
    "max_connections": ("100",),
    "timezone": ("Etc/UTC", "UTC"),
}
_LOCALE = re.compile(r"[\w.@-]{1,60}")
_PROVIDERS = {"i": ("icu", "--icu-locale"), "b": ("builtin", "--builtin-locale")}
_SUPERUSER = "the login may do everything: one that may connect, with the role pg_read_all_settings, is enough"
_HIDDEN = "the login has a setting of its own for {}, which hides the server's: ask as one that has none"

_LIKE_MYSQL = ((r"TiDB-v(?P<version>[\d.]+)", "tidb"), (r"MariaDB", "mariadb"))
#: MariaDB before 11 says ``5.5.5-`` first, for the sake of old replicas.
_MYSQL_VERSION = re.compile(r"(?:5\.5\.5-)?(?P<version>\d+\.\d+\.\d+)")
#: Origins of what nobody chose, in MySQL's and in MariaDB's words.
_NOBODY = frozenset(["COMPILED", "COMPILE-TIME", "AUTO", "NONE", "NULL", ""])
_ADMIN = "the login is an administrator's: one without any privilege is enough"
_NO_ORIGINS = "the server does not say which settings somebody has set, so none are told"

_EMULATES = "{} answers as MongoDB would: MongoDB of that number is an approximation"


def postgres(answers: Mapping[str, Any]) -> Told:
    """``version_num`` 150018 is 15.18, 90624 is 9.6.24."""
    words = text_at(answers, "version")
    for pattern, kind in _LIKE_POSTGRES:
        if match := re.search(pattern, words):
            return Told(kind, match.groupdict().get("version") or "", "version()")
    number = text_at(answers, "version_num")
    settings = {name.lower(): value for name, value in _texts(answers.get("settings")).items()}
    extensions = {str(name): str(text) for name, text in table(answers.get("extensions")).items() if name != "plpgsql"}
    return Told(
        "postgres",
        _postgres_version(int(number)) if re.fullmatch(r"[0-9]{5,6}", number) else "",
        "server_version_num",
        settings=without_defaults(settings, _OF_INITDB),
        extensions=dict(sorted(extensions.items())),
        remarks=tuple(_postgres_remarks(answers)),
    )


def _postgres_version(number: int) -> str:
    if number >= 100_000:
        return f"{number // 10_000}.{number % 10_000}"
    return f"{number // 10_000}.{number // 100 % 100}.{number % 100}"


def _postgres_remarks(answers: Mapping[str, Any]) -> Iterator[str]:
    if answers.get("superuser") is True:
        yield _SUPERUSER
    if hidden := [name for name in items(answers.get("hidden")) if isinstance(name, str)]:
        yield _HIDDEN.format(", ".join(hidden))
    database = table(answers.get("database"))
    encoding, collate, ctype = (text_at(database, name) for name in ("encoding", "collate", "ctype"))
    own = _PROVIDERS.get(text_at(database, "provider"))
    usual = encoding == "UTF8" and collate in _LOCALES and ctype in _LOCALES and not own
    words = [encoding, collate, ctype, *([text_at(database, "locale")] if own else [])]
    if usual or not all(_LOCALE.fullmatch(word) for word in words):
        return
    arguments = [f"--encoding={encoding}"]
    arguments += [f"--locale-provider={own[0]}", f"{own[1]}={words[-1]}"] if own else []
    arguments += [f"--locale={collate}"] if collate == ctype else [f"--lc-collate={collate}", f"--lc-ctype={ctype}"]
    yield f'its database sorts and compares in its own way: initdb_args = "{" ".join(arguments)}" makes the same'


def mysql(answers: Mapping[str, Any]) -> Told:
    """Settings are those that somebody has set, by whatever way."""
    text = text_at(answers, "version")
    match = _MYSQL_VERSION.match(text)
    kind, version = "mysql", match["version"] if match else ""
    for pattern, other in _LIKE_MYSQL:
        if found := re.search(pattern, f"{text} {text_at(answers, 'comment')}"):
            kind, version = other, found.groupdict().get("version") or version
            break
    origins = answers.get("origins")
    values = _texts(answers.get("variables"))
    chosen = {
        name: values[name]
        for name, origin in _texts(origins).items()
        if name in values and origin.upper() not in _NOBODY
    }
    remarks = [_ADMIN] if answers.get("admin") is True else []
    remarks += [_NO_ORIGINS] if origins is None and version else []
    return Told(kind, version, "version()", settings=_renamed(chosen), remarks=tuple(remarks))


def _renamed(settings: Mapping[str, str]) -> dict[str, str]:
    """As an option it has one name on all servers, as a variable two."""
    made = dict(settings)
    if old := made.pop("tx_isolation", ""):
        made.setdefault("transaction_isolation", old)
    return made


def mongodb(answers: Mapping[str, Any]) -> Told:
    """``like`` is what only speaks MongoDB's protocol."""
    version, like = text_at(answers, "version"), text_at(answers, "like")
    if like:
        return Told(like, version, "buildInfo.version", note=_EMULATES.format(like))
    features = text_at(answers, "features")
    old = bool(features) and not version.startswith(f"{features}.")
    remark = f"it behaves as MongoDB {features} does (featureCompatibilityVersion)"
    return Told("mongodb", version, "buildInfo.version", remarks=(remark,) if old else ())


def _texts(value: Any) -> dict[str, str]:
    return {str(name): text_at(value, name) for name in table(value)}
