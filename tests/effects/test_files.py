"""Files: found, read, written whole or not at all, never through a link."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import pytest

from devenv.effects.files import (
    TooLarge,
    find_root,
    is_absent,
    is_file,
    is_folder,
    matching,
    read_bytes,
    read_folder,
    read_text,
    write,
    write_files,
)
from devenv.errors import DevenvError, ManifestError, Refused
from devenv.model.file import File
from tests.making import tree


def test_the_nearest_root(tmp_path: Path) -> None:
    tree(tmp_path, {"devenv.toml": "", "a/devenv.toml": "", "a/b/c/x": "", "d/x": ""})
    assert find_root(tmp_path / "a" / "b" / "c", "devenv.toml") == tmp_path / "a"
    assert find_root(tmp_path / "d", "devenv.toml") == tmp_path
    assert find_root(tmp_path / "d", "other.toml") is None


def test_where_nobody_may_look(tmp_path: Path) -> None:
    """Not as root, who may look everywhere: any answer of the system's but yes and no will do."""
    name = "x" * 300
    with pytest.raises(DevenvError, match=f"^{tmp_path}/{name} cannot be looked for: File name too long$"):
        find_root(tmp_path, name)


def test_a_folder_is_no_manifest(tmp_path: Path) -> None:
    (tmp_path / "devenv.toml").mkdir()
    assert find_root(tmp_path, "devenv.toml") is None


@pytest.mark.parametrize(("name", "shown"), [("two\nlines", "two\\nlines"), ("latin-\udce9", "latin-\\udce9")])
def test_a_root_that_no_file_can_name(tmp_path: Path, name: str, shown: str) -> None:
    tree(tmp_path / name, {"devenv.toml": ""})
    with pytest.raises(ManifestError) as caught:
        find_root(tmp_path / name, "devenv.toml")
    assert str(caught.value).startswith(f"{tmp_path}/{shown}: no file can hold this folder's name\n")


@pytest.mark.parametrize("name", ["mit Leerzeichen", "Ü✓", "日本　語", "it's"])
def test_a_root_that_is_only_odd(tmp_path: Path, name: str) -> None:
    tree(tmp_path / name, {"devenv.toml": ""})
    assert find_root(tmp_path / name, "devenv.toml") == tmp_path / name


def test_reading(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\xef\xbb\xbfwith a mark\r\n")
    assert read_text(tmp_path / "x") == "with a mark\r\n"
    assert read_text(tmp_path / "nothing") is None
    assert read_text(tmp_path / "x" / "below a file") is None


def test_reading_what_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"one\ntwo\n\xff\n")
    with pytest.raises(ManifestError) as caught:
        read_text(tmp_path / "x")
    assert str(caught.value) == f"{tmp_path}/x:3: is not UTF-8 text\n  save it as UTF-8"


def test_reading_what_is_far_too_large(tmp_path: Path) -> None:
    with (tmp_path / "x").open("wb") as out:
        out.truncate(10 * 1024 * 1024)
    with pytest.raises(ManifestError) as caught:
        read_text(tmp_path / "x")
    assert str(caught.value) == f"{tmp_path}/x: is too large\n  10 MiB; devenv reads at most 4 MiB"


def test_reading_a_folder(tmp_path: Path) -> None:
    with pytest.raises(DevenvError, match="cannot be read: Is a directory"):
        read_text(tmp_path)
    tree(tmp_path, {"b": "2", "a/c": "1", ".hidden": "x"})
    assert read_folder(tmp_path) == {"a/c": "1", "b": "2"}
    assert read_folder(tmp_path / "nowhere") == {}


def test_writing(tmp_path: Path) -> None:
    write_files(tmp_path, [File("a/b/c", "text\n", mode=0o600), File("d", "Ü\n")])
    assert (tmp_path / "a/b/c").read_bytes() == b"text\n"
    assert stat.S_IMODE((tmp_path / "a/b/c").stat().st_mode) == 0o600
    assert (tmp_path / "d").read_bytes() == "Ü\n".encode()
    assert sorted(path.name for path in (tmp_path / "a/b").iterdir()) == ["c"]


def test_what_is_so_already_is_not_touched(tmp_path: Path) -> None:
    write(tmp_path, File("x", "text"))
    before = (tmp_path / "x").stat()
    write(tmp_path, File("x", "text"))
    assert (tmp_path / "x").stat().st_ino == before.st_ino
    write(tmp_path, File("x", "text", mode=0o600))
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o600


