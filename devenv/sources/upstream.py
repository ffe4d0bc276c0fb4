"""Versions as vendors of managed services number them -> the release of the server itself that this is.

The one place that knows where the two differ: all sources that read what a cloud says go through ``upstream``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from devenv.model.fact import Precision
from devenv.sources.precision import stated


class Upstream(NamedTuple):
    """``kind`` is ours, or the engine's own name, "" for what names no engine; ``note`` is a doubt in one sentence."""

    kind: str
    version: str = ""
    precision: Precision = Precision.NONE
    note: str = ""


class _Said(NamedTuple):
    """A version that is to be read as another one. ``part`` is what counts of it, by its beginning."""

    version: str
    note: str


#: What vendors call an engine -> what devenv calls it. Names that are the same are here too: what is not is foreign.
_KINDS: Mapping[str, str] = {
    "aurora": "mysql",
    "aurora-mysql": "mysql",
    "aurora-postgresql": "postgres",
    "docdb": "documentdb",
    "lavinmq": "lavinmq",
    "memcache": "memcached",
    "mongo": "mongodb",
    "pg": "postgres",
    "postgresql": "postgres",
}
_NAME = re.compile(r"[a-z][a-z0-9-]{0,40}")
#: Engines of which there are editions: ``sqlserver-ex``, ``oracle-se2``, ``custom-oracle-ee``.
_EDITIONS = re.compile(r"(?:custom-)?(?P<engine>sqlserver|oracle|db2)(?:-.*)?")
#: No vendor's version is longer.
_LONGEST = 60

#: Aurora MySQL -> MySQL, from the headings of AWS's release notes.
_AURORA_MYSQL: Mapping[str, str] = {
    "2.12": "5.7.44",
    "3.01": "8.0.23",
    "3.02": "8.0.23",
    "3.03": "8.0.26",
    "3.04": "8.0.28",
    "3.05": "8.0.32",
    "3.06": "8.0.34",
    "3.07": "8.0.36",
    "3.08": "8.0.39",
    "3.09": "8.0.40",
    "3.10": "8.0.42",
    "3.11": "8.0.43",
    "3.12": "8.0.44",
    "3.13": "8.0.45",
}
_AURORA = re.compile(r"(?P<mysql>\d+\.\d+)\.mysql_aurora\.(?P<aurora>(?P<minor>\d+\.\d+)[\d.]*)")
#: (vendor, kind, the version's first two numbers) -> what it is. These numbers are the vendor's own: no such release of
#: the server was ever made.
_OWN_NUMBERS: Mapping[tuple[str, str, str], _Said] = {
    ("elasticache", "redis", "7.1"): _Said("7.0", "ElastiCache's 7.1 is Redis 7.0"),
    ("memorydb", "redis", "7.1"): _Said("7.0", "MemoryDB's 7.1 is Redis 7.0"),
    ("elasticache", "valkey", "8.2"): _Said("8.1", "ElastiCache's 8.2 is Valkey 8.1 with AWS's own search built in"),
    ("memorydb", "valkey", "7.3"): _Said("7.2", "MemoryDB's 7.3 is Valkey 7.2 in several regions"),
}
#: (vendor, kind, the whole text) -> what it is. Labels for a series, not releases. Aiven's is remembered, not read.
_LABELS: Mapping[tuple[str, str, str], _Said] = {
    ("aiven", "mysql", "8"): _Said("8.0", "Aiven's MySQL 8 is MySQL 8.0"),
    ("azure", "mysql", "8.0.21"): _Said("8.0", "Azure's 8.0.21 stands for whichever MySQL 8.0 it runs"),
    ("digitalocean", "mysql", "8"): _Said("8.0", "DigitalOcean's MySQL 8 is MySQL 8.0"),
}
#: Engines of which an equal cannot be run elsewhere.
_ALONE: Mapping[str, str] = {
    "documentdb": "DocumentDB only imitates MongoDB {version}: a local MongoDB is an approximation",
    "neptune": "Neptune has no equivalent that runs locally",
    "redshift": "Redshift has no equivalent that runs locally",
}
#: What is to be known of a kind at a vendor's whatever its version.
_REMARKS: Mapping[tuple[str, str], str] = {
    ("alloydb", "postgres"): "AlloyDB is Google's own server, compatible with PostgreSQL",
    ("digitalocean", "redis"): "DigitalOcean turned its Redis into Valkey in 2025: ask the server itself",
    ("mq", "activemq"): "this is ActiveMQ Classic, not Artemis",
}


