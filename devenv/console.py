"""What people see: the only user of rich. Results go to stdout, everything on the way there to stderr."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from devenv.errors import DevenvError
from devenv.model.problem import Problem
from devenv.model.text import masked

if TYPE_CHECKING:
    from devenv.model.plan import Plan

#: Changes only when a key of some JSON output changes its meaning or goes away.
SCHEMA_VERSION = 2

NOTHING_CHANGED = "nothing was changed"

#: By what a step does.
_SIGNS = {
    "write": "~",
    "pull": "↓",
    "build": "⚒",
    "stop": "-",
    "copy": "⧉",
    "create": "+",
    "recreate": "±",
    "start": "▸",
    "add": "+",
    "ensure": "~",
    "keep": "=",
}


class Report:
    """The JSON document of one run of devenv. Commands add to it; it is printed once, when the run ends.

    ``requested``: whether JSON was asked for on the command line.
    """

    def __init__(self) -> None:
        self.requested = False
        self.values: dict[str, Any] = {}


class Console:
    """Both streams and how to write to them: with colour and live lines on a terminal, plain otherwise."""

    def __init__(self, stdout: TextIO, stderr: TextIO, env: Mapping[str, str], report: Report | None = None) -> None:
        self.stdout, self.stderr = stdout, stderr
        self.report = report or Report()
        terminal = stderr.isatty() and env.get("TERM") != "dumb"
        self.colour = terminal and not env.get("NO_COLOR")
        self.live = terminal and not env.get("CI")
        self._encodable()

    def _encodable(self) -> None:
        """A terminal that cannot show a sign shows a question mark; that is no reason to fail."""
        for stream in (self.stdout, self.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="replace")

    def say(self, text: str = "") -> None:
        """One line of the way there. That nobody reads it any more is no reason to stop halfway."""
        self._say(plain(text))

    def _say(self, text: str) -> None:
        text = masked(text)
        with contextlib.suppress(BrokenPipeError):
            print(text, file=self.stderr, flush=True)

    def waiting(self, holder: str) -> None:
        """Why nothing happens just now: another devenv is at work in this checkout."""
        self.say(f"{holder} is at work here; waiting for it to end")

    def result(self, text: str, *, exact: bool = False) -> None:
        """What was asked for. ``exact``: it is for a program or a file, which must get every sign of it."""
        text = text if exact else plain(text)
        try:
            self.stdout.write(text if text.endswith("\n") or not text else f"{text}\n")
            self.stdout.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise DevenvError(f"the output cannot be written: {error.strerror}") from error

    @property
    def as_json(self) -> bool:
        """Whether JSON was asked for: results then go into the one document."""
        return self.report.requested

    def json(self, values: Mapping[str, Any]) -> None:
        """Add a result to the document for programs, which is printed when devenv ends."""
        self.report.values |= values

    def print_report(self) -> None:
        """Print the document, with the version of its shape first, if JSON was asked for."""
        if self.report.requested:
            document = {"schema_version": SCHEMA_VERSION, **self.report.values}
            self.result(json.dumps(document, indent=2, ensure_ascii=False), exact=True)

    def table(self, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Columns as wide as they must be, two spaces between them, capitals above."""
        self.result(columns(head, rows))

    def plan(self, plan: Plan, *, result: bool = False) -> None:
        """Every step with its reason; what stays as it is, in one line at the end. ``result``: nothing else was
        asked for."""
        from devenv.model.plan import Action

        tell = self.result if result else self.say
        width = _width(self.stdout if result else self.stderr)
        lines = [f"{_SIGNS[step.action]} {step.action} {step.subject}: {step.reason}" for step in plan.changes]
        if kept := plan.subjects(Action.KEEP):
            lines.append(f"{_SIGNS[Action.KEEP]} keep {', '.join(kept)}")
        for line in lines:
            tell(wrapped(line, width))

    def error(self, error: DevenvError, *, only_reads: bool = False) -> None:
        """All problems, then what was changed; nothing of that where the command ``only_reads``.

        The same goes into the document for programs.
        """
        for problem in error.problems:
            self._say(plain(str(problem)) if problem.where else f"{self._red('error')}: {plain(str(problem))}")
        count = len(error.problems)
        changed = error.changed or ("" if only_reads else NOTHING_CHANGED)
        summary = [f"{count} problems"] if count > 1 else []
        summary += [changed] if changed else []
        if summary:
            self.say("; ".join(summary))
        self.failure(error, changed=changed)

    def failure(self, error: DevenvError, *, changed: str = "") -> int:
        """Put an error into the JSON document, and return its exit code.

        Every run that does not end with 0 has one there. This prints nothing: ``error`` does.
        """
        entries = [problem_entry(problem) for problem in error.problems]
        self.json({"error": {"exit_code": error.exit_code, "problems": entries, "changed": changed or None}})
        return error.exit_code

    def _red(self, text: str) -> str:
        return f"\x1b[31m{text}\x1b[0m" if self.colour else text

    def progress(self) -> Progress:
        """Lines for things that run side by side."""
        return LiveProgress(self.stderr) if self.live else PlainProgress(self)


