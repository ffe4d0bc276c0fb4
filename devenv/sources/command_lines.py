"""Command lines of servers -> the settings that they give, and whether it is a server at all that they start."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from devenv.sources.shell_script import LONGEST, commands, script_of

Pairs = list[tuple[str, str]]
#: Programs that come in a server's image and are none.
_TOOL_NAMES = """
psql pg_dump pg_dumpall pg_restore pg_isready pg_basebackup pgbench vacuumdb mysql mysqldump mysqladmin mariadb
mariadb-dump mariadb-backup redis-cli redis-benchmark redis-sentinel valkey-cli valkey-benchmark valkey-sentinel
mongosh mongo mongodump mongorestore rabbitmqctl rabbitmqadmin kafka-topics kafka-topics.sh kafka-configs.sh
kafka-console-consumer.sh kafka-console-producer.sh clickhouse-client mosquitto_sub mosquitto_pub sleep tail true
cat echo
"""
_TOOLS = frozenset(_TOOL_NAMES.split())
_SERVERS = re.compile(
    r"(?:docker-)?entrypoint\.sh|postgres|postmaster|mysqld(?:_safe)?|mariadbd(?:-safe)?|(?:redis|valkey|rabbitmq|nats)-server"
    r"|memcached|mongo[ds]|clickhouse(?:-server)?|kafka-server-start(?:\.sh)?|mosquitto|elasticsearch|opensearch|patroni"
)
#: MySQL's options that are switched on by their name alone; any other without a value is none.
_SWITCH_NAMES = """
innodb_strict_mode explicit_defaults_for_timestamp local_infile event_scheduler log_bin_trust_function_creators
slow_query_log
"""
_SWITCHES = frozenset(_SWITCH_NAMES.split())
_SHORT = {"postgres": {"-N": "max_connections"}, "memcached": {"-I": "max_item_size"}}


def of_command(kind: str, words: Sequence[str]) -> Pairs:
    """The settings that a command line gives a server of a kind, in its order.

    Also one that goes through a shell. What the shell fills in (``$NAME``) is left out.
    """
    read = _READERS.get(kind)
    found = read(kind, _unwrapped(words)) if read else ()
    return [(name, value) for name, value in found if not any(sign in value for sign in "$`")]


def starts_a_tool(words: Sequence[str]) -> bool:
    """Whether a command line starts a client or a script of clients rather than the image's server."""
    if "--sentinel" in words:
        return True
    script = script_of(words)
    started = commands(script) if script else [words[:1]]
    programs = {command[0].rpartition("/")[2] for command in started if command}
    return bool(programs & _TOOLS) and not any(_SERVERS.fullmatch(name) for name in programs)


def _unwrapped(words: Sequence[str]) -> list[str]:
    """The server's own words. Of a script that is the last command that starts one, and nothing else: what other
    commands are given may be a password."""
    script = script_of(words)
    if not script:
        return [word for word in words if len(word) <= LONGEST]
    return next((found for command in reversed(commands(script)) if (found := _of_server(command))), [])


def _of_server(command: Sequence[str]) -> list[str]:
    """A command from the name of a server on, which may stand behind a program that starts it (``gosu redis …``)."""
    if command[0].rpartition("/")[2] in _TOOLS:
        return []
    for index, word in enumerate(command[:4]):
        if _SERVERS.fullmatch(word.rpartition("/")[2]):
            return list(command[index:])
    return []


def _postgres(kind: str, words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """``-c name=value``, ``-cname=value``, ``--name=value``."""
    for index, word in enumerate(words):
        given = word[2:] if word.startswith("-c") and "=" in word and not word.startswith("--") else ""
        if word == "-c" and index + 1 < len(words):
            given = words[index + 1]
        name, sign, value = given.partition("=")
        if sign:
            yield name.strip(), value.strip().strip("'\"")
    yield from _options(kind, words, "_")


def _mysql(kind: str, words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """``--name=value``, ``--name value``; a switch may have none. A value may stand in a shell's quotation still."""
    for word, following in zip(words, [*words[1:], "--"], strict=False):
        name, sign, value = word.partition("=")
        if not name.startswith("--"):
            continue
        name = re.sub(r"^loose_", "", name[2:].replace("-", "_"))
        if sign:
            yield name, _unquoted(value)
        elif name in _SWITCHES or name.startswith("skip_"):
            yield name, "ON"
        elif not following.startswith("-"):
            yield name, following


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value


def _redis(kind: str, words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """``--name value``. Only ``--save`` has several: ``--save 60 1 300 10``; ``--save ""`` is none at all."""
    for index, word in enumerate(words):
        if not word.startswith("--") or len(word) == len("--"):
            continue
        name, values = word[2:].lower(), words[index + 1 :]
        if name == "save":
            numbers = itertools.takewhile(lambda text: re.fullmatch(r"\d+(?:\s+\d+)*", text), values)
            if kept := " ".join(numbers) or ('""' if values[:1] == [""] else ""):
                yield name, kept
        elif values and not values[0].startswith("--"):
            yield name, values[0]


def _options(kind: str, words: Sequence[str], joint: str) -> Iterator[tuple[str, str]]:
    """``--long-name=value``, and the few short options that are settings: ``-I 2m``, ``-I2m``."""
    short = _SHORT.get(kind, {})
    for index, word in enumerate(words):
        name, sign, value = word.partition("=")
        if name.startswith("--") and sign:
            yield name[2:].replace("-", joint), value
        elif word in short and index + 1 < len(words):
            yield short[word], words[index + 1]
        elif word[:2] in short and len(word) > 2:
            yield short[word[:2]], word[2:]


def _memcached(kind: str, words: Sequence[str]) -> Iterator[tuple[str, str]]:
    return _options(kind, words, "_")


def _given(flag: str) -> Callable[[str, Sequence[str]], Iterator[tuple[str, str]]]:
    """``-E name=value``, ``-Ename=value``, ``--override name=value``."""

    def read(kind: str, words: Sequence[str]) -> Iterator[tuple[str, str]]:
        for word, following in zip(words, [*words[1:], ""], strict=False):
            given = following if word == flag else word.removeprefix(flag) if word.startswith(flag) else ""
            name, sign, value = given.partition("=")
            if sign:
                yield name.strip(), value

    return read


_READERS: Mapping[str, Callable[[str, Sequence[str]], Iterator[tuple[str, str]]]] = {
    "postgres": _postgres,
    "mysql": _mysql,
    "mariadb": _mysql,
    "redis": _redis,
    "valkey": _redis,
    "memcached": _memcached,
    "kafka": _given("--override"),
    "elasticsearch": _given("-E"),
    "opensearch": _given("-E"),
}
