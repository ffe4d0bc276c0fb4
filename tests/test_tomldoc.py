"""TOML text: values out of it, and where in it a key stands."""

from __future__ import annotations

import itertools
import json
import re
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.tomldoc import TomlError, locate, parse, positions

MANIFEST = '''\
requires = ">=0.1"

[project]
name = "shop"   # [services.db]

[services.db]
kind = "postgres"
extensions = [
  "vector",  # one
  "hstore",
]
users = { bob = "x", "al ice" = "y" }
settings.log.level = 5

[services.db.settings.deep]
a = """
[services.cache]
kind = 'none'
"""

[services."my cache"]
kind = 'redis'

[[environments.production.sources]]
kind = "one"

[[environments.production.sources]]
kind = "two"
[environments.production.sources.more]
x = [["services"], [{ y = 1 }]]
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("requires",), 1),
        (("project",), 3),
        (("project", "name"), 4),
        (("services",), 6),
        (("services", "db"), 6),
        (("services", "db", "kind"), 7),
        (("services", "db", "extensions"), 8),
        (("services", "db", "extensions", 0), 9),
        (("services", "db", "extensions", 1), 10),
        (("services", "db", "users", "al ice"), 12),
        (("services", "db", "settings", "log", "level"), 13),
        (("services", "db", "settings", "deep", "a"), 16),
        (("services", "my cache"), 21),
        (("environments", "production"), 24),
        (("environments", "production", "sources"), 24),
        (("environments", "production", "sources", 0), 24),
        (("environments", "production", "sources", 1), 27),
        (("environments", "production", "sources", 1, "kind"), 28),
        (("environments", "production", "sources", 1, "more", "x", 1, 0, "y"), 30),
    ],
)
def test_where_a_key_stands(path: tuple[str | int, ...], line: int) -> None:
    assert locate(MANIFEST, path) == line


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("services", "db", "version"), 6),  # the header of its table
        (("services", "cache", "kind"), 6),  # what is named inside a text is not there
        (("services", "db", "extensions", 7), 8),
        (("environments", "staging"), 24),
        (("env", "URL"), None),
        ((), None),
    ],
)
def test_what_is_not_there_is_looked_for_above(path: tuple[str | int, ...], line: int | None) -> None:
    assert locate(MANIFEST, path) == line


def test_a_header_counts_before_the_tables_below_it() -> None:
    assert locate("[a.b]\nx = 1\n[a]\ny = 2\n", ("a",)) == 3


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ('a = "1"\nb = \n', "Invalid value", 2),
        ("a = 1\na = 2\n", "Cannot overwrite a value", 2),
        ("[a]\n[b]\n[a]\n", "Cannot declare ('a',) twice", 3),
        ('a = 1\nb = ["x",\n\n\n', "Invalid value, where the file ends", 2),
        ('a = "', "Unterminated string, where the file ends", 1),
    ],
)
def test_what_is_no_toml(text: str, message: str, line: int) -> None:
    with pytest.raises(TomlError) as caught:
        parse(text)
    assert (caught.value.message, caught.value.line) == (message, line)


@pytest.mark.parametrize("text", ["[", "a = [}", "= =", '[["', "a = {b = ]", 'a = """', "]\n}\n,", '"\\a" = 1'])
def test_looking_ends_in_text_that_is_no_toml(text: str) -> None:
    assert locate(text, ("nowhere",)) is None


class Writer:
    """Writes a document piece by piece and knows on which line each key came to stand."""

    def __init__(self) -> None:
        self.text = ""
        self.lines: dict[tuple[str | int, ...], int] = {}

    def note(self, path: tuple[str | int, ...]) -> None:
        for length in range(1, len(path) + 1):
            self.lines.setdefault(path[:length], self.text.count("\n") + 1)


#: All that could be taken for something else.
TRICKY = st.text(alphabet="ab9 -_.[]{}=,#'\"\\\n\té", max_size=6)
SCALARS = st.sampled_from(
    ["1", "-0.5e3", "true", "1979-05-27 07:32:00", "1979-05-27", "07:32:00", "nan", "0xff", "'a # b'", "''", '""']
)


def basic(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def long_basic(text: str) -> str:
    return '"""\n' + text.replace("\\", "\\\\").replace('"""', '""\\"') + '"""'


def long_literal(text: str) -> str:
    return "'''" + re.sub("'{3,}", "''", text) + "'''"


STRINGS = st.builds(lambda form, text: form(text), st.sampled_from([basic, long_basic, long_literal]), TRICKY)
GAPS = st.sampled_from(["", " ", "\n", '  # ] } "\n', "\n\n\t"])


