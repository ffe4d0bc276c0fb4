"""Variables in other people's texts: ``${NAME:-default}``, filled in as Compose does; templates are only found."""

from __future__ import annotations

import re
from collections.abc import Mapping

#: Stands on both sides of the name of a variable whose value nobody knows.
GAP = "\0"
#: A template's own language may name anything, so no more of it is repeated than its first word.
_VARIABLE = re.compile(
    r"(?P<dollar>\$\$)"
    r"|<%=?-?\s{0,9}(?P<erb>[\w.$-]{0,99})[^%]{0,999}%>"
    r"|\$?\{\{-?\s{0,9}(?P<template>[\w.$-]{0,99})[^{}]{0,999}\}\}"
    r"|\$\((?P<macro>[\w.-]+)\)"
    r"|\$\{(?P<name>\w+)(?P<how>:?[-=?+])?"
    r"|\$(?P<bare>[A-Za-z_]\w*)"
)
_DEEPEST = 20


class Unresolved(ValueError):
    """A text that depends on a variable which the file does not say: its ``name``, and the ``kind`` of service that
    the rest of the text tells, if it does."""

    def __init__(self, name: str, kind: str = "") -> None:
        super().__init__(name)
        self.name = name
        self.kind = kind

    @property
    def shown(self) -> str:
        """``variable TAG``, or ``expression matrix.tag`` of a template, which may be worked out in any way."""
        return f"variable {self.name}" if re.fullmatch(r"\w+", self.name) else f"expression {self.name}"


def filled(text: str, variables: Mapping[str, str] | None = None) -> str:
    """A text with its ``$variables`` replaced by what is known of them, else by their defaults. Raises Unresolved."""
    text = with_gaps(text, variables)
    if name := gap_in(text):
        raise Unresolved(name)
    return text


def gap_in(text: str) -> str:
    """The name of the first variable that is missing from a text; "" if none is."""
    _, gap, rest = text.partition(GAP)
    return rest.partition(GAP)[0] if gap else ""


def without_gaps(text: str) -> str:
    """A name without the variables in it that nobody filled in: ``redis`` of ``${APP}-redis``; defaults count."""
    if "$" not in text and "{{" not in text:
        return text
    return re.sub(f"[-_.]?{GAP}[^{GAP}]*{GAP}", "", with_gaps(text)).strip("-_./ ")


def with_gaps(text: str, variables: Mapping[str, str] | None = None, *, deep: int = 0) -> str:
    """The same without raising: a variable that nothing is known of leaves its name between two ``GAP``."""
    known = variables or {}
    text = text if deep else text.replace(GAP, "")
    done, position = [], 0
    while match := _VARIABLE.search(text, position):
        done.append(text[position : match.start()])
        position = match.end()
        operand = ""
        if match["name"]:
            end = _closing(text, position)
            operand, position = text[position:end], end + 1
        done.append(_value(match, operand, known, deep))
    return "".join(done) + text[position:]


def _closing(text: str, start: int) -> int:
    """Where the brace is that closes the one before ``start``; the end of a text that has none."""
    depth = 1
    for index in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[index], 0)
        if depth == 0:
            return index
    return len(text)


def _value(match: re.Match[str], operand: str, known: Mapping[str, str], deep: int) -> str:
    if match["dollar"]:
        return "$"
    name = match["name"] or match["bare"] or match["macro"] or match["template"] or match["erb"] or "template"
    value, how = known.get(name), match["how"] or ""
    if how.endswith("+"):
        return with_gaps(operand, known, deep=deep + 1) if value and deep < _DEEPEST else ""
    if value or (value is not None and ":" not in how):
        return value if how or not operand else f"{GAP}{name}{GAP}"
    if how.endswith(("-", "=")) and deep < _DEEPEST:
        return with_gaps(operand, known, deep=deep + 1)
    return f"{GAP}{name}{GAP}"
