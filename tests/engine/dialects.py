"""What the tests say and ask in each kind's own language."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from tests.engine import clients, messaging

#: All that some layer between a manifest and a server could take for its own: TOML, YAML, Compose, SQL, shells, URLs.
PASSWORD = "a$b${c}'d\"e%f@g/h:i#j k\nl\\m`n{{o}}ü"
OTHER = "not-" + PASSWORD
SECOND = "second_one"


@dataclass(frozen=True)
class Dialect:
    """``first`` and ``changed`` are options of the service in TOML; after the change ``setting`` must give ``wanted``.

    The server goes on without one of the changed settings, as ``ignored`` says: after ``spoil``, or because of ``own``,
    which the user's own Compose file says of the service. ``second`` is where the database lies that only ``changed``
    has, ``user`` who can log in only then; "" where a kind has no such thing. ``password`` is whether one is needed to
    connect. ``refused`` is ``first`` with a setting that the running server can say it would not start with; "" where
    it cannot.
    """

    first: str
    changed: str
    write: Callable[[str], None]
    read: Callable[[str], Any]
    version: Callable[[str], str]
    setting: Callable[[str], Any]
    wanted: Any
    named: str
    second: str = ""
    user: str = ""
    password: bool = True
    keeps: bool = True
    own: str = ""
    spoil: Callable[[str], object] = lambda url: None
    ignored: tuple[str, ...] = ()
    refused: str = ""


def toml(**options: Any) -> str:
    """Options as TOML; settings as a table in one line. JSON's strings are TOML's too."""
    lines = []
    for name, value in options.items():
        if isinstance(value, dict):
            inner = ", ".join(f"{json.dumps(key)} = {json.dumps(item)}" for key, item in value.items())
            lines.append(f"{name} = {{ {inner} }}")
        else:
            lines.append(f"{name} = {json.dumps(value)}")
    return "\n".join(lines)


def elsewhere(url: str, path: str) -> str:
    """The same URL with another path."""
    return urlunsplit(urlsplit(url)._replace(path=path))


def _config(name: str) -> Callable[[str], Any]:
    def read(url: str) -> Any:
        with clients.redis_client(url) as client:
            return client.config_get(name)[name]

    return read


def _channel_max(url: str) -> Any:
    with clients.rabbitmq(url) as connection:
        return connection._impl.params.channel_max


def _item_size(url: str) -> Any:
    with clients.memcached(url) as client:
        return client.stats("settings")[b"item_size_max"]


def _max_payload(url: str) -> Any:
    async def act(client: Any) -> int:
        return int(client.max_payload)

    return messaging.nats_do(url, act)


def _nats_version(url: str) -> str:
    async def act(client: Any) -> str:
        return str(client._server_info["version"])

    return str(messaging.nats_do(url, act))


def _keepalive(url: str) -> Any:
    """What a client that asks for 60 seconds is told to keep."""
    properties, _ = messaging.mqtt_do(url, lambda client: None)
    return properties.ServerKeepAlive


_MYSQL = Dialect(
    first=toml(password=PASSWORD, databases=["shop"]),
    changed=toml(
        password=OTHER,
        root_password=PASSWORD,
        databases=["shop", SECOND],
        users={"re'ader": PASSWORD},
        settings={
            "max_connections": 57,
            "sql_mode": ["ANSI_QUOTES", "NO_BACKSLASH_ESCAPES"],
            "net_buffer_length": 1500,
        },
    ),
    write=clients.mysql_write,
    read=clients.mysql_read,
    version=clients.mysql_version,
    setting=lambda url: clients.mysql(url, "SELECT @@max_connections"),
    wanted=57,
    named="max_connections",
    ignored=("settings.net_buffer_length = 1500 is not in effect: the server has 1024",),
    user="re'ader",
    second=f"/{SECOND}",
    refused=toml(password=PASSWORD, databases=["shop"], settings={"sql_mode": "NONESUCH"}),
)
_REDIS = Dialect(
    first=toml(password=PASSWORD),
    changed=toml(
        password=OTHER,
        settings={
            "maxmemory-policy": "allkeys-lru",
            "appendonly": True,
            "save": ["60 1", "30 9"],
            "maxclients": 5000,
        },
    ),
    own="{ ulimits: { nofile: 1000 } }",
    ignored=("settings.maxclients = 5000 is not in effect: the server has 968",),
    write=clients.redis_write,
    read=clients.redis_read,
    version=clients.redis_version,
    setting=_config("maxmemory-policy"),
    wanted="allkeys-lru",
    named="maxmemory-policy",
    refused=toml(password=PASSWORD, settings={"maxmemory": "many"}),
)
DIALECTS = {
    "postgres": Dialect(
        first=toml(user="app", password=PASSWORD, databases=["shop"]),
        changed=toml(
            user="app",
            password=OTHER,
            databases=["shop", SECOND],
            users={"re'ader": PASSWORD},
            extensions=["pg_trgm"],
            settings={"work_mem": "7MB", "maintenance_work_mem": "33MB"},
        ),
        write=clients.postgres_write,
        read=clients.postgres_read,
        version=clients.postgres_version,
        setting=lambda url: clients.postgres(url, "SHOW work_mem"),
        wanted="7MB",
        named="work_mem",
        spoil=lambda url: clients.postgres(url, "ALTER DATABASE shop SET maintenance_work_mem = '44MB'"),
        ignored=("settings.maintenance_work_mem = 33MB is not in effect: the server has 44MB (database)",),
        user="re'ader",
        second=f"/{SECOND}",
        refused=toml(user="app", password=PASSWORD, databases=["shop"], settings={"max_connections": "many"}),
    ),
    "mysql": _MYSQL,
    "mariadb": _MYSQL,
    "redis": _REDIS,
    "valkey": _REDIS,
    "rabbitmq": Dialect(
        first=toml(password=PASSWORD),
        changed=toml(password=OTHER, vhosts=[SECOND], users={"reader": PASSWORD}, settings={"channel_max": 77}),
        write=clients.rabbitmq_write,
        read=clients.rabbitmq_read,
        version=clients.rabbitmq_version,
        setting=_channel_max,
        wanted=77,
        named="channel_max",
        user="reader",
        second=f"/{quote(SECOND)}",
    ),
    "memcached": Dialect(
        first="",
        changed=toml(settings={"max-item-size": "2m", "v": True}),
        write=clients.memcached_write,
        read=clients.memcached_read,
        version=clients.memcached_version,
        setting=_item_size,
        wanted=2 * 1024 * 1024,
        named="max-item-size",
        password=False,
        keeps=False,
    ),
    "nats": Dialect(
        first=toml(user="app", password=PASSWORD),
        changed=toml(
            user="app",
            password=OTHER,
            users={"reader": PASSWORD},
            settings={"max_payload": "2MB", "ping_interval": "30s", "jetstream.max_file_store": "1GB"},
        ),
        write=messaging.nats_write,
        read=messaging.nats_read,
        version=_nats_version,
        setting=_max_payload,
        wanted=2 * 1024 * 1024,
        named="max_payload",
        user="reader",
    ),
    "mosquitto": Dialect(
        first=toml(user="app", password=PASSWORD),
        changed=toml(user="app", password=OTHER, users={"reader": PASSWORD}, settings={"max_keepalive": 30}),
        write=messaging.mqtt_write,
        read=messaging.mqtt_read,
        version=messaging.mqtt_version,
        setting=_keepalive,
        wanted=30,
        named="max_keepalive",
        user="reader",
    ),
}
