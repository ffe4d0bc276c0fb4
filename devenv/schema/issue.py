"""Something wrong at a key path, before anyone looked up the line."""

from __future__ import annotations

from devenv.model.record import record


@record
class Issue:
    """``path`` is the way to the key (array elements by index), as pydantic's ``loc`` without its own additions."""

    path: tuple[str | int, ...]
    message: str
    hint: str = ""

    @property
    def key(self) -> str:
        """The path as people read it: ``services.db.databases[0]``."""
        text = ""
        for part in self.path:
            text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
        return text


def did_you_mean(word: str, known: list[str], near: float = 0.66) -> str:
    """``did you mean 'version'?``, or nothing where no known word is ``near`` (0: whatever, 1: the same)."""
    from difflib import get_close_matches

    close = get_close_matches(word, known, n=1, cutoff=near)
    return f"did you mean '{close[0]}'?" if close else ""