def upstream(engine: str, text: str, *, vendor: str = "") -> Upstream:
    """What runs where a vendor says ``engine`` and ``text``; either may be "" where it is not said.

    Google's versions name the engine themselves (``POSTGRES_15``), and so do OpenSearch's (``OpenSearch_2.11``).
    """
    text = text.strip()[:_LONGEST]
    split = _SPLITTERS.get(vendor)
    if split:
        engine, text = split(engine, text)
    kind = kind_of(engine)
    if kind == "mysql" and (match := _AURORA.match(text)):
        return _aurora(match)
    version, precision = stated(kind, text)
    said = _OWN_NUMBERS.get((vendor, kind, ".".join(version.split(".")[:2]))) or _LABELS.get((vendor, kind, text))
    if said:
        return Upstream(kind, *stated(kind, said.version), said.note)
    return Upstream(kind, version, precision, _remark(vendor, kind, version))


def kind_of(engine: str) -> str:
    """Our name of an engine; "" for what can be no name of one."""
    engine = engine.strip().lower()
    if match := _EDITIONS.fullmatch(engine):
        return match["engine"]
    return _KINDS.get(engine, engine) if _NAME.fullmatch(engine) else ""


def _remark(vendor: str, kind: str, version: str) -> str:
    if kind in _ALONE:
        return _ALONE[kind].format(version=version).replace(" :", ":")
    return _REMARKS.get((vendor, kind), "")


def _aurora(match: re.Match[str]) -> Upstream:
    """Since 8.4 Aurora bears the number of the MySQL that it is; before, a table tells."""
    series, aurora = match["mysql"], match["aurora"]
    if aurora.startswith(f"{series}."):
        return Upstream("mysql", *stated("mysql", aurora))
    if known := _AURORA_MYSQL.get(match["minor"]):
        return Upstream("mysql", *stated("mysql", known), f"Aurora MySQL {aurora} is compatible with MySQL {known}")
    note = f"Aurora MySQL {aurora} is MySQL {series}; which release is not known to devenv: ask the server itself"
    return Upstream("mysql", *stated("mysql", series), note)


def _google(engine: str, text: str) -> tuple[str, str]:
    """``MYSQL_8_0_36.R20240401.03_00`` -> mysql, 8.0.36; ``REDIS_6_X`` -> redis, 6; ``memcached-1.6.15``."""
    match = re.match(r"(?P<engine>[A-Za-z]+)[_-](?P<version>\d+(?:[_.]\d+)*)", text)
    if match is None:
        return engine, text if text[:1].isdigit() and not re.match(r"\d{8}", text) else ""
    version = match["version"].replace("_", ".")
    if "_" in match["version"] and (early := re.match(r"[\d_]+", match["version"])):
        version = early[0].replace("_", ".").strip(".")  # what follows a dot is the maintenance release
    return match["engine"], version


def _named(engine: str, text: str) -> tuple[str, str]:
    """``Elasticsearch_7.10`` -> elasticsearch, 7.10."""
    name, sign, version = text.partition("_")
    return (name, version) if sign else (engine, text)


#: What Lambda calls runtimes: ``python3.12``, ``nodejs20.x``, ``java21``; ``provided.al2023`` brings its own.
_RUNTIME = re.compile(r"(?P<engine>python|nodejs|ruby|java)(?P<version>\d+(?:\.\d+)*)[\w.]*")


def _runtime(engine: str, text: str) -> tuple[str, str]:
    match = _RUNTIME.fullmatch(text)
    return (match["engine"].replace("nodejs", "node"), match["version"]) if match else ("", "")


_SPLITTERS: Mapping[str, Callable[[str, str], tuple[str, str]]] = {
    "alloydb": _google,
    "google": _google,
    "lambda": _runtime,
    "opensearch": _named,
}
