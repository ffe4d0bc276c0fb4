"""A source's text, decoded: JSON, YAML (with every scalar a string), TOML, or lines."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from devenv import tomldoc, yamlio
from devenv.model.fact import Note
from devenv.model.record import record
from devenv.nesting import is_too_deep

#: Files on which a parser would spend more than is worth it. Real states reach tens of MiB.
LARGEST = 200 * 1024 * 1024
#: YAML is for people, and its parser is slow.
LARGEST_YAML = 20 * 1024 * 1024
#: What is kept of an object of a JSON document, so that a huge one need not be kept whole.
Keep = Callable[[dict[str, Any]], dict[str, Any]]


class Unreadable(ValueError):
    """A text that cannot be read at all: ``note`` says why, with file and line."""

    def __init__(self, note: Note) -> None:
        super().__init__(note.message)
        self.note = note


class Empty(Unreadable):
    """A text of nothing but spaces."""


@record
class Document:
    """``file`` is as people know it: a path, or the command that printed it. ``values`` are one of JSON or TOML, one
    for each document of YAML, the lines of anything else. ``asked``: what a command answered, which is how things are
    now rather than how they are meant. ``day`` is the ISO day it is of. ``source`` is the family of sources that asked
    for it and alone reads it; "" where its content tells whose it is.
    """

    file: str
    format: Literal["json", "yaml", "toml", "text"]
    values: tuple[Any, ...]
    asked: bool = False
    day: str = ""
    notes: tuple[Note, ...] = ()
    source: str = ""

    @property
    def value(self) -> Any:
        """The first value; None of an empty document."""
        return self.values[0] if self.values else None

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.file.rpartition("/")[2]


_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


#: Two ASCII signs of UTF-16 without a mark.
_WIDE = ((re.compile(rb"[^\0]\0[^\0]\0"), "utf-16-le"), (re.compile(rb"\0[^\0]\0[^\0]"), "utf-16-be"))


#: How begins what Heroku's and Fly's command lines print for people.
_PRINTED = ("=== ", "Image Details")
#: Files that are lines by their name, whatever they look like.
_OF_LINES = re.compile(
    r"(?:Dockerfile|Containerfile)(?:\..+)?|.+\.Dockerfile|\.(?:python|node|ruby|java|go|php)-version|\.nvmrc"
    r"|\.tool-versions|Gemfile|go\.mod|\.env(?:\..+)?|.+\.env|.+\.(?:bicep|container)"
)


def is_of_lines(name: str) -> bool:
    """Whether a file of that name is lines."""
    return _OF_LINES.fullmatch(name) is not None


#: Templates of Go, Jinja and ERB.
_TEMPLATE = re.compile(r"\{\{|\{%|<%")
#: Files whose name says that they describe services, whatever is in them.
_OUR_NAME = re.compile(r".*\.tfstate|(?:docker-)?(?:compose|stack)(?:[.-].+)?\.ya?ml|Chart\.ya?ml", re.IGNORECASE)
#: What states, plans, objects of Kubernetes and Compose files have, and hardly anything else.
_OUR_SIGN = re.compile(
    r'"(?:terraform_version|format_version|lineage)"\s*:|^apiVersion:\s*\S|^services:\s*$', re.MULTILINE
)
#: So much of a text is searched for such signs.
_HEAD = 64 * 1024


def is_surely_ours(file: str, data: bytes) -> bool:
    """Whether a file that cannot be read would have described production, so that not reading it is a failure. Of a
    folder's other files nobody can say so: they may be anything, and valid in a language of their own."""
    name = file.rpartition("/")[2]
    head = data[:_HEAD].decode("utf-8", "replace")
    if name.endswith(".tfstate"):
        return True
    if not head.strip() or _TEMPLATE.search(head):
        return False
    return bool(_OUR_NAME.fullmatch(name) or _OUR_SIGN.search(head))


def decode(file: str, data: bytes, *, asked: bool = False, day: str = "", keep: Keep | None = None) -> Document:
    """Raises Unreadable."""
    if len(data) > LARGEST:
        raise Unreadable(Note(f"is larger than {LARGEST // 1024 // 1024} MiB", file, failed=True))
    text = _text(file, data)
    if not text.strip():
        raise Empty(Note("is empty", file, failed=True))
    if text.lstrip()[0] in "{[" and (document := _json(file, text, keep)):
        found: Literal["json", "yaml", "toml", "text"] = "json"
        values, notes = document
    elif text.startswith(_PRINTED) or is_of_lines(file.rpartition("/")[2]):
        found, values, notes = "text", tuple(text.splitlines()), ()
    elif file.endswith((".toml", ".hcl", ".tf", ".tofu", ".tfvars", ".nomad")):
        found, values, notes = _toml_or_lines(file, text)
    else:
        found, values, notes = _yaml(file, text)
    return Document(file, found, values, asked, day, notes)


