"""Texts of other people within our sentences."""

from __future__ import annotations

#: Control characters, a line's end among them, as they are written in strings: they would forge lines of a plan.
_ESCAPES = {code: repr(chr(code))[1:-1] for code in (*range(0x20), 0x7F, *range(0x80, 0xA0), 0x2028, 0x2029)}


def one_line(text: str) -> str:
    """A text with its control characters written out, so that it stays on the line that it is in."""
    return text.translate(_ESCAPES)
