"""Texts of other people within our sentences."""

from __future__ import annotations

import re

#: Control characters, a line's end among them, as they are written in strings: they would forge lines of a plan.
_ESCAPES = {code: repr(chr(code))[1:-1] for code in (*range(0x20), 0x7F, *range(0x80, 0xA0), 0x2028, 0x2029)}

_HIDDEN = "***"
#: How an address begins, also one that was taken for a path.
_SCHEME = r"(?P<scheme>[A-Za-z][\w+.-]*:/{1,2})"
#: What stands before the host: a user and a password, which may hold any sign, else a token. A number behind the colon
#: is a port, unless an @ follows it.
_LOGIN = _SCHEME + r"(?:[^\s/@:'\"]*:(?!\d+(?:[/\s'\"]|$))\S*@|[^\s/@:'\"]+@)"
#: The same of an address that was cut off before its @; ``HOST:PORT`` is in sentences of ours.
_CUT_LOGIN = _SCHEME + r"[^\s/@:'\"\[*]*:(?!\d+\b|PORT\b)[^\s/@'\"]+"
#: An address without its scheme: ``user:password@host``. The digest of an image stands behind an @ too.
_BARE_LOGIN = r"(?P<before>^|[\s'\"(=,/])[^\s/@:'\"(=,]+:(?!/|\d+(?:[/\s'\"]|$))\S*@(?!sha\d+:)(?=[\w.\[-])"
#: ``password=…`` in the query of an address, in what libpq takes and in what ADO.NET takes.
_PAIR = (
    r"(?i)(?P<key>(?:^|[\s?&;,'\"])[\w.-]*(?:password|passwd|pwd|secret|token)[\w.-]*=)"
    r"(?:'[^']*'|\"[^\"]*\"|[^\s&'\"]+)"
)


#: What colours a terminal's text and moves its cursor.
_TERMINAL_CODES = re.compile(r"\x1b\[[0-9;?]*[@-~]")


def without_terminal_codes(text: str) -> str:
    """What another program printed, without its colours and movements of the cursor."""
    return _TERMINAL_CODES.sub("", text)


def one_line(text: str) -> str:
    """A text with its control characters written out, so that it stays on the line that it is in."""
    return text.translate(_ESCAPES)


def presentable(text: str, longest: int = 300) -> str:
    """A name or a sentence of other people's files as it can be shown and written into files of ours: of a length that
    somebody reads, and without control characters and halves of characters."""
    text = text[:longest]
    return text if text.isprintable() else "".join(sign if sign.isprintable() else "?" for sign in text)


def masked(text: str) -> str:
    """A text with the passwords of the addresses in it hidden: people give an address where a name is wanted, and what
    they typed is quoted back, into logs of CI too."""
    if ":/" in text:
        text = re.sub(_LOGIN, rf"\g<scheme>{_HIDDEN}@", text)
        text = re.sub(_CUT_LOGIN, rf"\g<scheme>{_HIDDEN}", text)
    if "@" in text:
        text = re.sub(_BARE_LOGIN, rf"\g<before>{_HIDDEN}@", text)
    return re.sub(_PAIR, rf"\g<key>{_HIDDEN}", text) if "=" in text else text
