"""Getting the texts that sources are made of: files, what commands print, what live servers answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import BinaryIO

from devenv.document import LARGEST, Document, Keep, Unreadable, decode
from devenv.effects.process import minding, run
from devenv.model.fact import Note
from devenv.model.production import Place
from devenv.model.record import record

#: A file whose name ends so is meant for us, wherever it was found.
STATE = ".tfstate"
#: What a folder is searched for.
_SUFFIXES = (".json", ".yaml", ".yml", ".tfstate", ".toml", ".lock", ".nomad", ".hcl")
_NOT_SEARCHED = {".git", ".terraform", ".devenv", "node_modules", "__pycache__", ".venv"}
#: Seconds that a command gets: a state may have to come from far away.
_PATIENCE = 60.0
_AT_ONCE = 8


@record
class Gathered:
    """What a place gave: documents, and notes about what could not be had. ``sought``: nobody named these files one
    by one, so that one which is nothing of ours needs no word."""

    documents: tuple[Document, ...]
    notes: tuple[Note, ...]
    sought: bool = False


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

    def _one(self, place: Place) -> Gathered:
        if place.command:
            return _all_of([partial(self._printed, place)])
        if place.url_env:
            return _all_of([partial(self._answered, place)])
        if place.path == "-":
            return _all_of([self._piped])
        paths, sought = self._paths(place.path)
        if not paths:
            said = "there is no such file" if not sought else "nothing is there that could be read"
            return Gathered((), (Note(said, place.path, failed=True),))
        return _all_of((partial(self._file, path, self._shown(path)) for path in paths), sought=sought)

    def _paths(self, text: str) -> tuple[list[Path], bool]:
        path = self.root / text
        if path.is_file():
            return [path], False
        if path.is_dir():
            return sorted(_searched(path)), True
        if any(sign in text for sign in "*?["):
            start = Path(path.anchor) if Path(text).is_absolute() else self.root
            pattern = str(path.relative_to(start)) if Path(text).is_absolute() else text
            return sorted(found for found in start.glob(pattern) if found.is_file()), True
        return [], False

    def _shown(self, path: Path) -> str:
        return str(path.relative_to(self.root)) if path.is_relative_to(self.root) else str(path)

    def _file(self, path: Path, shown: str) -> Document:
        path = self.root / path
        try:
            if path.stat().st_size > LARGEST:
                raise Unreadable(Note(f"is larger than {LARGEST // 1024 // 1024} MiB", shown, failed=True))
            return self._decoded(shown, path.read_bytes())
        except FileNotFoundError:
            raise Unreadable(Note("there is no such file", shown, failed=True)) from None
        except OSError as error:
            raise Unreadable(Note(f"cannot be read: {error.strerror}", shown, failed=True)) from None

    def _piped(self) -> Document:
        return self._decoded("standard input", self.stdin.read() if self.stdin else b"")

    def _decoded(self, shown: str, data: bytes, *, asked: bool = False) -> Document:
        return decode(shown, data, asked=asked, day=self.day, keep=self.keep)

    def _printed(self, place: Place) -> Document:
        """What a command printed. What it said on stderr is not repeated: it may hold anything."""
        shown = " ".join(place.command)
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


def _all_of(tries: Iterable[Callable[[], Document]], *, sought: bool = False) -> Gathered:
    """``sought``: of files that nobody named one by one, those are told that are broken, and states in any case;
    those that only hold nothing for us are told where there is nothing else."""
    documents: list[Document] = []
    notes: list[Note] = []
    passed_over: list[Note] = []
    for attempt in tries:
        try:
            documents.append(attempt())
        except Unreadable as error:
            whole = sought and error.whole and not error.note.file.endswith(STATE)
            (passed_over if whole else notes).append(error.note)
    notes += [] if documents else passed_over
    return Gathered(tuple(documents), tuple(notes), sought)


def _searched(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink() and path.name not in _NOT_SEARCHED:
            yield from _searched(path)
        elif path.is_file() and path.suffix in _SUFFIXES:
            yield path
