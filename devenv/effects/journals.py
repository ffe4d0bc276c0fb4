"""What devenv is about to do, as declared records: one entry a line, on the disk before it is done."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from devenv.effects.records import FORMAT, Damaged, unwrapped
from devenv.effects.shapes import SERVED, SNAPSHOT, Shape, fields, list_of, number, one_of, table_of, text
from devenv.model.record import record


@record
class Journal:
    """The shapes of the ``first`` entry and of those that follow it; ``lost`` is what it means that there is none."""

    first: Shape
    then: Shape
    lost: str


_LOST = "what the interrupted command left is neither finished nor taken back; no data is lost, see 'devenv status'"
_RUN = fields({"verb": text}, {"process": number, "at": lambda at: isinstance(at, int | float), "steps": list_of(text)})
_STAGE = one_of(
    fields({"begin": list_of(text), "subjects": list_of(text)}),
    fields({"done": list_of(text), "subjects": list_of(text)}),
)
_UPGRADES = fields(
    {
        "begin": table_of(
            fields(
                {"words": text, "bench": text, "scratch": list_of(text), "target": list_of(text), "container": text}
            ),
        )
    }
)
_STEP = one_of(
    fields({"service": text, "begin": number, "do": text}), fields({"service": text, "done": number, "do": text})
)
_SWITCH = fields(
    {
        "generations": table_of(text),
        "files": table_of(text),
        "before": table_of(text),
        "kept": list_of(SNAPSHOT),
        "changes": list_of(text),
    },
    {"verb": text},
)
_VOLUMES = fields(
    {
        "begin": fields(
            {
                "volumes": list_of(text),
                "start": list_of(text),
                "bench": text,
                "words": text,
                "whole": text,
                "broken": text,
            }
        )
    }
)
_MOVE = fields(
    {
        "generations": table_of(text),
        "kept": list_of(SNAPSHOT),
        "served": table_of(SERVED),
        "remove": list_of(text),
    },
    {"dotenv": text, "empty": table_of(text), "released": list_of(text)},
)


def _switches(value: Any) -> bool:
    """What is about to be written is compared with what was there before, file by file."""
    if not fields({"switch": _SWITCH})(value):
        return False
    return bool(value["switch"]["files"].keys() == value["switch"]["before"].keys())


JOURNALS: Mapping[str, Journal] = {
    "journal": Journal(_RUN, one_of(_RUN, _STAGE), "whether the last run came to its end is not known"),
    "upgrade": Journal(_UPGRADES, one_of(_STEP, _switches), _LOST),
    "snapshot": Journal(_VOLUMES, fields({"move": _MOVE}), _LOST),
    "around": Journal(_VOLUMES, lambda entry: False, _LOST),
}


def encode_line(name: str, entry: Mapping[str, Any]) -> str:
    """The line of an entry."""
    journal = JOURNALS[name]
    assert journal.first(entry) or journal.then(entry), name
    return json.dumps({"format": FORMAT, "value": entry}, sort_keys=True) + "\n"


def decode_lines(name: str, whole: str) -> list[dict[str, Any]]:
    """The entries of a journal. The last line of a machine that lost power may be torn: what it says was not begun.

    Raises Damaged for any other line that is no entry, Newer.
    """
    lines = whole.removesuffix("\n").split("\n")
    if not _is_json(lines[-1]):
        lines.pop()
    entries = [unwrapped(line) for line in lines]
    journal = JOURNALS[name]
    shapes = [journal.first, *[journal.then] * len(entries)]
    for entry, shape in zip(entries, shapes, strict=False):
        if not shape(entry):
            raise Damaged
    return entries


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True
