"""Files of variables as Compose reads them: ``.env``. What they say fills in images and goes nowhere else."""

from __future__ import annotations

import re

from devenv.document import Document
from devenv.sources.variables import gap_in, with_gaps

_LINE = re.compile(r"\s*(?:export\s+)?(?P<name>[A-Za-z_]\w*)\s*[=:]\s*(?P<value>.*)")
_QUOTED = re.compile(r"(?P<quote>['\"])(?P<text>.*?)(?<!\\)(?P=quote)")
#: No value that is part of an image's reference is longer.
_LONGEST = 1000


def variables(document: Document) -> dict[str, str]:
    """The variables of a file, each filled in with those before it; one that cannot be filled in is left out."""
    found: dict[str, str] = {}
    for line in document.values:
        match = _LINE.fullmatch(line) if isinstance(line, str) and len(line) <= _LONGEST else None
        if match is None:
            continue
        text, is_literal = _value(match["value"])
        if not is_literal:
            text = with_gaps(text, found)
        if not gap_in(text):
            found[match["name"]] = text
    return found


def _value(written: str) -> tuple[str, bool]:
    """The value without its quotes or its remark, and whether its dollar signs mean themselves."""
    if match := _QUOTED.match(written):
        return match["text"], match["quote"] == "'"
    return re.split(r"\s+#", written, maxsplit=1)[0].strip(), False
