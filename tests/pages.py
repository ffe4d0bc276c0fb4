"""The console blocks of README.md and docs/, run as a reader would run them.

HTML comments, which no reader sees, say what comes before a block:

    <!-- test: write devenv.toml -->       the next block is the text of this file
    <!-- test: append devenv.toml -->      the next block comes behind what is in this file
    <!-- test: copy examples/production/postgres-15.tfstate infra/prod.tfstate -->
    <!-- test: not run: it needs an account in a cloud -->

``DEVENV_UPDATE_GOLDEN=1`` writes what devenv prints now into the pages; read the difference before it is committed.
"""

from __future__ import annotations

import difflib
import itertools
import os
import re
import shlex
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.engine.project import ROOT, Project
from tests.engine.running import Terminal

UPDATE = bool(os.environ.get("DEVENV_UPDATE_GOLDEN"))
#: The pages that need an engine, in the order in which a reader comes to them; they share one project.
WITH_ENGINE = ("README.md", "docs/data.md")
_FENCE = "```"
_DIRECTIVE = re.compile(r"<!-- test: (.*) -->")
_PROMPT = "$ devenv "
_QUESTION = "[y/N]: "
#: What differs from run to run: how long something took, how large it is, and the day.
_VARIABLE = (
    (re.compile(r"\b\d+(\.\d+)? (ms|s|min|h)\b"), "<time>"),
    (re.compile(r"\b\d+(\.\d+)? ([kMG]?B)\b"), "<size>"),
    (re.compile(r"\b\d{4}-\d\d-\d\d\b"), "<day>"),
    (re.compile(r"(?<=\S) +"), " "),  # columns are as wide as these make them
)
_SERVES = re.compile(r"  \S+: serves ")


@dataclass(frozen=True)
class Block:
    """A fenced block of a page: which one it is, the line of its opening fence, what is between its fences, and the
    comments before it."""

    page: str
    index: int
    line: int
    lines: tuple[str, ...]
    directives: tuple[str, ...]

    @property
    def commands(self) -> list[str]:
        return [line for line in self.lines if line.startswith(_PROMPT)]

    @property
    def skipped(self) -> str:
        """Why it is not run."""
        reasons = [text.removeprefix("not run: ") for text in self.directives if text.startswith("not run: ")]
        return "".join(reasons)

    def output(self, index: int) -> list[str]:
        """What the page shows after the command in this line of the block."""
        following = self.lines[index + 1 :]
        return list(itertools.takewhile(lambda line: not line.startswith("$ "), following))


def pages() -> list[str]:
    return ["README.md", *sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").glob("*.md"))]


def blocks(page: str) -> list[Block]:
    """All fenced blocks of a page, in order."""
    found = []
    directives: list[str] = []
    start: int | None = None
    lines = (ROOT / page).read_text().splitlines()
    for number, line in enumerate(lines):
        if line.startswith(_FENCE) and start is None:
            start = number
        elif line.startswith(_FENCE) and start is not None:
            found.append(Block(page, len(found), start + 1, tuple(lines[start + 1 : number]), tuple(directives)))
            start, directives = None, []
        elif start is None and (directive := _DIRECTIVE.fullmatch(line)):
            directives.append(directive[1])
    return found


@dataclass(frozen=True)
class Reader:
    """Somebody who types what the pages say. ``shown`` maps what is this reader's own (a port, the project's name on
    this engine) to what the pages show instead."""

    project: Project
    shown: Mapping[str, str]

    def reads(self, page: str) -> None:
        """Run all blocks of a page. What devenv prints is what the page shows."""
        for block in blocks(page):
            for directive in block.directives:
                self._prepare(directive, block)
            if block.commands and not block.skipped:
                printed = list(self._run(block))
                if UPDATE and _neutral(printed) != _neutral(block.lines):
                    _rewrite(block, printed)
                difference = "\n".join(difflib.ndiff(_neutral(block.lines), _neutral(printed)))
                assert UPDATE or _neutral(printed) == _neutral(block.lines), f"{page}:{block.line}\n{difference}"

    def _prepare(self, directive: str, block: Block) -> None:
        verb, *words = shlex.split(directive)
        text = "\n".join(block.lines) + "\n"
        if verb == "copy":
            source, target = words
            (self.project.root / target).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / source, self.project.root / target)
        elif verb == "write":
            self.project.file(words[0], text)
        elif verb == "append":
            self.project.file(words[0], (self.project.root / words[0]).read_text() + "\n" + text)
        else:
            assert verb == "not", directive

    def _run(self, block: Block) -> Iterator[str]:
        """The block's commands, each with what devenv prints now."""
        for index, line in enumerate(block.lines):
            if line.startswith("$ "):
                assert line.startswith(_PROMPT), f"{block.page}: only devenv is run, not {line}"
                yield line
                yield from self._type(line.removeprefix(_PROMPT), block.output(index))

    def _type(self, command: str, shown: list[str]) -> list[str]:
        """What a terminal shows that has no live lines; a question is answered as the page answers it."""
        terminal = Terminal(self.project, *shlex.split(command), TERM="dumb", DEVENV_TRUST="")
        for line in shown:
            if _QUESTION in line:
                terminal.says(_QUESTION)
                terminal.types(line.rpartition(_QUESTION)[2] + "\n")
        code = terminal.end()
        printed = terminal.said.replace("\r\n", "\n")
        assert code == 0, f"devenv {command}: {code}\n{printed}"
        for own, common in self.shown.items():
            printed = printed.replace(own, common)
        return printed.splitlines()


def _neutral(lines: list[str] | tuple[str, ...]) -> list[str]:
    """Lines without what differs from run to run. Services that become ready side by side have no order."""
    neutral: list[str] = []
    serving: list[str] = []
    for line in lines:
        if _SERVES.match(line):
            serving.append(_without_variables(line))
            continue
        neutral += sorted(serving)
        serving = []
        neutral.append(_without_variables(line))
    return neutral + sorted(serving)


def _without_variables(line: str) -> str:
    for pattern, name in _VARIABLE:
        line = pattern.sub(name, line)
    return line.rstrip()


def _rewrite(block: Block, printed: list[str]) -> None:
    assert not os.environ.get("CI"), "what a page shows is decided by a person, not by CI"
    path = ROOT / block.page
    lines = path.read_text().splitlines()
    first = blocks(block.page)[block.index].line  # where it is now: blocks before it may have grown
    lines[first : first + len(block.lines)] = printed
    path.write_text("\n".join([*lines, ""]))