class Names:
    """Names of which none comes twice, written bare where that is possible and quoted otherwise."""

    def __init__(self, draw: Any) -> None:
        self._draw = draw
        self._count: Iterator[int] = itertools.count()

    def __call__(self) -> tuple[str, str]:
        name = f"{self._draw(TRICKY)}{next(self._count)}"
        written = name if re.fullmatch("[A-Za-z0-9_-]+", name) and self._draw(st.booleans()) else basic(name)
        return name, written


@st.composite
def documents(draw: Any) -> Writer:
    writer, name = Writer(), Names(draw)
    for _ in range(draw(st.integers(0, 3))):
        pair(writer, draw, name, ())
    for _ in range(draw(st.integers(0, 4))):
        section(writer, draw, name)
    return writer


def pair(writer: Writer, draw: Any, name: Names, table: tuple[str | int, ...], *, end: str = "\n") -> None:
    names = [name() for _ in range(draw(st.integers(1, 3)))]
    path = (*table, *(key for key, _ in names))
    writer.note(path)
    writer.text += draw(st.sampled_from([".", " . "])).join(written for _, written in names) + " = "
    value(writer, draw, name, path, depth=2)
    writer.text += end


def value(writer: Writer, draw: Any, name: Names, path: tuple[str | int, ...], *, depth: int) -> None:
    form = draw(st.sampled_from(["scalar", "string", "array", "table"][: 4 if depth else 2]))
    if form == "scalar":
        writer.text += draw(SCALARS)
    elif form == "string":
        writer.text += draw(STRINGS)
    elif form == "array":
        writer.text += "["
        for index in range(draw(st.integers(0, 3))):
            writer.text += ("," if index else "") + draw(GAPS)
            writer.note((*path, index))
            value(writer, draw, name, (*path, index), depth=depth - 1)
            writer.text += draw(GAPS)
        writer.text += "]"
    else:
        writer.text += "{ "
        for index in range(draw(st.integers(0, 2))):
            writer.text += ", " if index else ""
            key, written = name()
            writer.note((*path, key))
            writer.text += f"{written} = "
            value(writer, draw, name, (*path, key), depth=depth - 1)
        writer.text += " }"


def section(writer: Writer, draw: Any, name: Names) -> None:
    """A table, or an array of tables, with or without a parent's header, now and then with one below it."""
    names = [name() for _ in range(draw(st.integers(1, 3)))]
    written = ".".join(text for _, text in names)
    path: tuple[str | int, ...] = tuple(key for key, _ in names)
    many = draw(st.booleans())
    for index in range(draw(st.integers(1, 3)) if many else 1):
        own = (*path, index) if many else path
        writer.note(own)
        writer.text += f"[[{written}]]\n" if many else f" [ {written} ]  # [x]\n"
        for _ in range(draw(st.integers(0, 2))):
            pair(writer, draw, name, own)
        if draw(st.booleans()):
            key, below = name()
            writer.note((*own, key))
            writer.text += f"[{written}.{below}]\n"
            pair(writer, draw, name, (*own, key))


def paths_in(data: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if path:
        yield path
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, inner in items:
        yield from paths_in(inner, (*path, key))


@given(documents())
def test_every_key_of_any_document_is_found_on_its_line(written: Writer) -> None:
    assert dict(positions(written.text)) == written.lines
    assert set(positions(written.text)) == set(paths_in(tomllib.loads(written.text)))


@given(st.text(alphabet="a=[]{}\"'#.,\n \\", max_size=40))
def test_looking_ends_in_any_text(text: str) -> None:
    positions(text)


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("a = 1\nb = " + "9" * 5000, "a number has too many digits", 2),
        ("a = 1\nb = [1, 0x" + "f" * 5000 + "]", "a number has too many digits", 2),
        ("a = " + "[" * 50_000 + "]" * 50_000, "nested too deeply", None),
        ("a = " + "[" * 250 + "]" * 250, "nested too deeply", None),
        ("a = 1\n[" + "a." * 20_000 + "a]", "a key has more than 200 parts", 2),
        ("b = {" + "'a' . " * 20_000 + "a = 1}", "a key has more than 200 parts", 1),
        ('a = 1\nb = ["x", "y\\u0000"]', "a text has a NUL character, which no file and no program takes", 2),
    ],
)
def test_what_nobody_could_walk_or_print(text: str, message: str, line: int | None) -> None:
    with pytest.raises(TomlError) as caught:
        parse(text)
    assert (caught.value.message, caught.value.line) == (message, line)


def test_long_texts_are_no_long_keys() -> None:
    assert parse('a = "' + "x" * 1_000_000 + '"\nb = "' + "x, " * 1000 + '"')["b"].startswith("x, x,")
