"""What is wrong with something a person wrote, and where."""

from __future__ import annotations

from devenv.model.record import record


@record
class Where:
    """A place in a file: path as the user knows it, 1-based line (None: the file as a whole)."""

    file: str
    line: int | None = None

    def __str__(self) -> str:
        return self.file if self.line is None else f"{self.file}:{self.line}"


@record
class Problem:
    """One sentence about one place: ``where: key: message``, and ``hint``, what to do about it."""

    message: str
    hint: str = ""
    where: Where | None = None
    key: str = ""

    def __str__(self) -> str:
        head = ": ".join(str(part) for part in (self.where, self.key, self.message) if part)
        return f"{head}\n  {self.hint}" if self.hint else head
