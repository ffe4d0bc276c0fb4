"""The kinds of services that a project can use: the packaged folders and its own, read and checked."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from devenv import tomldoc
from devenv.catalog import DECLARATION, FRAGMENT, read_kind, read_runtime
from devenv.effects import files
from devenv.effects.world import World
from devenv.errors import ManifestError
from devenv.model.kind import Kind
from devenv.model.problem import Problem, Where
from devenv.stages.load import LOCAL, MANIFEST, Documents, parse_documents

if TYPE_CHECKING:
    from devenv.model.workspace import Runtime


def runtimes() -> dict[str, Runtime]:
    """The languages' runtimes that a workspace can have, by name."""
    folder = files.templates_root() / "runtimes"
    return {
        path.stem: read_runtime(path.stem, path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.toml"))
    }


class Catalogue:
    """The packaged kinds and the project's own; a kind of its own stands before a packaged one of the same name."""

    def __init__(self, root: Path, documents: Documents | None) -> None:
        self._root = root
        self._packaged = files.templates_root() / "services"
        own = documents.catalogue() if documents else ""
        self._own = root / own if own else None

    def names(self) -> list[str]:
        """All kinds, sorted."""
        folders = [self._packaged, *([self._own] if self._own else [])]
        return sorted({path.parent.name for folder in folders for path in folder.glob(f"*/{DECLARATION}")})

    def read(self, names: Iterable[str]) -> dict[str, Kind]:
        """Those of the named kinds that there are."""
        return {name: kind for name in names if (kind := self._read(name))}

    def _folder(self, name: str) -> Path | None:
        places = [self._own / name if self._own else None, self._packaged / name]
        return next((place for place in places if place and files.is_file(place / DECLARATION)), None)

    def _read(self, name: str) -> Kind | None:
        folder = self._folder(name)
        if folder is None or "/" in name or name.startswith("."):
            return None
        texts = files.read_folder(folder)
        texts.setdefault(FRAGMENT, "")
        try:
            return read_kind(name, texts)
        except (KeyError, TypeError, ValueError) as error:
            self.check([name])
            raise ManifestError(Problem(f"cannot be read: {error}", where=self._where(folder))) from error

    def check(self, names: Iterable[str]) -> None:
        """Raises ManifestError for kinds of the project's own whose declaration has a wrong shape."""
        from devenv.stages.check import check_kind_folder

        problems = []
        for name in names:
            folder = self._folder(name)
            if folder is None or self._own is None or self._own not in folder.parents:
                continue
            text = files.read_text(folder / DECLARATION) or ""
            try:
                issues = check_kind_folder(name, tomldoc.parse(text), set(files.read_folder(folder)))
            except tomldoc.TomlError as error:
                problems.append(Problem(f"not valid TOML: {error.message}", where=self._where(folder, error.line)))
                continue
            for issue in issues:
                where = self._where(folder, tomldoc.locate(text, issue.path))
                problems.append(Problem(issue.message, issue.hint, where, issue.key))
        if problems:
            raise ManifestError(problems)

    def _where(self, folder: Path, line: int | None = None) -> Where:
        path = folder / DECLARATION
        return Where(str(path.relative_to(self._root) if path.is_relative_to(self._root) else path), line)


def catalogue_here(world: World) -> Catalogue:
    """The catalogue as seen from where the user stands: with the project's own kinds inside a project."""
    root = files.find_root(world.cwd, MANIFEST)
    if root is None:
        return Catalogue(world.cwd, None)
    return Catalogue(root, parse_documents(files.read_text(root / MANIFEST) or "", files.read_text(root / LOCAL) or ""))
