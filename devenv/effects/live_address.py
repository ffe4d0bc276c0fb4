"""The address of a live server, taken apart. What is wrong with one is said without repeating any of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from urllib.parse import parse_qs, unquote, urlsplit

from devenv.model.record import record

#: What a database's own client would be told in the query, as far as it says where to log in and not how safely.
_OPTIONS = frozenset(["authSource", "authMechanism", "replicaSet", "directConnection", "tls", "ssl"])
_HOST = re.compile(r"[\w.-]+|[0-9A-Fa-f:.]+(?:%\w+)?")
#: How frameworks name the library after the database: ``postgresql+psycopg``.
_WITH_LIBRARY = re.compile(r"(postgres|postgresql|mysql|mariadb)\+\w+")


class Malformed(ValueError):
    """An address that cannot be used; the text is a sentence about it that holds nothing of it."""


@record
class Scheme:
    """``port`` is 0 where there is no usual one; ``tls`` is spoken from the first byte."""

    protocol: str
    port: int
    tls: bool = False


#: The management API of RabbitMQ and ClickHouse's HTTP are written with a name of their own, since ``http`` alone is
#: what a search engine's address begins with.
SCHEMES: Mapping[str, Scheme] = {
    "postgres": Scheme("postgres", 5432),
    "postgresql": Scheme("postgres", 5432),
    "mysql": Scheme("mysql", 3306),
    "mysql2": Scheme("mysql", 3306),
    "mariadb": Scheme("mysql", 3306),
    "redis": Scheme("redis", 6379),
    "rediss": Scheme("redis", 6379, tls=True),
    "valkey": Scheme("redis", 6379),
    "valkeys": Scheme("redis", 6379, tls=True),
    "amqp": Scheme("amqp", 5672),
    "amqps": Scheme("amqp", 5671, tls=True),
    "rabbitmq+http": Scheme("rabbitmq", 15672),
    "rabbitmq+https": Scheme("rabbitmq", 0, tls=True),
    "nats": Scheme("nats", 4222),
    "tls": Scheme("nats", 4222),
    "memcached": Scheme("memcached", 11211),
    "memcache": Scheme("memcached", 11211),
    "mongodb": Scheme("mongodb", 27017),
    "mongodb+srv": Scheme("mongodb", 27017, tls=True),
    "http": Scheme("search", 80),
    "https": Scheme("search", 443, tls=True),
    "clickhouse+http": Scheme("clickhouse", 8123),
    "clickhouse+https": Scheme("clickhouse", 8443, tls=True),
}


def can_be_asked(kind: str) -> bool:
    """Whether devenv can ask servers of a kind which version they are."""
    protocols = {scheme.protocol for scheme in SCHEMES.values()}
    return kind in {*SCHEMES, *protocols, "elasticsearch", "opensearch"}


@record
class Address:
    """``hosts`` are (host, port), one but for MongoDB; ``path`` is without its first slash, and not decoded."""

    scheme: str
    protocol: str
    hosts: tuple[tuple[str, int], ...]
    tls: bool
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    path: str = field(default="", repr=False)
    options: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def host(self) -> str:
        return self.hosts[0][0]

    @property
    def port(self) -> int:
        return self.hosts[0][1]

    @property
    def database(self) -> str:
        return unquote(self.path)


def parse(text: str) -> Address:
    """``scheme://user:password@host:port/path?options``. Raises Malformed."""
    text = text.strip()
    name, sign, _ = text.partition("://")
    if not sign or not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]{0,30}", name):
        raise Malformed("is no address of the form SCHEME://HOST:PORT/DATABASE, with USER:PASSWORD@ before the host")
    name = name.lower()
    scheme = SCHEMES.get(_WITH_LIBRARY.sub(r"\1", name))
    if scheme is None:
        raise Malformed(f"devenv cannot ask servers of the scheme {name}; it knows {', '.join(SCHEMES)}")
    try:
        split = urlsplit(text)
    except ValueError:
        raise Malformed("its host is no name of a host") from None
    login, _, hosts = split.netloc.rpartition("@")
    if "@" in split.path + split.query + split.fragment and not login:
        raise Malformed("signs like / ? # in a user's name or password must be written %2F %3F %23")
    found = tuple(_host(part, name, scheme) for part in hosts.split(","))
    if len(found) > 1 and scheme.protocol != "mongodb":
        raise Malformed("names several hosts: name one of them")
    user, _, password = login.partition(":")
    options = {key: values[-1] for key, values in parse_qs(split.query).items() if key in _OPTIONS}
    return Address(name, scheme.protocol, found, scheme.tls, unquote(user), unquote(password), split.path[1:], options)


def _host(text: str, name: str, scheme: Scheme) -> tuple[str, int]:
    match = re.fullmatch(r"(?:\[(?P<six>[^\[\]]+)\]|(?P<host>[^:\[\]]*))(?::(?P<port>.*))?", text, re.DOTALL)
    host = (match["six"] or match["host"] or "") if match else ""
    if match is None or not _HOST.fullmatch(host):
        raise Malformed("its host is no name of a host" if host or match is None else "names no host")
    digits = match["port"] or ""
    if not digits:
        if not scheme.port:
            raise Malformed(f"names no port, and {name} has no usual one")
        return host, scheme.port
    if not re.fullmatch(r"[0-9]{1,5}", digits) or not 0 < int(digits) < 65536:
        raise Malformed("its port is no number of a port; signs like / ? # in a password are written %2F %3F %23")
    return host, int(digits)
