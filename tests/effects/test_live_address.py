from __future__ import annotations

import pytest

from devenv.effects.live_address import SCHEMES, Address, Malformed, parse


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "postgres://ann:s%2Fe%40c%23@db.example.com:5433/my%20db?sslmode=disable",
            Address("postgres", "postgres", (("db.example.com", 5433),), False, "ann", "s/e@c#", "my%20db"),
        ),
        ("postgresql://db", Address("postgresql", "postgres", (("db", 5432),), False)),
        (
            "postgresql+psycopg://u@db/x",
            Address("postgresql+psycopg", "postgres", (("db", 5432),), False, "u", "", "x"),
        ),
        ("mysql+pymysql://u:p@db", Address("mysql+pymysql", "mysql", (("db", 3306),), False, "u", "p")),
        ("mysql2://db:3307", Address("mysql2", "mysql", (("db", 3307),), False)),
        ("REDISS://:p@cache:6380/1 \n", Address("rediss", "redis", (("cache", 6380),), True, "", "p", "1")),
        ("valkey://[::1]:7000", Address("valkey", "redis", (("::1", 7000),), False)),
        ("amqps://u:p@mq/%2Fvhost", Address("amqps", "amqp", (("mq", 5671),), True, "u", "p", "%2Fvhost")),
        ("rabbitmq+http://mq", Address("rabbitmq+http", "rabbitmq", (("mq", 15672),), False)),
        ("https://es.example.com", Address("https", "search", (("es.example.com", 443),), True)),
        ("tls://nats", Address("tls", "nats", (("nats", 4222),), False)),
        (
            "mongodb://u:p@a:27017,b:27018,[::1]/shop?replicaSet=rs0&authSource=admin&tlsInsecure=true",
            Address(
                "mongodb",
                "mongodb",
                (("a", 27017), ("b", 27018), ("::1", 27017)),
                False,
                "u",
                "p",
                "shop",
                {"replicaSet": "rs0", "authSource": "admin"},
            ),
        ),
        ("redis://u:p@x@host", Address("redis", "redis", (("host", 6379),), False, "u", "p@x")),
    ],
)
def test_addresses(text: str, wanted: Address) -> None:
    assert parse(text) == wanted


def test_a_database_is_named_in_the_path() -> None:
    assert parse("postgres://u@h/my%20db").database == "my db"


NO_FORM = "is no address of the form SCHEME://HOST:PORT/DATABASE, with USER:PASSWORD@ before the host"
NO_HOST = "its host is no name of a host"
SIGNS = "signs like / ? # in a user's name or password must be written %2F %3F %23"
PORT = "its port is no number of a port; signs like / ? # in a password are written %2F %3F %23"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", NO_FORM),
        ("host=db user=c4n4ry password=c4n4ry", NO_FORM),
        ("c4n4ry", NO_FORM),
        ("c4n4ry c4n4ry://x", NO_FORM),
        ("postgres:c4n4ry@host", NO_FORM),
        ("sqs://c4n4ry@host", f"devenv cannot ask servers of the scheme sqs; it knows {', '.join(SCHEMES)}"),
        (
            "redis+sentinel://c4n4ry@host",
            f"devenv cannot ask servers of the scheme redis+sentinel; it knows {', '.join(SCHEMES)}",
        ),
        ("postgres://", "names no host"),
        ("postgres://c4n4ry@/db", "names no host"),
        ("postgres:///c4n4ry", "names no host"),
        ("postgres://%2Fvar%2Frun/c4n4ry", NO_HOST),
        ("postgres://[c4n4ry", NO_HOST),
        ("postgres://u:p@[c4n4ry]:1", NO_HOST),
        ("postgres://u:c4n4ry/x@host/db", SIGNS),
        ("postgres://u:12#c4n4ry@host/db", SIGNS),
        ("postgres://u:c4n4ry?x@host/db", SIGNS),
        ("postgres://u:c4n4ry/x", PORT),
        ("postgres://host:0/c4n4ry", PORT),
        ("postgres://host:65536", PORT),
        ("postgres://host:٣", PORT),
        ("postgres://a,b/c4n4ry", "names several hosts: name one of them"),
        ("rabbitmq+https://c4n4ry@mq", "names no port, and rabbitmq+https has no usual one"),
    ],
)
def test_addresses_that_cannot_be_used(text: str, sentence: str) -> None:
    with pytest.raises(Malformed) as caught:
        parse(text)
    assert str(caught.value) == sentence
    assert caught.value.__cause__ is None


def test_a_login_is_not_shown() -> None:
    assert "c4n4ry" not in repr(parse("mongodb://c4n4ry:c4n4ry@h/c4n4ry?authSource=c4n4ry"))
