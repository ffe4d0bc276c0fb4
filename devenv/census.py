"""What a census says: lines of a name and a value, with a tab between, that must be the same before and after."""

from __future__ import annotations

from collections.abc import Iterable

#: The last line of every census: one that broke off says nothing.
END = "# end"


def parse(text: str) -> dict[str, str]:
    """Name -> value. Lines that begin with ``#`` are remarks."""
    lines = (line.partition("\t") for line in text.splitlines() if line.strip() and not line.startswith("#"))
    return {name: value for name, _, value in lines}


def differences(before: str, after: str, *, more: Iterable[str] = ()) -> list[str]:
    """What is not the same, in words; ``more`` are beginnings of names that may come new."""
    old, new = parse(before), parse(after)
    allowed = tuple(more)
    found = [f"{name} is gone" for name in old if name not in new]
    found += [f"{name}: {old[name]} → {new[name]}" for name in old if name in new and old[name] != new[name]]
    found += [f"{name} was not there before" for name in new if name not in old and not name.startswith(allowed)]
    return found
