"""What devenv remembers on this machine: one folder for each checkout, below the user's state folder."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from devenv.effects.files import cannot_read, cannot_write, is_absent, make_folder, read_text, write
from devenv.effects.journals import JOURNALS, decode_lines, encode_line
from devenv.effects.records import Damaged, Newer, declared, decode, encode
from devenv.errors import DevenvError, Refused
from devenv.model.file import File
from devenv.model.machine import ENV_FILE, OWNER

#: What a folder with a checkout holds.
MANIFEST = "devenv.toml"


class Store:
    """The memory of one checkout. ``report`` gets a sentence about each record that was lost or damaged."""

    def __init__(self, state: Path, root: Path, report: Callable[[str], None] = lambda sentence: None) -> None:
        self.state, self.root, self.report = state, root, report
        self.folder = _folder(state, str(root))

    def read(self, name: str) -> dict[str, Any]:
        """A record; {} where there is none. A damaged one is kept aside.

        Raises Refused for a newer devenv's, DevenvError for one that may not be read: it is not lost.
        """
        path = self.folder / f"{name}.json"
        try:
            return decode(name, path.read_text(encoding="utf-8"))
        except Newer:
            raise _newer(path) from None
        except (Damaged, UnicodeDecodeError):
            self._set_aside(path, declared(name).lost)
        except (FileNotFoundError, NotADirectoryError):
            pass
        except OSError as error:
            raise cannot_read(path, error) from error
        return {}

    def _set_aside(self, path: Path, lost: str) -> None:
        """Keep a damaged record under a name that nobody has, so that the next one is not written over it."""
        names = (path.with_name(f"{path.stem}.damaged-{number}") for number in range(1, 10_000))
        aside = next(name for name in names if not name.exists())
        try:
            path.rename(aside)
        except FileNotFoundError:  # another devenv was quicker
            return
        except OSError as error:
            raise cannot_write(path, error) from error
        self.report(f"{path} is damaged and kept as {aside.name}: {lost}")

    def has(self, name: str) -> bool:
        """Whether a record was ever written here, and is neither lost nor damaged."""
        return (self.folder / f"{name}.json").exists()

    def write(self, name: str, value: Mapping[str, Any]) -> None:
        _make_folder(self.folder)
        write(self.folder, File(f"{name}.json", encode(name, value), mode=0o600))

    def journal(self, entry: Mapping[str, Any], *, of: str = "journal") -> None:
        """Add one line to a journal, on the disk before this returns. There is one of ``up`` and one of upgrades."""
        _make_folder(self.folder)
        path = self.folder / f"{of}.jsonl"
        try:
            with path.open("a", encoding="utf-8") as out:
                out.write(encode_line(of, entry))
                out.flush()
                os.fsync(out.fileno())
        except OSError as error:
            raise cannot_write(path, error) from error

    def clear_journal(self, *, of: str = "journal") -> None:
        (self.folder / f"{of}.jsonl").unlink(missing_ok=True)

    def unfinished(self, *, of: str = "journal") -> list[dict[str, Any]]:
        """The journal of a run that did not end; [] if the last one did. A damaged one is kept aside. Raises Refused
        for a newer devenv's."""
        path = self.folder / f"{of}.jsonl"
        try:
            return decode_lines(of, path.read_text(encoding="utf-8", errors="replace"))
        except Newer:
            raise _newer(path) from None
        except Damaged:
            self._set_aside(path, JOURNALS[of].lost)
        except (FileNotFoundError, NotADirectoryError):
            pass
        except OSError as error:
            raise cannot_read(path, error) from error
        return []

    @contextlib.contextmanager
    def locked(self, verb: str, *, waiting: Callable[[str], None]) -> Iterator[None]:
        """Hold this checkout alone. A second devenv says whom it waits for (``waiting``) and waits.

        The lock is the kernel's, so it ends with the process that holds it, however that ends. Whoever holds a checkout
        may make data, so that the checkout has an id from now on.
        """
        _make_folder(self.folder)
        with _held(self.folder / "lock", waiting) as lock:
            with contextlib.suppress(OSError):  # a word for who waits; a full disk keeps nobody from being alone
                os.ftruncate(lock, 0)
                os.pwrite(lock, f"devenv {verb} (process {os.getpid()})\n".encode(), 0)
            owner = self.read("owner")
            if not owner or owner.get("inode") != _inode(self.root):
                self._write_owner(owner.get("id") or _new_id(), owner.get("claimed", ()))
            yield

    def holder(self) -> str:
        """Who is at work in this checkout just now: ``devenv sync (process 12)``; "" for nobody."""
        import fcntl

        try:
            with (self.folder / "lock").open("rb") as lock:
                words = lock.read(200).decode("utf-8", "replace").strip()
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return words or "another devenv"
        except OSError:
            return ""
        return ""

    def take_over(self, ids: Iterable[str]) -> None:
        """Have the data of other checkouts be this one's too."""
        owner = self.read("owner")
        claimed = {*owner.get("claimed", ()), *ids}
        self._write_owner(owner.get("id") or _new_id(), sorted(claimed))

    def settle(self) -> None:
        """Have at this place what is remembered of the checkout that is here: it may have been moved, and another one
        may have been here before."""
        identity = identity_at(self.root)
        owner = self.read("owner")
        if identity and (owner.get("id") == identity or self.follow(identity)):
            return
        if owner and _has_left(self.root, owner):
            with _held(self.state / "lock", lambda _: None), contextlib.suppress(FileNotFoundError):
                self._keep_aside()

    def follow(self, identity: str) -> bool:
        """Go on with what is remembered of a checkout by its id, if it has left its folder; whether that is so.

        What is remembered of an earlier checkout at this place is kept aside.
        """
        folder = next((item for item in _folders(self.state) if _owner(item).get("id") == identity), None)
        if not identity or self.read("owner").get("id") == identity or folder is None:
            return False
        owner = _owner(folder)
        root = Path(owner["root"])
        if folder == _folder(self.state, owner["root"]) and not _has_left(root, owner):
            return False
        with _held(self.state / "lock", lambda _: None):
            try:
                if self.folder.exists():
                    self._keep_aside()
                folder.rename(self.folder)
            except FileNotFoundError:  # another devenv was quicker
                return False
            except OSError as error:
                raise cannot_write(self.folder, error) from error
        self._write_owner(identity, owner["claimed"])
        if project := self.read("project").get("project"):
            self.remember_root(project)
        return True

    def _keep_aside(self) -> None:
        """Move this place's memory to where its checkout finds it by its id; without an id, to where it is no
        checkout's."""
        owner = _owner(self.folder)
        if owner and not self.folder.with_name(owner["id"]).exists():
            self.folder.rename(self.folder.with_name(owner["id"]))
            return
        aside = self.state / "former"
        _make_folder(aside)
        names = (aside / f"{self.folder.name}-{number}" for number in range(1, 10_000))
        self.folder.rename(next(name for name in names if not name.exists()))

    def _write_owner(self, identity: str, claimed: Iterable[str]) -> None:
        value: dict[str, Any] = {"id": identity, "root": str(self.root), "claimed": list(claimed)}
        inode = _inode(self.root)
        if inode is not None:
            value["inode"] = inode
        self.write("owner", value)

    def remember_root(self, project: str) -> None:
        """Note which checkout this is, so that another one of the same project can tell."""
        self.write("project", {"project": project, "root": str(self.root)})

    def claim(self, project: str) -> bool:
        """Take a project's name on this machine for this checkout; False if another one that is still there has it.

        Of two checkouts that ask at the same moment, one gets it.
        """
        if self.read("project") == {"project": project, "root": str(self.root)}:
            return True
        _make_folder(self.state)
        with _held(self.state / "lock", lambda _: None):
            others = checkouts(self.state)
            others.pop(str(self.root), None)
            if project in others.values():
                return False
            self.remember_root(project)
            return True


