"""Settings as servers' own files and command lines write them -> names and values.

What comes out is all that is written, secrets too: it is for ``devenv.sources.allowed.allowed`` and for nobody else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from devenv import yamlio
from devenv.sources.command_lines import Pairs, of_command

__all__ = ["Pairs", "flat", "of_command", "pairs", "plugins_in"]

#: What is written over more is no configuration, or none that is worth the time.
_LONGEST = 1024 * 1024
#: Groups of an option file that the server itself reads; the others are its clients'.
_SERVER = re.compile(r"(?:mysqld|server|mariadb|mariadbd|galera)(?:[-_]?\d[\d.]*)?")
_NATS = re.compile(r"\s*([A-Za-z_]\w*)\s*(?:[:=]\s*|\s)([^\s{\[#][^#]*?)\s*;?\s*(?:#.*)?")


def pairs(kind: str, text: str) -> Pairs:
    """What a configuration file of a kind says, in its order; nothing for a kind whose files are of no such form."""
    read = _READERS.get(kind)
    return list(read(text)) if read and len(text) <= _LONGEST else []


def plugins_in(text: str) -> tuple[str, ...]:
    """The plugins of RabbitMQ's ``enabled_plugins``, which is a list in Erlang: ``[rabbitmq_shovel].``"""
    lines = (line.partition("%")[0] for line in text[:_LONGEST].splitlines())
    return tuple(dict.fromkeys(re.findall(r"[a-z]\w*", " ".join(lines))))


def flat(value: Any) -> Pairs:
    """A tree of settings with its names joined by dots; lists and what is deeper than anybody writes are left out."""
    found: Pairs = []
    waiting: list[tuple[str, Any, int]] = [("", value, 0)]
    while waiting:
        name, item, depth = waiting.pop()
        if isinstance(item, Mapping) and depth < 20:
            waiting += [(f"{name}.{key}" if name else str(key), inner, depth + 1) for key, inner in item.items()]
        elif name and isinstance(item, bool):
            found.append((name, "true" if item else "false"))
        elif name and isinstance(item, str | int | float):
            found.append((name, str(item)))
    return sorted(found)


def _postgres(text: str) -> Iterator[tuple[str, str]]:
    """``name = value``, the sign may be left out; a quote in a value stands twice or behind a backslash."""
    for line in text.splitlines():
        match = re.match(r"\s*([A-Za-z_][\w.]*)(?:\s*=\s*|\s+)('(?:[^'\\]|''|\\.)*'|[^\s#']+)", line)
        if match:
            value = match[2]
            quoted = value.startswith("'")
            yield match[1], re.sub(r"''|\\'", "'", value[1:-1]) if quoted else value


def _option_file(text: str) -> Iterator[tuple[str, str]]:
    """The server's groups of ``my.cnf``; an option without a value is switched on."""
    inside = False
    for line in text.splitlines():
        line = line.strip()
        if line.startswith("["):
            inside = bool(_SERVER.fullmatch(line.strip("[] \t").lower()))
        elif inside and line and line[0] not in "#;!":
            name, sign, value = line.partition("=")
            value = re.sub(r"\s+#.*$", "", value).strip()
            yield _mysql_name(name), _unquoted(value) if sign else "ON"


def _mysql_name(name: str) -> str:
    return re.sub(r"^loose[-_]", "", name.strip()).replace("-", "_")


def _redis(text: str) -> Iterator[tuple[str, str]]:
    """``name value …``; several lines of ``save`` add up."""
    saves: list[str] = []
    for line in text.splitlines():
        name, _, value = line.strip().partition(" ")
        if not name or name.startswith("#"):
            continue
        if name.lower() == "save":
            saves.append(value.strip())
        else:
            yield name.lower(), _unquoted(value.strip())
    if saves:
        yield "save", " ".join(_unquoted(save) for save in saves if _unquoted(save)) or '""'


def _rabbitmq(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        name, sign, value = line.partition("=")
        if sign and not name.lstrip().startswith("#"):
            yield name.strip(), _unquoted(re.sub(r"\s+#.*$", "", value).strip())


def _properties(text: str) -> Iterator[tuple[str, str]]:
    """Java's properties: ``=``, ``:`` or a space between name and value; a backslash at its end continues a line."""
    for line in re.sub(r"\\\r?\n[ \t]*", "", text).splitlines():
        match = re.match(r"\s*([^\s#!=:][^\s=:]*)\s*[=:\s]\s*(.*)", line)
        if match:
            yield match[1], match[2].strip()


def _yaml(text: str) -> Iterator[tuple[str, str]]:
    try:
        documents, _ = yamlio.parse_texts(text)
    except yamlio.YamlError:
        return
    yield from (pair for document in documents for pair in flat(document))


def _nats(text: str) -> Iterator[tuple[str, str]]:
    """The lines outside of all blocks."""
    depth = 0
    for line in text.splitlines():
        if depth == 0 and (match := _NATS.fullmatch(line[:500])):
            yield match[1].lower(), _unquoted(match[2].rstrip(","))
        code = line.partition("#")[0]
        depth = max(0, depth + sum(code.count(sign) for sign in "{[") - sum(code.count(sign) for sign in "}]"))


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value


_READERS: Mapping[str, Callable[[str], Iterator[tuple[str, str]]]] = {
    "postgres": _postgres,
    "mysql": _option_file,
    "mariadb": _option_file,
    "redis": _redis,
    "valkey": _redis,
    "rabbitmq": _rabbitmq,
    "kafka": _properties,
    "elasticsearch": _yaml,
    "opensearch": _yaml,
    "nats": _nats,
}
