"""Command lines of servers -> the settings that they give, and whether it is a server at all that they start."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence

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
_SHELLS = frozenset(["sh", "bash", "ash", "dash"])
#: Between the commands of a script.
_BREAKS = re.compile(r"[;&|\n()]+|\b(?:do|then|else|exec|while|until|if|done|fi)\b|!")
#: Scripts and words that are longer are no command line of a server.
_LONGEST = 20_000
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
    script = _script(words)
    commands = _BREAKS.split(script) if script else [" ".join(words[:1])]
    programs = {part.split()[0].rpartition("/")[2] for part in commands if part.split()}
    return bool(programs & _TOOLS) and not any(_SERVERS.fullmatch(name) for name in programs)


def _script(words: Sequence[str]) -> str:
    """What a shell is given to run; "" where there is no shell."""
    for index, word in enumerate(words[:4]):
        if word.rpartition("/")[2] in _SHELLS:
            texts = [text for text in words[index + 1 :] if not re.fullmatch(r"-[a-z]+", text)]
            asked = any(re.fullmatch(r"-[a-z]*c", flag) for flag in words[index + 1 : index + 4])
            return texts[0][:_LONGEST] if texts and asked else ""
    return ""


def _unwrapped(words: Sequence[str]) -> list[str]:
    script = _script(words)
    if not script:
        return [word for word in words if len(word) <= _LONGEST]
    try:
        return _last_command(shlex.split(script))
    except ValueError:  # a quotation that never ends
        return []


def _last_command(words: Sequence[str]) -> list[str]:
    """The words behind the last sign that ends a command: the server is what a script ends in."""
    for index in range(len(words) - 2, -1, -1):
        if words[index] in ("&&", "||", ";", "|") or words[index].endswith(";"):
            return list(words[index + 1 :])
    return list(words)


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
    for word in words:
        name, sign, value = word.partition("=")
        if name.startswith("--"):
            yield re.sub(r"^loose_", "", name[2:].replace("-", "_")), value if sign else "ON"


def _redis(kind: str, words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """``--name value …`` up to the next name."""
    name, values = "", list[str]()
    for word in [*words, "--"]:
        if not word.startswith("--"):
            values.append(word or '""')
            continue
        if name and values:
            yield name, " ".join(values)
        name, values = word[2:].lower(), []


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
