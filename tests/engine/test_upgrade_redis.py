"""Every key of Redis and Valkey goes to other versions and from one to the other, whatever it is and holds."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import ResponseError

from tests.engine.conftest import Make, Standin
from tests.engine.project import Project, own_port
from tests.engine.running import devenv
from tests.engine.test_sync import version

#: Nobody else's: while data is moved it is free, and tests in other processes want the standard one.
PORT = own_port()

BINARY = b"\x00\r\n'\"$`\xff "
#: Long after every test: keys and fields that end then are compared to the millisecond.
LATER = 4_000_000_000_123
LIBRARY = "#!lua name={0}\nredis.register_function('{0}', function(keys, args) return 'it\\'s ' .. args[1] end)\n\n"


def manifest(kind: str, number: str, *lines: str) -> str:
    more = "\n".join(lines)
    return f'[services.cache]\nkind = "{kind}"\nversion = "{number}"\nport = {PORT}\n{more}\n'


@contextlib.contextmanager
def client(own: Project, database: int = 0) -> Iterator[Any]:
    url = own.url("cache").rpartition("/")[0]
    found = Redis.from_url(f"{url}/{database}", socket_timeout=60, protocol=2)
    try:
        yield found
    finally:
        found.close()


def fill(own: Project) -> None:
    """All types, small and large, in three databases."""
    for database in (0, 3, 15):
        with client(own, database) as one:
            pipe = one.pipeline(transaction=False)
            pipe.set(BINARY, BINARY * 3)
            pipe.set("number", 12)
            pipe.set("", "a key without a name")
            for number in range(1500):
                pipe.set(f"user:{number}", f"{database} {number}")
            pipe.set("later", "x")
            pipe.pexpireat("later", LATER)
            pipe.set("soon", "x", ex=3)
            pipe.rpush("list", *range(10), BINARY, BINARY)
            pipe.sadd("set", *range(10), BINARY)
            pipe.sadd("words", "a", BINARY)
            pipe.hset("hash", mapping={"a": "1", BINARY: BINARY, b"": b""})
            pipe.pexpireat("hash", LATER + 1)
            pipe.zadd("zset", {"a": 0.1, BINARY: float("inf"), b"": float("-inf"), "c": 1e300, "d": 3.0})
            pipe.setbit("bits", 1000, 1)
            pipe.pfadd("counted", *range(1000))
            pipe.geoadd("places", (13.36, 38.11, "Palermo"))
            pipe.execute()
    with client(own) as one:
        for key, size in (("long list", 100000), ("large set", 30000), ("large hash", 30000), ("large zset", 30000)):
            for begin in range(0, size, 5000):
                part = [f"{number} {'x' * 20}" for number in range(begin, begin + 5000)]
                if key == "long list":
                    one.rpush(key, *part)
                elif key == "large set":
                    one.sadd(key, *part)
                elif key == "large hash":
                    one.hset(key, mapping=dict.fromkeys(part, BINARY))
                else:
                    one.zadd(key, {member: number / 3 for number, member in enumerate(part, begin)})
        one.pexpireat("large hash", LATER)
        one.set("large", BINARY * 1_000_000)
        streams(one)
        with contextlib.suppress(ResponseError):  # 7.0 and newer
            one.function_load(LIBRARY.format("mine"))
            one.function_load(LIBRARY.format("other"))


def streams(one: Any) -> None:
    for number in range(1, 100):
        one.xadd("events", {"n": number, BINARY: BINARY}, id=f"{number}-1")
    pipe = one.pipeline(transaction=False)
    for number in range(1, 4000):
        pipe.xadd("many events", {"n": number, "x": "y" * 20}, id=f"{number}-0")
    pipe.xadd("emptied", {"a": 1}, id="5-5")
    pipe.xdel("emptied", "5-5")
    pipe.xgroup_create("emptied", "nobody", id="0")
    pipe.execute()
    for name in ("events", "many events"):
        one.xgroup_create(name, BINARY, id="0")
        one.xgroup_create(name, "at the end", id="$")
        with contextlib.suppress(ResponseError):  # 6.2 and newer
            one.xgroup_createconsumer(name, "at the end", "idle")
        one.xreadgroup(BINARY, "first", {name: ">"}, count=20)
        one.xreadgroup(BINARY, "second", {name: ">"}, count=30)
        ids = [entry["message_id"] for entry in one.xpending_range(name, BINARY, "-", "+", 50)]
        one.xack(name, BINARY, *ids[::2])
        one.xclaim(name, BINARY, "third", 0, ids[1:9:2])
        one.xdel(name, ids[3], ids[11], ids[12])


def values(one: Any, keys: list[bytes], kinds: list[bytes]) -> list[Any]:
    """Many at once: asking for one after the other takes longer than everything else here."""
    pipe = one.pipeline(transaction=False)
    read: dict[bytes, Any] = {
        b"string": pipe.get,
        b"list": lambda key: pipe.lrange(key, 0, -1),
        b"set": pipe.smembers,
        b"hash": pipe.hgetall,
        b"zset": lambda key: pipe.zrange(key, 0, -1, withscores=True),
        b"stream": pipe.type,  # see below: it is asked several things
    }
    for key, kind in zip(keys, kinds, strict=True):
        read[kind](key)
    found = pipe.execute()
    return [
        stream(one, key) if kind == b"stream" else value for key, kind, value in zip(keys, kinds, found, strict=True)
    ]


def stream(one: Any, key: bytes) -> Any:
    about = one.xinfo_stream(key)
    groups = [{name: group[name] for name in group if name != "lag"} for group in one.xinfo_groups(key)]
    consumers = {
        group["name"]: sorted((item["name"], item["pending"]) for item in one.xinfo_consumers(key, group["name"]))
        for group in groups
    }
    pending = {
        group["name"]: [
            (item["message_id"], item["consumer"], item["times_delivered"])
            for item in one.xpending_range(key, group["name"], "-", "+", 10000)
            if one.xrange(key, item["message_id"], item["message_id"])
        ]
        for group in groups
    }
    for group in groups:
        group["pending"] = len(pending[group["name"]])
        group.pop("entries-read", None)
    consumers = {name: [one for one, _ in found] for name, found in consumers.items()}
    return about["last-generated-id"], about["length"], one.xrange(key), groups, consumers, pending


def read(own: Project) -> dict[tuple[int, bytes], Any]:
    """Everything, by database and key: its type, its value, and whether it ends."""
    found = {}
    for database in (0, 3, 15):
        with client(own, database) as one:
            keys = sorted(key for key in one.keys("*") if key != b"soon")
            ask = one.pipeline(transaction=False)
            for key in keys:
                ask.type(key)
                ask.ttl(key)
            told = ask.execute()
            kinds, ends = told[::2], told[1::2]
            for key, kind, value, left in zip(keys, kinds, values(one, keys, kinds), ends, strict=True):
                found[database, key] = (kind, value, left > 0)
    return found


def count(held: dict[tuple[int, bytes], Any]) -> int:
    assert len(held) > 4500
    return len(held)


def move(own: Project, text: str) -> dict[str, Any]:
    own.write(text)
    (upgrade,) = own.json("sync", "--yes")["upgrades"]
    assert isinstance(upgrade, dict)
    return upgrade


PASSWORD = 'password = "s e#c\'ret"'


@pytest.mark.parametrize(
    ("start", "others"),
    [
        pytest.param(("redis", "6.0"), [("redis", "7.0", "in place"), ("redis", "8.0", "in place")], id="redis"),
        pytest.param(("redis", "7.0"), [("valkey", "8.1", "in place"), ("valkey", "9.1", "in place")], id="valkey"),
        pytest.param(("redis", "8.0"), [("valkey", "8.1", "server")], id="away"),
        pytest.param(("valkey", "8.1"), [("redis", "8.0", "in place")], id="back"),
        pytest.param(("valkey", "9.1"), [("redis", "8.0", "server")], id="back-from-the-newest"),
    ],
)
def test_every_key(
    project: Make, standins: tuple[Standin, ...], start: tuple[str, str], others: list[tuple[str, str, str]]
) -> None:
    kind, series = start
    first = manifest(kind, version(standins, kind, series), PASSWORD)
    own = project(first)
    own.up()
    fill(own)
    before = read(own)
    count(before)
    functions = series != "6.0"
    for kind, series, way in others:
        upgrade = move(own, manifest(kind, version(standins, kind, series), PASSWORD))
        assert way in upgrade["way"]
        assert read(own) == before
        with client(own) as one:
            if way == "server" or start[1] != "6.0":
                assert one.pexpiretime("later") == LATER
            if functions:
                assert one.fcall("mine", 0, "ours") == b"it's ours"
                assert len(one.function_list()) == 2
    own.write(first)
    own.up()
    assert read(own) == before


@pytest.mark.parametrize("after", ["appendonly = true", "appendonly = false"])
@pytest.mark.parametrize("before", ["appendonly = true", "appendonly = false", 'appendonly = true\nsave = ""'])
def test_what_was_written_a_moment_before(
    project: Make, standins: tuple[Standin, ...], before: str, after: str
) -> None:
    """However it is kept, and however it is to be kept."""
    own = project(manifest("redis", version(standins, "redis", "6.0"), "[services.cache.settings]", before))
    own.up()
    with client(own) as one:
        one.set("old", "x" * 1000)
        one.bgsave()
        one.set("moment", time.time_ns())
        said = one.get("moment")
    move(own, manifest("redis", version(standins, "redis", "8.0"), "[services.cache.settings]", after))
    with client(own) as one:
        assert one.get("moment") == said
        assert one.get("old") == b"x" * 1000
    own.run("down")
    own.up()
    with client(own) as one:
        assert one.dbsize() == 2


def test_without_save_points_on_the_new_server(project: Make, standins: tuple[Standin, ...]) -> None:
    """What was copied key by key is on the disk, whatever the new server's settings say of later."""
    own = project(manifest("redis", version(standins, "redis", "8.0")))
    own.up()
    with client(own) as one:
        one.set("a", "1")
    move(own, manifest("valkey", version(standins, "valkey", "8.1"), "[services.cache.settings]", 'save = ""'))
    with client(own) as one:
        assert one.get("a") == b"1"


