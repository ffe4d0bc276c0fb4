"""Templates: the only user of jinja2. What a template may name is closed: an unknown name is an error, not nothing."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from jinja2 import Environment


class TemplateError(Exception):
    """A template that cannot be rendered; the message names it and, where known, the line."""


def render(name: str, text: str, values: Mapping[str, Any]) -> str:
    """Render one template; ``name`` is what messages call it. Raises TemplateError."""
    if (plain := _plainly(text, values)) is not None:
        return plain

    from jinja2 import TemplateError as JinjaError

    try:
        return str(_compiled(text).render(values))
    except (JinjaError, TypeError, ValueError) as error:
        line = getattr(error, "lineno", None) or _line_of(error)
        place = f"{name}:{line}" if line else name
        raise TemplateError(f"{place}: {error}") from error


#: What nearly all addresses and greetings of the catalogue are made of; ``said`` is the text between such pieces.
_PIECE = (
    r"\{\{ (?P<path>[a-z]\w*(?:\.[a-z]\w*|\[\d\])*)(?:\|(?P<filter>[a-z]+))? \}\}"
    r'|\{\{ (?P<text>"(?:[^"\\\r\n]|\\[nrt"\\])*") \}\}'
    r"|\{% if (?:'(?P<member>\w+)' in )?(?P<given>[a-z]\w*(?:\.[a-z]\w*)*) %\}"
    r"(?P<body>(?:(?!\{%[-+]?\s*(?:if|el|endif|raw))[^\r\n])*)\{% endif %\}"
    r"|(?P<said>[^{\r\n]+)"
)


class _NotPlain(Exception):
    """A template that takes the template engine."""


def _plainly(text: str, values: Mapping[str, Any]) -> str | None:
    """What jinja2 makes of a template of a few simple pieces; None for any other, and for one that is wrong.

    Loading jinja2 takes longer than all else that ``devenv env`` and ``devenv status`` do. A branch that is not taken
    is not read.
    """
    if "{" not in text:
        return text
    done, end = [], 0
    for match in re.finditer(_PIECE, text):
        if match.start() != end:
            return None
        try:
            done.append(_piece(match, values))
        except (_NotPlain, TypeError, ValueError):
            return None
        end = match.end()
    return "".join(done) if end == len(text) else None


def _piece(match: re.Match[str], values: Mapping[str, Any]) -> str:
    if match["said"]:
        return match["said"]
    if match["text"]:
        return str(json.loads(match["text"], strict=False))
    if match["given"]:
        given = _value(match["given"], values)
        holds = match["member"] in given if match["member"] else given
        body = _plainly(match["body"], values) if holds else ""
        if body is None:
            raise _NotPlain
        return body
    value = _value(match["path"], values)
    if match["filter"] is None:
        return str(value)
    if match["filter"] not in FILTERS:
        raise _NotPlain
    return FILTERS[match["filter"]](value)


def _value(path: str, values: Mapping[str, Any]) -> Any:
    """``options.databases[0]``, where every name is a key and no method of a dict."""
    found: Any = values
    for key in re.findall(r"\w+", path):
        if key.isdecimal() and isinstance(found, tuple | list) and int(key) < len(found):
            found = found[int(key)]
        elif isinstance(found, Mapping) and key in found and (found is values or not hasattr(found, key)):
            found = found[key]
        else:
            raise _NotPlain
    return found


def _line_of(error: BaseException) -> int | None:
    """The template line a runtime error came from: jinja2 rewrites tracebacks so that a frame names it."""
    line, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


@functools.cache
def _compiled(text: str) -> Any:
    return _environment().from_string(text)


@functools.cache
def _environment() -> Environment:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, autoescape=False
    )
    environment.filters.update(FILTERS)
    return environment


def compose_json(value: Any) -> str:
    """A value as JSON, which is YAML too, with ``$`` doubled so that Compose does not take it for a variable."""
    return plain_json(value).replace("$", "$$")


def plain_json(value: Any) -> str:
    """A value as JSON for a file in the container, where ``$`` is only a character.

    JSON lets DEL and the C1 controls stand as they are, YAML does not.
    """
    return _NOT_YAML.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False, default=list))


_NOT_YAML = re.compile("[\x7f-\x9f\ufeff\ufffe\uffff]")


def redis_word(value: object) -> str:
    """One word of a configuration file of Redis or Valkey, which know bytes as ``\\xHH`` (sdssplitargs)."""
    return '"' + "".join(_redis_byte(byte) for byte in str(value).encode()) + '"'


def _redis_byte(byte: int) -> str:
    char = chr(byte)
    if char in '"\\':
        return f"\\{char}"
    return char if " " <= char <= "~" else f"\\x{byte:02x}"


def nats_value(value: Any) -> str:
    """A value in a configuration file of NATS: as JSON, but that it knows characters by number only as ``\\xHH``."""
    return re.sub(r"\\(?:u(?P<number>[0-9a-f]{4})|(?P<letter>.))", _nats_escape, plain_json(value))


def _nats_escape(found: re.Match[str]) -> str:
    char = chr(int(found["number"], 16)) if found["number"] else {"b": "\b", "f": "\f"}.get(found["letter"], "")
    if not char:
        return found[0]
    return "".join(f"\\x{byte:02x}" for byte in char.encode())


def url_quote(value: object) -> str:
    """Percent-encode for any part of a URL: a password may hold ``@``, ``/`` or ``%``."""
    return quote(str(value), safe="")


def sql_string(value: object) -> str:
    """A standard SQL string literal."""
    return "'" + str(value).replace("'", "''") + "'"


def sql_name(value: object) -> str:
    """A quoted SQL identifier."""
    return '"' + str(value).replace('"', '""') + '"'


def mysql_string(value: object) -> str:
    """A MySQL string literal: there a backslash escapes too."""
    return "'" + str(value).replace("\\", "\\\\").replace("'", "''") + "'"


def mysql_name(value: object) -> str:
    """A quoted MySQL identifier."""
    return "`" + str(value).replace("`", "``") + "`"


def shell_word(value: object) -> str:
    """One word for a POSIX shell inside a container."""
    import shlex

    return shlex.quote(str(value))


def identifier(value: object) -> str:
    """A name that needs no quoting anywhere: ``shop-api`` -> ``shop_api``."""
    return re.sub(r"[^a-z0-9_]", "_", str(value).lower())


def switch(value: object, on: str = "on", off: str = "off") -> str:
    """A setting as servers write it: true and false as ``on`` and ``off`` or as named, anything else as text."""
    if isinstance(value, bool):
        return on if value else off
    return str(value)


def bytes_of(value: object) -> str:
    """The UTF-8 bytes of a text, one character a byte: what a greeting is made of."""
    return str(value).encode().decode("latin-1")


FILTERS: dict[str, Callable[..., str]] = {
    "tojson": compose_json,
    "json": plain_json,
    "redis": redis_word,
    "nats": nats_value,
    "url": url_quote,
    "sql": sql_string,
    "sqlname": sql_name,
    "mysql": mysql_string,
    "mysqlname": mysql_name,
    "sh": shell_word,
    "identifier": identifier,
    "switch": switch,
    "bytes": bytes_of,
}
