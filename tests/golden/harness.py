"""Cases that are folders: input files, a command line, and what must come of it.

``tests/golden/<verb>/<case>/`` holds the files of a user's project and beside them ``args`` (the command line),
``exit`` (the code), ``stdout`` and ``stderr`` (left out where nothing is said) and ``expected/`` (the files that must
be there afterwards and were not, or not so, before).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import re
import shlex
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from devenv.cli import main
from devenv.effects.world import World
from devenv.errors import DevenvError
from devenv.model.lock import Lock, Locked
from devenv.project import open_project
from devenv.stages.locking import PATH as LOCK
from devenv.stages.locking import write_lock

ROOT = Path(__file__).parent
SAID = ("exit", "stdout", "stderr")
#: git would take the one that is expected for one of this repository's.
IGNORE, STORED_IGNORE = ".gitignore", "dot-gitignore"


@dataclass(frozen=True)
class Outcome:
    """What came of a command: ``files`` are those that it made or changed, by path."""

    exit: int
    stdout: str = ""
    stderr: str = ""
    files: dict[str, str] = field(default_factory=dict)


def cases(verb: str = "*") -> list[Path]:
    return sorted(path.parent for path in ROOT.glob(f"{verb}/*/args"))


def name(case: Path) -> str:
    return case.relative_to(ROOT).as_posix()


def run(case: Path, tmp: Path) -> Outcome:
    """Run the case's command on a copy of its input files; nothing of this machine is in what comes back."""
    project = _copy(case, tmp)
    before = _everything(project)
    stdout, stderr = io.StringIO(), io.StringIO()
    code = main(shlex.split((case / "args").read_text()), _world(project, tmp, stdout, stderr))
    made = {path: _neutral(text, project) for path, text in _everything(project).items() if before.get(path) != text}
    return Outcome(code, *(_neutral(stream.getvalue(), project) for stream in (stdout, stderr)), files=made)


def expected(case: Path) -> Outcome:
    said = {name: path.read_text() for name in SAID if (path := case / name).is_file()}
    files = {path.replace(STORED_IGNORE, IGNORE): text for path, text in _everything(case / "expected").items()}
    return Outcome(int(said.get("exit", "0")), said.get("stdout", ""), said.get("stderr", ""), files)


def update(case: Path, outcome: Outcome) -> None:
    """Write down what came as what must come."""
    for name, text in (("exit", f"{outcome.exit}\n"), ("stdout", outcome.stdout), ("stderr", outcome.stderr)):
        (case / name).write_text(text) if text else (case / name).unlink(missing_ok=True)
    shutil.rmtree(case / "expected", ignore_errors=True)
    for path, text in outcome.files.items():
        stored = case / "expected" / path.replace(IGNORE, STORED_IGNORE)
        stored.parent.mkdir(parents=True, exist_ok=True)
        stored.write_text(text)


def update_lock(case: Path, tmp: Path) -> None:
    """Let the case's lock, if it has one, hold all that its manifest needs, with digests that nobody else has."""
    if not (case / LOCK).is_file():
        return
    (case / LOCK).write_text("")
    try:
        needed = open_project(_world(_copy(case, tmp), tmp, io.StringIO(), io.StringIO())).needed_here()
    except DevenvError:
        return
    digests = {image: f"sha256:{hashlib.sha256(str(image).encode()).hexdigest()}" for image in needed}
    lock = Lock({image: Locked(digest, "registry-1.docker.io", "2026-11-23") for image, digest in digests.items()})
    (case / LOCK).write_text(write_lock(lock))


def _copy(case: Path, tmp: Path) -> Path:
    project = tmp / "project"
    shutil.rmtree(project, ignore_errors=True)
    shutil.copytree(case, project, ignore=lambda folder, names: _outputs(case, folder, names))
    return project


def _outputs(case: Path, folder: str, names: list[str]) -> set[str]:
    return {"args", "expected", *SAID} & set(names) if Path(folder) == case else set()


def _everything(folder: Path) -> dict[str, str]:
    """All files below a folder, also those whose names begin with a dot."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes().decode() for path in files}


def _world(project: Path, tmp: Path, stdout: io.StringIO, stderr: io.StringIO) -> World:
    env = {
        "HOME": str(tmp / "home"),
        "DEVENV_STATE": str(tmp / "state"),
        "DEVENV_CONFIG": str(tmp / "config.toml"),
        "NO_COLOR": "1",
    }
    return World(cwd=project, env=env, stdin=io.StringIO(), stdout=stdout, stderr=stderr)


#: Digests change with every word of a kind's folder; what they are of is compared, they themselves need not be.
_DIGESTS = re.compile(
    r"(?<=inputs=)[0-9a-f]{16}|(?<=content=)[0-9a-f]{16}|(?<=devenv.config: )'?[0-9a-f]{16}'?|(?<=devenv.workspace: )'?[0-9a-f]{16}'?"
)


def _neutral(text: str, project: Path) -> str:
    today = dt.datetime.now(dt.UTC).date().isoformat()
    return _DIGESTS.sub("<digest>", text.replace(str(project), "<project>").replace(today, "<today>"))
