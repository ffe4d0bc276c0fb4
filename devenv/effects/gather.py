"""Getting the texts that sources are made of: files, what commands print, what live servers answer."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

from devenv.document import LARGEST, Document, Empty, Keep, Unreadable, decode, is_surely_ours
from devenv.effects.files import BadPattern, TooLarge, is_file, is_folder, matching, read_bytes
from devenv.effects.process import minding, run
from devenv.model.fact import Companion, Note
from devenv.model.production import Place
from devenv.model.record import record
from devenv.model.text import masked, presentable

#: A file whose name ends so is meant for us, wherever it was found.
STATE = ".tfstate"
#: What a folder is searched for.
_SUFFIXES = (
    ".json", ".yaml", ".yml", ".tfstate", ".toml", ".lock", ".nomad", ".hcl", ".tf", ".tofu", ".tfvars",
    ".bicep", ".container",
)  # fmt: skip
_NAMES = (".tool-versions",)
_NOT_SEARCHED = {".git", ".terraform", ".devenv", "node_modules", "__pycache__", ".venv"}
_NO_FILES = "no file of a format that devenv reads is there: JSON, YAML, TOML or HCL"
#: Seconds that a command gets: a state may have to come from far away.
_PATIENCE = 60.0
_AT_ONCE = 8
#: What Linux takes for a path.
_LONGEST_PATH = 4096


@record
class Gathered:
    """What a place gave: documents, and notes about what could not be read. ``sought``: nobody named these files one
    by one, so that one which is nothing of ours needs no word; ``skipped`` says which could not be read and why, where
    nothing shows that they describe production: they are ``untold``, except those that are empty."""

    documents: tuple[Document, ...]
    notes: tuple[Note, ...]
    sought: bool = False
    skipped: tuple[Note, ...] = ()


@record
class Gatherer:
    """``root`` is what paths are relative to, ``env`` has the addresses of live servers, ``day`` is the ISO day."""

    root: Path
    env: Mapping[str, str]
    day: str
    keep: Keep
    stdin: BinaryIO | None = None

    def gather(self, places: Iterable[Place]) -> list[Gathered]:
        """All places at once, in their order."""
        given = list(places)
        with ThreadPoolExecutor(_AT_ONCE) as pool, minding():
            return list(pool.map(self._one, given))

    def further(self, wants: Iterable[str]) -> Gathered:
        """Files that others refer to."""
        return _all_of(partial(self._file, Path(want), want) for want in wants)

    def companions(self, wanted: Iterable[Companion]) -> list[Document]:
        """Those files that there are of what may be beside a source; what cannot be read of them is as if not there."""
        documents = []
        for companion in wanted:
            found = self._pattern(companion.path) if is_pattern(companion.path) else self.further([companion.path])
            documents += [replace(document, source=companion.source) for document in found.documents]
        return documents

    def _one(self, place: Place) -> Gathered:
        if place.command:
            return _all_of([partial(self._printed, place)])
        if place.url_env:
            return _all_of([partial(self._answered, place)])
        if place.path == "-":
            return _all_of([self._piped])
        if is_folder(self.root / place.path):
            return self._folder(place.path)
        if is_file(self.root / place.path) or not is_pattern(place.path):
            return _all_of([partial(self._file, Path(place.path), self._shown(self.root / place.path))])
        return self._pattern(place.path)

    def _folder(self, text: str) -> Gathered:
        closed: list[Path] = []
        paths = sorted(_searched(self.root / text, closed))
        unsearched = tuple(
            Note("cannot be searched: permission denied", self._shown(path), untold=True) for path in closed
        )
        found = self._sought(text, paths)
        return replace(found, notes=(*found.notes, *unsearched))

    def _pattern(self, text: str) -> Gathered:
        try:
            found = matching(self.root, text)
        except BadPattern as error:
            return Gathered((), (Note(str(error), masked(text), failed=True),))
        return self._sought(text, [path for path in found if is_file(path)])

    def _sought(self, text: str, paths: Sequence[Path]) -> Gathered:
        """Files that nobody named one by one. If none of them can be read, every problem is reported."""
        if not paths:
            return Gathered((), (Note(_NO_FILES, masked(text), failed=True),))
        documents: list[Document] = []
        broken: list[Note] = []
        skipped: list[Note] = []
        for path in paths:
            shown = self._shown(path)
            try:
                documents.append(self._file(path, shown))
            except Unreadable as error:
                if is_surely_ours(shown, self._head(path)):
                    broken.append(error.note)
                else:
                    skipped.append(replace(error.note, untold=not isinstance(error, Empty)))
        if not documents:
            return Gathered((), (*broken, *skipped), sought=True)
        told = tuple(replace(note, failed=False) for note in skipped)
        return Gathered(tuple(documents), tuple(broken), sought=True, skipped=told)

    def _head(self, path: Path) -> bytes:
        """The content of a file that cannot be read as what it should be; b"" where it cannot be read at all."""
        try:
            return read_bytes(self.root / path, limit=LARGEST)
        except OSError:
            return b""

    def _shown(self, path: Path) -> str:
        known_as = path.relative_to(self.root) if path.is_relative_to(self.root) else path
        return presentable(str(known_as), _LONGEST_PATH)

    def _file(self, path: Path, shown: str) -> Document:
        try:
            return self._decoded(shown, read_bytes(self.root / path, limit=LARGEST))
        except (FileNotFoundError, NotADirectoryError):
            raise Unreadable(Note("there is no such file", masked(shown), failed=True)) from None
        except TooLarge:
            raise Unreadable(
                Note(f"is larger than {LARGEST // 1024 // 1024} MiB", masked(shown), failed=True)
            ) from None
        except OSError as error:
            raise Unreadable(Note(f"cannot be read: {error.strerror}", masked(shown), failed=True)) from None

    def _piped(self) -> Document:
        return self._decoded("standard input", self.stdin.read() if self.stdin else b"")

    def _decoded(self, shown: str, data: bytes, *, asked: bool = False) -> Document:
        return decode(shown, data, asked=asked, day=self.day, keep=self.keep)

    def _printed(self, place: Place) -> Document:
        """What a command printed. What it said on stderr is not repeated: it may hold anything."""
        shown = masked(shlex.join(place.command))
        hint = "run it by hand to see why"
        try:
            done = run(place.command, cwd=self.root, timeout=_PATIENCE)
        except FileNotFoundError:
            raise Unreadable(Note(f"there is no program {place.command[0]}", shown, failed=True)) from None
        except TimeoutError:
            raise Unreadable(Note(f"took longer than {_PATIENCE:.0f} s; {hint}", shown, failed=True)) from None
        except OSError as error:
            raise Unreadable(Note(f"cannot be run: {error.strerror}", shown, failed=True)) from None
        if done.code != 0:
            raise Unreadable(Note(f"ended with code {done.code}; {hint}", shown, failed=True))
        return self._decoded(shown, done.stdout.encode(), asked=True)

    def _answered(self, place: Place) -> Document:
        address = self.env.get(place.url_env, "")
        if not address:
            raise Unreadable(Note(f"the variable {place.url_env} is not set", f"${place.url_env}", failed=True))
        from devenv.effects import live

        return live.ask(
            place.url_env,
            address,
            service=place.service,
            day=self.day,
            tls_ca=str(self.root / place.tls_ca) if place.tls_ca else "",
            plaintext=place.plaintext,
        )


def is_pattern(path: str) -> bool:
    """Whether a source's path names files by a pattern."""
    return any(sign in path for sign in "*?[")


def _all_of(tries: Iterable[Callable[[], Document]]) -> Gathered:
    documents: list[Document] = []
    notes: list[Note] = []
    for attempt in tries:
        try:
            documents.append(attempt())
        except Unreadable as error:
            notes.append(error.note)
    return Gathered(tuple(documents), tuple(notes))


def _searched(folder: Path, closed: list[Path]) -> Iterator[Path]:
    """The files below a folder that may describe production; ``closed`` gets the folders that may not be searched."""
    try:
        entries = list(folder.iterdir())
    except OSError:
        closed.append(folder)
        return
    for path in entries:
        if is_folder(path) and not path.is_symlink() and path.name not in _NOT_SEARCHED:
            yield from _searched(path, closed)
        elif (path.suffix in _SUFFIXES or path.name in _NAMES) and is_file(path):
            yield path
