"""What devenv remembers, as declared records: each with its shape, and with what it means that one is lost."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from devenv.effects.shapes import SERVED, SNAPSHOT, boolean, fields, list_of, nothing_or, number, table_of, text
from devenv.model.record import record

#: Goes up when what is written cannot be read by an older devenv.
FORMAT = 1


class Damaged(ValueError):
    """A text that is not the record that it should be."""


class Newer(ValueError):
    """A record that a newer devenv wrote."""


@record
class Declared:
    """``fits`` says whether a value has the record's shape; ``lost`` is what it means that there is none."""

    fits: Callable[[Mapping[str, Any]], bool]
    lost: str


def _texts(value: Mapping[str, Any]) -> bool:
    return all(isinstance(item, str) for item in value.values())


def _tables(value: Mapping[str, Any]) -> bool:
    return all(isinstance(item, dict) for item in value.values())


def _tables_of_texts(value: Mapping[str, Any]) -> bool:
    return _tables(value) and all(_texts(item) for item in value.values())


def _services(value: Mapping[str, Any]) -> bool:
    names = value.get("services", [])
    return isinstance(names, list) and all(isinstance(name, str) for name in names)


def _uses(value: Mapping[str, Any]) -> bool:
    """Which data services are and were served from."""
    return set(value) <= {"current", "previous", "left"} and all(_uses_of(item) for item in value.values())


def _uses_of(value: Any) -> bool:
    if not isinstance(value, dict) or not _tables_of_texts(value):
        return False
    return all(set(item) == {"volume", "kind", "format", "since"} for item in value.values())


def _owner(value: Mapping[str, Any]) -> bool:
    """The id and the folder of a checkout, the folder's inode, and the ids of those whose data it took over."""
    if not value:
        return True
    if set(value) - {"inode"} != {"id", "root", "claimed"} or not isinstance(value["claimed"], list):
        return False
    if not isinstance(value.get("inode", 0), int):
        return False
    return all(isinstance(text, str) for text in (value["id"], value["root"], *value["claimed"]))


_SNAPSHOTS = fields({}, {"snapshots": list_of(SNAPSHOT)})
#: One run.
_HISTORY = fields(
    {"number": number, "at": text, "verb": text, "changes": list_of(text)},
    {"before": table_of(nothing_or(text)), "after": table_of(text), "moved": table_of(text), "undone": boolean},
)


def _anything(value: Mapping[str, Any]) -> bool:
    return True


RECORDS: Mapping[str, Declared] = {
    "applied": Declared(_tables_of_texts, "'devenv up' cannot name each change this once"),
    "empty": Declared(_texts, "a service that was reset may be asked for its data of another version"),
    "confirmed": Declared(_texts, "commands, and what services ask this machine for, are to be confirmed anew"),
    "ensured": Declared(_texts, "'devenv up' ensures users and databases once more"),
    "generations": Declared(_texts, "which volumes are live is read from .devenv/.env"),
    "history": Declared(_HISTORY, "'devenv history' lacks that run, and 'devenv sync --rollback' cannot undo it"),
    "hooks": Declared(_texts, "hooks run once more"),
    "owner": Declared(_owner, "data that was made here is refused until 'devenv up --claim' takes it over"),
    "limits": Declared(_tables_of_texts, "limits that were changed by hand until now stay"),
    "owed": Declared(_anything, "hooks that were to run do not run by themselves"),
    "project": Declared(_texts, "the name of this project is claimed anew"),
    "proven": Declared(_texts, "'devenv up' tries logins and databases anew"),
    "ran": Declared(_services, "services that stood still for a move are not started by themselves"),
    "rendered": Declared(_texts, "generated files are compared with devenv.toml once more"),
    "seeded": Declared(_texts, "whether [seed] filled the data is not known"),
    "served": Declared(table_of(SERVED), "which image last opened the data is not known"),
    "snapshots": Declared(_SNAPSHOTS, "snapshots are found again by their volumes, under new names"),
    "undecided": Declared(_texts, "the first generation of data that was taken over is taken for the live one"),
    "uses": Declared(_uses, "data that was in use on another version is not named"),
    "valid": Declared(_texts, "devenv.toml is checked anew"),
    "versions": Declared(_texts, "servers are asked for their versions anew"),
}


def declared(name: str) -> Declared:
    """A record by its name; those of a folder are all alike."""
    return RECORDS[name.partition("/")[0]]


def encode(name: str, value: Mapping[str, Any]) -> str:
    """The text of a record."""
    assert declared(name).fits(value), name
    return json.dumps({"format": FORMAT, "value": value}, indent=1, sort_keys=True) + "\n"


def decode(name: str, written: str) -> dict[str, Any]:
    """What a record's text says. Raises Damaged, Newer."""
    value = unwrapped(written)
    if not declared(name).fits(value):
        raise Damaged
    return value


def unwrapped(written: str) -> dict[str, Any]:
    """The value in the JSON of a record, whatever its shape. Raises Damaged, Newer."""
    try:
        whole = json.loads(written)
    except (ValueError, RecursionError) as error:
        raise Damaged from error
    if not isinstance(whole, dict):
        raise Damaged
    value = whole
    if set(whole) == {"format", "value"}:  # those of before had neither
        if not isinstance(whole["format"], int):
            raise Damaged
        if whole["format"] > FORMAT:
            raise Newer
        value = whole["value"]
    if not isinstance(value, dict):
        raise Damaged
    return value
