"""Asking Redis and Valkey, in their own protocol: INFO, and CONFIG GET of one name after the other."""

from __future__ import annotations

from typing import Any

from devenv.effects.live_line import Endpoint, Line, NoAnswer

#: Settings that change how an application behaves. Never ``CONFIG GET *``: it tells passwords.
SETTINGS = (
    "maxmemory-policy",
    "notify-keyspace-events",
    "appendonly",
    "save",
    "databases",
    "cluster-enabled",
    "timeout",
    "lua-time-limit",
    "busy-reply-threshold",
)
#: Lines of INFO that are kept, by section.
_KEPT = {
    "server": [
        "server_name",
        "redis_version",
        "valkey_version",
        "dragonfly_version",
        "redis_mode",
        "server_mode",
        "executable",
    ],
    "memory": ["maxmemory_policy"],
    "persistence": ["aof_enabled"],
    "cluster": ["cluster_enabled"],
}
_REFUSALS = {
    "NOAUTH": "wants a login",
    "WRONGPASS": "refuses the login",
    "NOPERM": "does not let this login ask INFO",
    "LOADING": "is still loading its data",
    "DENIED": "lets only its own machine in (protected mode)",
}


class _Refusal(Exception):
    """What the server answers with an error."""

    @property
    def code(self) -> str:
        return str(self).partition(" ")[0]


def ask(way: Endpoint) -> dict[str, Any]:
    """Raises NoAnswer, OSError."""
    with way.plain_line() as line:
        try:
            _log_in(line, way.address.user, way.address.password)
            info: dict[str, str] = {}
            for section, names in _KEPT.items():
                told = _info(_run(line, "INFO", section))
                info |= {name: told[name][-1] for name in names if name in told}
            modules = _info(_run(line, "INFO", "modules")).get("module", [])
        except _Refusal as error:
            raise NoAnswer(_REFUSALS.get(error.code, "does not answer as Redis does")) from None
        return {
            "info": {**info, "executable": info.get("executable", "").rpartition("/")[2]},
            "modules": [_module(text) for text in modules],
            "config": _config(line),
        }


def _log_in(line: Line, user: str, password: str) -> None:
    if not password:
        return
    try:
        _run(line, "AUTH", *([user] if user else []), password)
    except _Refusal as error:
        said = str(error)
        if user and "wrong number of arguments" in said:  # before 6.0 there are no users
            _run(line, "AUTH", password)
        elif "no password" not in said and "without any password" not in said:
            raise NoAnswer("refuses the login") from None


def _config(line: Line) -> dict[str, str] | None:
    """None where the server, or whoever runs it, keeps its settings to itself."""
    found: dict[str, str] = {}
    for name in SETTINGS:
        try:
            answer = _run(line, "CONFIG", "GET", name)
        except _Refusal:
            return None
        if isinstance(answer, list) and len(answer) == 2 and answer[0] == name:
            found[name] = str(answer[1])
    return found


def _info(answer: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for text in str(answer).splitlines():
        name, sign, value = text.partition(":")
        if sign:
            found.setdefault(name, []).append(value)
    return found


def _module(text: str) -> list[str]:
    """``name=search,ver=21005,…`` -> [name, ver]"""
    parts = dict(part.partition("=")[::2] for part in text.split(","))
    return [parts.get("name", ""), parts.get("ver", "")]


def _run(line: Line, *words: str) -> Any:
    """One command and its answer. Raises _Refusal."""
    encoded = [word.encode() for word in words]
    line.send(b"*%d\r\n" % len(encoded) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in encoded))
    return _reply(line, 0)


#: Digits of a number that a server of Redis counts with.
_LONGEST_COUNT = 20


def _reply(line: Line, depth: int) -> Any:
    text = line.text().decode("utf-8", "replace")
    sign, rest = text[:1], text[1:]
    if sign == "-":
        raise _Refusal(rest)
    if sign in ("+", ":"):
        return rest
    is_count = len(rest) < _LONGEST_COUNT and rest.removeprefix("-").isdecimal()
    if sign not in ("$", "*") or depth > 4 or not is_count:
        raise NoAnswer("does not answer as Redis does")
    count = int(rest)
    if count < 0:
        return ""
    if sign == "*":
        return [_reply(line, depth + 1) for _ in range(min(count, 1000))]
    return line.exactly(count + 2)[:-2].decode("utf-8", "replace")
