"""HCL, the language of Terraform's configuration and of Nomad's jobs: the only user of python-hcl2.

The library takes milliseconds for a line, so files are first cut into their blocks, and only those are parsed whose
words somebody reads. What cannot be read in one block takes no other with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from devenv.model.record import record

_HEAD = re.compile(r'(?P<kind>[A-Za-z_][\w-]*)(?P<labels>(?:[ \t]+(?:"[^"\n]*"|[A-Za-z_][\w-]*))*)[ \t]*\{')
_LABEL = re.compile(r'"([^"\n]*)"|([A-Za-z_][\w-]*)')
_REMARK = re.compile(r"/\*.*?\*/", re.DOTALL)
_BLANK = re.compile(r"\s*")
_IN_CODE = re.compile(r'"|[{}]|#[^\n]*|//[^\n]*|/\*.*?\*/|<<-?(?P<word>[A-Za-z_][\w-]*)[ \t]*\r?\n', re.DOTALL)
_IN_STRING = re.compile(r'\\.|"|\$\$\{|%%\{|[$%]\{', re.DOTALL)
#: A block that is longer was made by a program, and takes minutes to parse.
_LONGEST_BLOCK = 64 * 1024
_HEREDOC = re.compile(r"<<(?P<dash>-?)(?P<word>[A-Za-z_][\w-]*)[ \t]*\r?\n(?P<text>.*)\n[ \t]*(?P=word)\s*", re.DOTALL)


class NotHcl(ValueError):
    """A text that is no HCL which the library reads. It does not quote the text, which may hold anything."""


@record
class Block:
    """One block at the top of a file: ``resource "aws_db_instance" "main" { … }``. ``line`` is 1-based."""

    kind: str
    labels: tuple[str, ...]
    line: int
    text: str

    def body(self) -> dict[str, Any]:
        """Its attributes and the blocks within it: a list of tables each. Raises NotHcl."""
        if len(self.text) > _LONGEST_BLOCK:
            raise NotHcl("is too long")
        value: Any = parse(self.text)
        for key in (self.kind, *self.labels):
            inner = value.get(key) if isinstance(value, dict) else None
            value = inner[0] if isinstance(inner, list) and inner else inner
        if not isinstance(value, dict):
            raise NotHcl("is no block")
        return value


def blocks(text: str) -> Iterator[Block]:
    """The blocks at the top of a file; what stands between them is passed over."""
    position = 0
    while position < len(text):
        match = _HEAD.match(text, position)
        if match is None:
            position = _next_line(text, position)
            continue
        end = closing(text, match.end())
        labels = tuple(quoted or bare for quoted, bare in _LABEL.findall(match["labels"]))
        yield Block(match["kind"], labels, text.count("\n", 0, position) + 1, text[position:end])
        position = end


def _next_line(text: str, position: int) -> int:
    """Where the next line begins, or what follows a remark of several lines."""
    if remark := _REMARK.match(text, position):
        position = remark.end()
    else:
        end = text.find("\n", position)
        position = len(text) if end < 0 else end + 1
    blank = _BLANK.match(text, position)
    return blank.end() if blank else position


def closing(text: str, start: int) -> int:
    """The position behind the brace that closes the one before ``start``; the end of a text that has none."""
    inside = ["{"]
    position = start
    while inside:
        pattern = _IN_STRING if inside[-1] == '"' else _IN_CODE
        match = pattern.search(text, position)
        if match is None:
            return len(text)
        position = match.end()
        sign = match[0]
        if sign.endswith("{") and not sign.startswith(("$$", "%%")):
            inside.append("{")
        elif sign == "}" or (sign == '"' and inside[-1] == '"'):
            inside.pop()
        elif sign == '"':
            inside.append('"')
        elif sign.startswith("<<"):
            position = _behind_heredoc(text, position, match["word"])
    return position


def _behind_heredoc(text: str, start: int, word: str) -> int:
    end = re.compile(rf"^[ \t]*{re.escape(word)}[ \t]*\r?$", re.MULTILINE).search(text, start)
    return end.end() if end else len(text)


def parse(text: str) -> dict[str, Any]:
    """The attributes and blocks of a text. An expression is text within ``${…}``. Raises NotHcl."""
    import hcl2
    from hcl2.utils import SerializationOptions

    options = SerializationOptions(strip_string_quotes=True, explicit_blocks=False, with_comments=False)
    try:
        value: dict[str, Any] = hcl2.loads(text.rstrip() + "\n", serialization_options=options)
    except Exception:  # noqa: BLE001 - the library's errors are of many kinds, and their texts quote the file
        raise NotHcl("cannot be read") from None
    return value


def heredoc(text: str) -> str:
    """The content of a text in the form ``<<EOT``; any other text as it is."""
    import textwrap

    match = _HEREDOC.fullmatch(text)
    if match is None:
        return text
    return textwrap.dedent(match["text"]) + "\n" if match["dash"] else match["text"] + "\n"