def _width(stream: TextIO) -> int:
    """Columns of a terminal; 0 for what is none."""
    try:
        return os.get_terminal_size(stream.fileno()).columns if stream.isatty() else 0
    except (OSError, ValueError):
        return 0


def wrapped(line: str, width: int) -> str:
    """A line of a plan, indented, and broken between words where a terminal is narrower; 0: it is not broken."""
    import textwrap

    if width <= 0:
        return f"  {line}"
    return textwrap.fill(
        line,
        width,
        initial_indent="  ",
        subsequent_indent="      ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def plain(text: str) -> str:
    """Text fit for a terminal: names and values come from files of others, and may hold what moves its cursor."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() or sign in "\n\t" else " " if sign.isspace() else "" for sign in text)


def problem_entry(problem: Problem) -> dict[str, object]:
    """A problem for programs."""
    return {
        "file": problem.where.file if problem.where else None,
        "line": problem.where.line if problem.where else None,
        "key": problem.key or None,
        "message": masked(problem.message),
        "hint": masked(problem.hint) or None,
    }


def columns(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Text in columns."""
    lines = [[plain(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(line[index]) for line in lines) for index in range(len(head))]
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() + "\n" for line in lines
    )


class Progress:
    """What is being done to each of several things; a context, so that the terminal is left as it was found."""

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def update(self, subject: str, text: str) -> None:
        """What is going on with one thing just now."""

    def done(self, subject: str, text: str, *, well: bool = True) -> None:
        """One thing is done, or has failed."""


class PlainProgress(Progress):
    """Without a terminal: a line when something is done, none in between."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def done(self, subject: str, text: str, *, well: bool = True) -> None:
        self._console.say(f"  {subject}: {text}")


class LiveProgress(Progress):
    """On a terminal: a spinner for each thing until it is done."""

    def __init__(self, stderr: TextIO) -> None:
        from rich.console import Console as RichConsole
        from rich.progress import Progress as RichProgress
        from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

        self._rich = RichProgress(
            SpinnerColumn(finished_text="✓"),
            TextColumn("{task.fields[subject]}", markup=False),
            TextColumn("{task.description}", markup=False),
            TimeElapsedColumn(),
            console=RichConsole(file=stderr),
        )
        self._tasks: dict[str, Any] = {}

    def __enter__(self) -> Progress:
        self._rich.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._rich.stop()

    def update(self, subject: str, text: str) -> None:
        if subject not in self._tasks:
            self._tasks[subject] = self._rich.add_task(text, total=1, subject=subject)
        self._rich.update(self._tasks[subject], description=plain(text)[:80])

    def done(self, subject: str, text: str, *, well: bool = True) -> None:
        self.update(subject, text if well else f"✗ {text}")
        if well:
            self._rich.update(self._tasks[subject], completed=1)
        else:
            self._rich.stop_task(self._tasks[subject])
