"""TOML text: values out of it, and where in it a key stands."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from devenv.nesting import DEEPEST, is_too_deep

Key = str | int
Path = tuple[Key, ...]


class TomlError(ValueError):
    """Text that is no TOML: ``message`` without the position, ``line`` 1-based (None: not said)."""

    def __init__(self, message: str, line: int | None) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


_POSITION = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)")
#: How a message ends that is about a document which goes on where the text does not.
AT_THE_END = ", where the file ends"


#: A key of so many parts: tomllib takes time by the square of their number.
_LONG_KEY = re.compile(
    r"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){%d}""" % DEEPEST  # noqa: UP031
)
_LONG_NUMBER = re.compile(r"[\d_]{4300,}")
#: TOML's own limit for whole numbers.
_MOST_BITS = 64


class WrittenFloat(float):
    """A number that prints as it stands in the text: ``15.20`` is another version than ``15.2``."""

    text: str

    def __new__(cls, text: str) -> WrittenFloat:
        number = super().__new__(cls, text)
        number.text = text
        return number

    def __str__(self) -> str:
        return self.text


def parse(text: str, *, parse_float: Callable[[str], float] = float) -> dict[str, Any]:
    """The values of a document. Raises TomlError, also for what nobody could walk or print."""
    if found := _LONG_KEY.search(text):
        raise TomlError(f"a key has more than {DEEPEST} parts", _line_of(text, found.start()))
    try:
        values = tomllib.loads(text, parse_float=parse_float)
    except tomllib.TOMLDecodeError as error:
        prose = str(error)
        position = _POSITION.search(prose)
        message = _POSITION.sub("", prose)
        if position and position[1]:
            raise TomlError(message, int(position[1])) from error
        raise TomlError(message + AT_THE_END, text.rstrip().count("\n") + 1) from error
    except RecursionError:
        raise TomlError("nested too deeply", None) from None
    except ValueError:  # Python reads no number of thousands of digits
        found = _LONG_NUMBER.search(text)
        raise TomlError("a number has too many digits", _line_of(text, found.start()) if found else None) from None
    if is_too_deep(values):
        raise TomlError("nested too deeply", None)
    if path := _first(values, _is_too_large):
        raise TomlError("a number has too many digits", locate(text, path))
    if path := _first(values, _has_nul):
        raise TomlError("a text has a NUL character, which no file and no program takes", locate(text, path))
    return values


def _line_of(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _is_too_large(value: Any) -> bool:
    return isinstance(value, int) and value.bit_length() > _MOST_BITS


def _has_nul(value: Any) -> bool:
    return isinstance(value, str) and "\0" in value


def _first(value: Any, is_wrong: Callable[[Any], bool]) -> Path:
    """Where the first value stands that is wrong; () if none is."""
    inner: Iterable[tuple[Key, Any]] = ()
    if isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, list):
        inner = enumerate(value)
    for key, item in inner:
        if is_wrong(item):
            return (key,)
        if below := _first(item, is_wrong):
            return (key, *below)
    return ()


def child(data: Any, key: Key) -> Any:
    """The value at one key of a table or one index of a list. Raises KeyError where there is none."""
    if isinstance(data, dict) and key in data:
        return data[key]
    if isinstance(data, list) and isinstance(key, int) and key < len(data):
        return data[key]
    raise KeyError(key)


def locate(text: str, path: Sequence[Key]) -> int | None:
    """The 1-based line of the key at ``path``, or of the nearest thing above it that the text has; None: nowhere.

    A table without a header of its own is where the first of its keys is.
    """
    lines = positions(text)
    above = (tuple(path[:length]) for length in range(len(path), 0, -1))
    return next((lines[place] for place in above if place in lines), None)