def _text(file: str, data: bytes) -> str:
    """By its byte order mark, as PowerShell writes it (UTF-16), else by the zeros among its first signs, else UTF-8."""
    encoding = next((name for mark, name in _BOMS if data.startswith(mark)), "")
    encoding = encoding or next((name for zeros, name in _WIDE if zeros.match(data)), "utf-8")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise Unreadable(Note("is neither UTF-8 nor UTF-16 text", file, line, failed=True)) from None


def _json(file: str, text: str, keep: Keep | None) -> tuple[tuple[Any, ...], tuple[Note, ...]] | None:
    """None for a text that is YAML in JSON's clothes."""
    twice: dict[str, None] = {}

    def pairs(items: Sequence[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(items)
        if len(made) < len(items):
            twice.update((key, None) for key, _ in items if sum(key == other for other, _ in items) > 1)
        return keep(made) if keep else made

    try:
        value = json.loads(text, object_pairs_hook=pairs)
    except json.JSONDecodeError as error:
        if (
            file.endswith((".json", ".tfstate"))
            or text.lstrip().startswith('{"')
            or text.lstrip()[1:].lstrip()[:1] == '"'
        ):
            said = (
                "ends too early"
                if error.pos >= len(text.rstrip()) - 1
                else f"is no valid JSON: {error.msg} (column {error.colno})"
            )
            raise Unreadable(Note(said, file, error.lineno, failed=True)) from None
        return None
    except RecursionError:
        raise Unreadable(Note("is nested too deeply", file, failed=True)) from None
    except ValueError:  # Python reads no number of thousands of digits
        raise Unreadable(Note("holds a number that is longer than any", file, failed=True)) from None
    if is_too_deep(value):
        raise Unreadable(Note("is nested too deeply", file, failed=True))
    return (value,), tuple(Note(f"the key {key!r} stands twice; its last value counts", file) for key in twice)


def _toml_or_lines(file: str, text: str) -> tuple[Literal["toml", "text"], tuple[Any, ...], tuple[Note, ...]]:
    if not file.endswith(".toml"):
        return "text", tuple(text.splitlines()), ()
    try:
        return "toml", (tomldoc.parse(text),), ()
    except tomldoc.TomlError as error:
        raise Unreadable(Note(f"is no valid TOML: {error.message}", file, error.line, failed=True)) from None


def _yaml(file: str, text: str) -> tuple[Literal["yaml", "text"], tuple[Any, ...], tuple[Note, ...]]:
    if len(text) > LARGEST_YAML:
        said = f"is YAML of more than {LARGEST_YAML // 1024 // 1024} MiB"
        raise Unreadable(Note(said, file, failed=True))
    try:
        values, twice = yamlio.parse_texts(text)
    except yamlio.YamlError as error:
        said = "is nested too deeply" if error.deep else f"is no valid YAML: {error}"
        if _TEMPLATE.search(text):
            said = "holds templates that are not filled in: render it first ('helm template', 'kustomize build')"
        raise Unreadable(Note(said, file, error.line, failed=True)) from None
    if not any(isinstance(value, dict | list) for value in values):
        return "text", tuple(text.splitlines()), ()
    notes = (Note(f"the key {key!r} stands twice; its last value counts", file, line) for key, line in twice)
    return "yaml", tuple(value for value in values if value is not None), tuple(notes)


def table(value: Any) -> Mapping[str, Any]:
    """A value if it is a table, else an empty one: what a file ought to hold and what it holds are two things."""
    return value if isinstance(value, dict) else {}


def items(value: Any) -> Sequence[Any]:
    """A value if it is a list, else an empty one."""
    return value if isinstance(value, list) else ()


def at(value: Any, *path: str | int) -> Any:
    """What stands at a path of keys and indexes; None where there is nothing."""
    for key in path:
        if isinstance(key, int):
            value = value[key] if isinstance(value, list) and -len(value) <= key < len(value) else None
        else:
            value = table(value).get(key)
    return value


def text_at(value: Any, *path: str | int) -> str:
    """The same as text: "" for what is not there or is no scalar."""
    found = at(value, *path)
    if isinstance(found, bool):
        return "true" if found else "false"
    return str(found) if isinstance(found, str | int | float) else ""