def test_fields_that_end(project: Make, standins: tuple[Standin, ...]) -> None:
    """Valkey 9 has them too; 8 has not, which is said."""
    own = project(manifest("redis", version(standins, "redis", "8.0")))
    own.up()
    with client(own) as one:
        one.hset("hash", mapping={"a": "1", "b": "2", "soon": "3"})
        one.execute_command("HPEXPIREAT", "hash", LATER, "FIELDS", 1, "a")
        one.execute_command("HEXPIRE", "hash", 2, "FIELDS", 1, "soon")
    valkey = [version(standins, "valkey", series) for series in ("9.1", "8.1")]
    move(own, manifest("valkey", valkey[0]))
    with client(own) as one:
        assert one.execute_command("HPEXPIRETIME", "hash", "FIELDS", 2, "a", "b") == [LATER, -1]
        assert one.hkeys("hash") == [b"a", b"b"]
    own.write(manifest("redis", version(standins, "redis", "8.0")))
    own.up()
    own.write(manifest("valkey", valkey[1]))
    ended = devenv(own, "sync", "--yes")
    assert ended.code == 0, ended.err
    assert "fields of hashes no longer end by themselves" in ended.err
    with client(own) as one:
        assert one.hget("hash", "a") == b"1"


def test_what_cannot_go(project: Make, standins: tuple[Standin, ...]) -> None:
    """A type that the other does not have, and a database for which there is no room."""
    redis, valkey = version(standins, "redis", "8.0"), version(standins, "valkey", "8.1")
    own = project(manifest("redis", redis))
    own.up()
    with client(own, 15) as one:
        one.set("a", "1")
    own.write(manifest("valkey", valkey, "[services.cache.settings]", "databases = 4"))
    ended = devenv(own, "sync", "--yes")
    assert ended.code == 1
    assert "there is data in database 15, and the new server has 4: settings.databases = 16" in ended.err
    with client(own, 15) as one:
        assert one.get("a") == b"1"
        assert one.info("server")["redis_version"] == redis