@lru_cache(maxsize=4)
def positions(text: str) -> Mapping[Path, int]:
    """Path -> line of every key, table and element of an array in a valid document.

    Parsers of TOML keep no positions. For a text that is known to be valid, strings, comments and brackets are all
    that has to be understood to find them.
    """
    scanner = _Scanner(text)
    scanner.document()
    return scanner.lines


_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_PLAIN = re.compile(r"[^,\]}#\n]+")
#: From the opening quotes to the closing ones, before which a long string may end with two more of its own.
_STRINGS = (
    re.compile(r'"""(?:[^\\]|\\.)*?"""(?:""|")?', re.DOTALL),
    re.compile(r"'''.*?'''(?:''|')?", re.DOTALL),
    re.compile(r'"(?:[^"\\\n]|\\.)*"'),
    re.compile(r"'[^'\n]*'"),
)


class _Scanner:
    """Walks a document once, from the first character to the last."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._lengths: dict[Path, int] = {}
        self.lines: dict[Path, int] = {}

    def document(self) -> None:
        table: Path = ()
        while self._skip(_BLANK) < len(self._text):
            before = self._at
            if self._text.startswith("[", before):
                table = self._header()
            else:
                self._pair(table)
            if self._at == before:  # no valid document: end all the same
                self._at += 1

    def _skip(self, pattern: re.Pattern[str]) -> int:
        match = pattern.match(self._text, self._at)
        self._at = match.end() if match else self._at
        return self._at

    def _take(self, sign: str) -> bool:
        found = self._text.startswith(sign, self._at)
        self._at += len(sign) if found else 0
        return found

    def _record(self, path: Path, at: int) -> None:
        line = bisect_right(self._starts, at)
        for length in range(1, len(path) + 1):
            self.lines.setdefault(path[:length], line)

    def _header(self) -> Path:
        """``[table]`` or ``[[array of tables]]``: names on the way that are arrays mean their last element."""
        start = self._at
        many = self._take("[[") or not self._take("[")
        path: Path = ()
        names = self._key()
        for name in names[:-1]:
            path = (*path, name)
            if path in self._lengths:
                path = (*path, self._lengths[path] - 1)
        path = (*path, *names[-1:])
        if many:
            self._record(path, start)
            self._lengths[path] = self._lengths.get(path, 0) + 1
            path = (*path, self._lengths[path] - 1)
        self._record(path, start)
        self.lines[path] = bisect_right(self._starts, start)  # a header counts before keys of tables below it
        self._take("]]" if many else "]")
        return path

    def _key(self) -> Path:
        """A name, or several with dots between them."""
        parts: list[str] = []
        while True:
            start = self._skip(_SPACE)
            if self._string():
                parts.append(_unquoted(self._text[start : self._at]))
            else:
                parts.append(self._text[start : self._skip(_BARE)])
            self._skip(_SPACE)
            if not self._take("."):
                return tuple(parts)

    def _string(self) -> bool:
        before = self._at
        return any(self._skip(pattern) > before for pattern in _STRINGS)

    def _pair(self, table: Path) -> None:
        start = self._at
        path = (*table, *self._key())
        self._record(path, start)
        self._take("=")
        self._value(path)

    def _value(self, path: Path) -> None:
        self._skip(_SPACE)
        if self._take("["):
            index = 0
            while self._more("]"):
                self._record((*path, index), self._at)
                self._value((*path, index))
                index += 1
        elif self._take("{"):
            while self._more("}"):
                self._pair(path)
        elif not self._string():
            before = self._at
            if self._skip(_PLAIN) == before:  # no valid document: go on all the same
                self._at += 1

    def _more(self, end: str) -> bool:
        """Whether an array or an inline table goes on; stands at its next element then, behind its end if not."""
        self._skip(_BLANK)
        if self._take(","):
            self._skip(_BLANK)
        return self._at < len(self._text) and not self._take(end)


def _unquoted(text: str) -> str:
    try:
        return str(tomllib.loads(f"key = {text}")["key"])
    except tomllib.TOMLDecodeError:
        return text
