"""Tomorrow's upgrade rehearsed: on a copy, beside the running server, thrown away or adopted."""

from __future__ import annotations

import re
import signal
import sys

import pytest
import redis

from tests.engine.conftest import Make, Standin
from tests.engine.project import Project, own_port
from tests.engine.running import Running, Terminal, devenv, running, volumes, well
from tests.engine.upgrading import version, workbenches

CACHE = """\
# What the shop needs.
[services.cache]
kind = "redis"
version = "{version}"
port = {port}

[env]
CACHE_URL = "{{{{ services.cache.url }}}}"
"""
#: What a project's tests do: they read what is there, write, and say on which server that was.
TESTS = (
    "import os, redis; server = redis.Redis.from_url(os.environ['CACHE_URL'], decode_responses=True);"
    "assert server.get('today') == 'is here'; server.set('tried', 'it');"
    "print('on', server.info('server')['redis_version'])"
)


@pytest.fixture
def cache(project: Make, standins: tuple[Standin, ...]) -> Project:
    """Redis 7.0 with something in it."""
    own = project(CACHE.format(version=version(standins, "redis", "7.0"), port=own_port()))
    own.up()
    with redis.Redis.from_url(own.url("cache")) as client:
        client.set("today", "is here")
    return own


@pytest.fixture
def newer(standins: tuple[Standin, ...]) -> str:
    return version(standins, "redis", "8.0")


def there(own: Project) -> tuple[object, ...]:
    """All that a rehearsal must leave alone."""
    with redis.Redis.from_url(own.url("cache"), decode_responses=True) as client:
        data = client.info("server")["redis_version"], client.get("today"), client.get("tried")
    files = [(own.root / name).read_text() for name in ("devenv.toml", "devenv.lock", ".devenv/.env")]
    return data, files, volumes(own), running(own), workbenches(own)


def test_what_was_tried_is_thrown_away(cache: Project, newer: str) -> None:
    before = there(cache)
    tried = well(devenv(cache, "try", f"cache@{newer}", "--", sys.executable, "-c", TESTS))
    assert re.search(rf"↑ try cache: redis 7\.0\.15 → {newer}, on a copy of .*; \d+ MB, about \d+ s", tried.err)
    assert f"on {newer}\n" in tried.out
    assert f"cache on redis {newer}: redis://" in tried.out
    assert f"succeeded on redis {newer}" in tried.err
    assert "not adopted: there is no terminal to ask at; --adopt adopts it" in tried.err
    assert "thrown away; cache runs on as it was, and so does its data" in tried.err
    assert there(cache) == before


def test_the_commands_end_is_the_verdict(cache: Project, newer: str) -> None:
    """What fails is not adopted, whatever was asked for."""
    before = there(cache)
    ended = devenv(cache, "try", f"cache@{newer}", "--adopt", "--", "sh", "-c", "exit 7")
    assert (ended.code, f"sh -c 'exit 7' ended with code 7 on redis {newer}" in ended.err) == (7, True), ended
    assert "thrown away" in ended.err
    absent = devenv(cache, "try", f"cache@{newer}", "--", "no-such-program")
    assert (absent.code, "↑ try" in absent.err) == (127, False), absent
    assert there(cache) == before


def test_adopted(cache: Project, newer: str) -> None:
    """The copy is the data, with what was written to it, and there is a way back."""
    old = volumes(cache)
    ended = well(devenv(cache, "try", f"cache@{newer}", "--adopt", "--", sys.executable, "-c", TESTS))
    assert f"adopted: redis 7.0.15 → {newer}" in ended.err
    with redis.Redis.from_url(cache.url("cache"), decode_responses=True) as client:
        assert (client.info("server")["redis_version"], client.get("tried")) == (newer, "it")
    text = (cache.root / "devenv.toml").read_text()
    assert f'version = "{newer}"' in text
    assert "# What the shop needs." in text
    assert old < volumes(cache)
    assert workbenches(cache) == ""
    assert "nothing to do" in well(devenv(cache, "sync")).err
    well(devenv(cache, "sync", "--rollback", "--yes"))
    with redis.Redis.from_url(cache.url("cache"), decode_responses=True) as client:
        assert (client.info("server")["redis_version"], client.get("today")) == ("7.0.15", "is here")
        assert client.get("tried") is None


def test_somebody_at_a_terminal_is_asked(cache: Project, newer: str) -> None:
    before = there(cache)
    asked = Terminal(cache, "try", f"cache@{newer}")
    asked.says("Adopt it: devenv.toml gets the version, and this copy is the data?")
    asked.reads()
    asked.types("n\n")
    assert asked.end() == 0
    assert there(cache) == before


def test_another_release_that_opens_the_same_data(cache: Project) -> None:
    before = there(cache)
    tried = well(devenv(cache, "try", "cache@7.0", "--discard", "--", sys.executable, "-c", TESTS))
    assert "on 7.0.15\n" in tried.out
    assert there(cache) == before


def test_killed_meanwhile(cache: Project, newer: str) -> None:
    """The next devenv takes back what was left of it."""
    before = there(cache)
    killed = devenv(cache, "try", f"cache@{newer}", "--", "sh", "-c", "kill -KILL $PPID")
    assert killed.code == -signal.SIGKILL
    assert workbenches(cache) != ""
    assert "it is taken back, nothing is lost" in well(devenv(cache, "up")).err
    assert there(cache) == before


def test_interrupted(cache: Project, newer: str) -> None:
    before = there(cache)
    tried = Running(cache, "try", f"cache@{newer}", "--", "sh", "-c", "echo begun >&2; exec sleep 600")
    tried.says("\nbegun")
    tried.interrupt()
    assert tried.end().code == 130
    assert there(cache) == before


def test_mistakes(cache: Project, newer: str) -> None:
    for words, said in (
        (["cache"], "'cache' names no version"),
        (["cache@7.0.15"], "cache is 7.0.15 already"),
        (["nobody@1"], "no service 'nobody'"),
        ([f"cache@{newer}", "--adopt", "--discard"], "--adopt keeps the copy, --discard throws it away"),
    ):
        ended = devenv(cache, "try", *words)
        assert (ended.code, said in ended.err) == (2, True), ended
    ended = devenv(cache, "try", "cache@7.0.99")
    assert ended.code == 1, ended
    assert "7.0.99" in ended.err