def test_a_reader_sees_the_old_or_the_new(tmp_path: Path) -> None:
    """Who has the old file open goes on reading the old one."""
    write(tmp_path, File("x", "old"))
    with (tmp_path / "x").open() as reader:
        write(tmp_path, File("x", "new and longer"))
        assert reader.read() == "old"
    assert (tmp_path / "x").read_text() == "new and longer"


@pytest.mark.parametrize("link", ["x", "a", "a/b"])
def test_links_are_not_followed(tmp_path: Path, link: str) -> None:
    root, elsewhere = tmp_path / "root", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (root / link).parent.mkdir(parents=True)
    (root / link).symlink_to(elsewhere)
    with pytest.raises(Refused) as caught:
        write(root, File("x" if link == "x" else "a/b/c", "text"))
    assert str(caught.value) == f"{link} is a symbolic link to {elsewhere}\n  remove the link; devenv writes there"
    assert list(elsewhere.iterdir()) == []


def test_a_root_behind_a_link_is_the_users_own(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    write(tmp_path / "link", File("x", "text"))
    assert (tmp_path / "real" / "x").read_text() == "text"


def test_something_is_in_the_way(tmp_path: Path) -> None:
    tree(tmp_path, {"file": "mine", "folder/x": ""})
    with pytest.raises(DevenvError) as caught:
        write(tmp_path, File("file/x", "text"))
    assert str(caught.value).endswith("\n  a file stands where devenv needs a folder: move it away")
    with pytest.raises(DevenvError) as caught:
        write(tmp_path, File("folder", "text"))
    expected = f"{tmp_path}/folder cannot be written: Is a directory\n  a folder stands where devenv writes a file: move it away"
    assert str(caught.value) == expected
    assert sorted(os.listdir(tmp_path)) == ["file", "folder"]  # nothing half written is left
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("name", ["link", "pipe", "socket"])
def test_what_may_never_end_is_not_opened(tmp_path: Path, name: str) -> None:
    """Anybody can commit a link to a device; git itself makes no pipe, but an archive does."""
    (tmp_path / "link").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        with pytest.raises(ManifestError) as caught:
            read_text(tmp_path / name)
    assert str(caught.value).startswith(f"{tmp_path}/{name}: is not a regular file\n  it is a ")
    assert not is_file(tmp_path / name)


def test_what_the_kernel_makes_up_has_an_end() -> None:
    """Files below /proc say that they are empty."""
    assert read_bytes(Path("/proc/self/status"), limit=1024 * 1024).startswith(b"Name:")
    with pytest.raises(TooLarge):
        read_bytes(Path("/proc/self/status"), limit=10)


def test_a_link_to_a_file_is_that_file(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("text")
    (tmp_path / "link").symlink_to("real")
    assert read_text(tmp_path / "link") == "text"


def test_questions_about_places_where_nobody_may_look(tmp_path: Path) -> None:
    """As above, a name that the system refuses stands for a folder that may not be searched."""
    refused = tmp_path / ("x" * 300)
    assert not is_file(refused / "docker")
    assert not is_folder(refused)
    assert not is_absent(refused / "devenv.toml")


def test_what_is_certainly_not_there(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert is_absent(tmp_path / "shop" / "devenv.toml")
    assert is_absent(tmp_path / "file" / "devenv.toml")
    assert not is_absent(tmp_path / "file")
    assert not is_absent(Path("no name\0of a file"))


def test_nobody_else_may_write_into_a_new_folder(tmp_path: Path) -> None:
    """Whatever the umask: as root, some have none."""
    before = os.umask(0)
    try:
        write(tmp_path, File("a/b/c", "text"))
    finally:
        os.umask(before)
    assert [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("a", "a/b", "a/b/c")] == [0o755, 0o755, 0o644]


def test_patterns_relative_and_absolute(tmp_path: Path) -> None:
    root = tree(tmp_path, {"a/1.sql": "", "a/b/2.sql": "", "a/b/3.txt": ""})
    wanted = [root / "a/1.sql", root / "a/b/2.sql"]
    assert matching(root, "a/**/*.sql") == wanted
    assert matching(root / "a", f"{root}/a/**/*.sql") == wanted
    assert matching(root, "nothing/*.sql") == []