def _newer(path: Path) -> Refused:
    hint = "use that devenv here: 'pip install .' in a checkout of the newer devenv"
    return Refused(f"{path} was written by a newer devenv", hint)


def _make_folder(folder: Path) -> None:
    try:
        make_folder(folder, mode=0o700)
    except OSError as error:
        raise cannot_write(folder, error) from error


@contextlib.contextmanager
def _held(path: Path, waiting: Callable[[str], None]) -> Iterator[int]:
    """Hold a lock of the kernel's on a file; whoever has it now is named to ``waiting`` by what the file says."""
    import fcntl

    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise cannot_write(path, error) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting(os.pread(handle, 200, 0).decode("utf-8", "replace").strip() or "another devenv")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield handle
    finally:
        os.close(handle)


def _folder(state: Path, root: str) -> Path:
    """Where the memory of the checkout in a folder is."""
    return state / "projects" / hashlib.sha256(root.encode()).hexdigest()[:16]


def _folders(state: Path) -> Iterator[Path]:
    """The memories of all checkouts, also of those that have left their places. Raises DevenvError."""
    folder = state / "projects"
    try:
        folders = sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise cannot_read(folder, error) from error
    yield from folders


def _owner(folder: Path) -> dict[str, Any]:
    """Whose memory a folder is; {} where it does not say."""
    try:
        return decode("owner", (folder / "owner.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def identity_at(root: Path) -> str:
    """The id that ``.devenv/.env`` gives the checkout in a folder; "" if it gives none, or cannot be read."""
    text = ""
    with contextlib.suppress(DevenvError):
        text = read_text(root / ENV_FILE) or ""
    match = re.search(rf"^{OWNER}=(\w+)$", text, re.MULTILINE)
    return match[1] if match else ""


def _new_id() -> str:
    """An id that no other checkout has."""
    import secrets  # brings random and hmac along, and is needed once in a checkout's life

    return secrets.token_hex(8)


def _has_left(root: Path, owner: Mapping[str, Any]) -> bool:
    """Whether a checkout is certainly not in its folder any more: a moved folder keeps its inode, and a clone in its
    place has another one and no ``.devenv/.env``. A checkout of which only that file was removed is still there."""
    if is_absent(root):
        return True
    known, now = owner.get("inode"), _inode(root)
    if known is None or now is None or known == now:
        return False
    return identity_at(root) != str(owner["id"])


def _inode(folder: Path) -> int | None:
    try:
        return folder.stat().st_ino
    except OSError:
        return None


def checkouts(state: Path) -> dict[str, str]:
    """Root -> project name of every checkout known on this machine that may still be there."""
    found = {}
    for folder in _folders(state):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            value = decode("project", (folder / "project.json").read_text(encoding="utf-8"))
            is_in_place = folder == _folder(state, value["root"])
            if is_in_place and not is_absent(Path(value["root"], MANIFEST)):
                found[value["root"]] = value["project"]
    return found


def owners(state: Path) -> dict[str, str]:
    """Id -> root of every checkout of which something is remembered here, whether it is still there or not."""
    return {owner["id"]: owner["root"] for folder in _folders(state) if (owner := _owner(folder))}


def state_folder(env: Mapping[str, str]) -> Path:
    """``DEVENV_STATE`` or the platform's folder for a user's state."""
    if env.get("DEVENV_STATE"):
        return Path(env["DEVENV_STATE"])
    from platformdirs import user_state_path

    return user_state_path("devenv", appauthor=False)
