"""Archives are written around what programs write, and are whole or not there."""

from __future__ import annotations

import errno
import gzip
import json
import os
import subprocess
from pathlib import Path

import pytest

from devenv.effects.archive import ABOUT, Member, read, unpack, writing
from devenv.effects.copying import AIR
from devenv.effects.process import BESIDE, pipe
from devenv.errors import DevenvError, ManifestError, Refused

pytestmark = pytest.mark.usefixtures("programs")


def made(path: Path, data: bytes = b"x" * 700, *, force: bool = False) -> None:
    source = path.parent / "source"
    source.write_bytes(data)

    def write(handle: int) -> str:
        *_, summed = pipe(["cat", str(source)], ["tee", BESIDE], sink=handle, beside=["sha256sum"])
        return summed.stdout.split()[0]

    with writing(path, force=force) as writer:
        member = writer.add("a/0.tar.gz", write)
        writer.text(ABOUT, json.dumps({"size": member.size, "sum": member.sha256}))


@pytest.mark.parametrize("size", [0, 1, 511, 512, 513, 70_000])
def test_any_tar_reads_it(tmp_path: Path, size: int) -> None:
    data = os.urandom(size)
    made(tmp_path / "x.tar", data)
    shown = subprocess.run(["tar", "-xOf", str(tmp_path / "x.tar"), "a/0.tar.gz"], check=True, capture_output=True)
    assert shown.stdout == data
    found = read(tmp_path / "x.tar")
    with (tmp_path / "x.tar").open("rb") as file:
        file.seek(found.offsets["a/0.tar.gz"])
        assert file.read(found.sizes["a/0.tar.gz"]) == data
    summed = subprocess.run(["sha256sum", str(tmp_path / "source")], check=True, capture_output=True, text=True)
    assert found.about == {"size": size, "sum": summed.stdout.split()[0]}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["source", "x.tar"]


def test_no_file_is_overwritten_unasked(tmp_path: Path) -> None:
    (tmp_path / "x.tar").write_text("mine")
    with pytest.raises(Refused, match="is there already"):
        made(tmp_path / "x.tar")
    assert (tmp_path / "x.tar").read_text() == "mine"
    made(tmp_path / "x.tar", force=True)
    assert read(tmp_path / "x.tar").sizes["a/0.tar.gz"] == 700


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    def full(handle: int) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(DevenvError, match="cannot be written"), writing(tmp_path / "x.tar", force=False) as writer:
        writer.add("a", full)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(DevenvError, match="cannot be written"), writing(tmp_path / "no" / "x.tar", force=False):
        pass


def test_what_is_cut_off_or_none_is_refused(tmp_path: Path) -> None:
    made(tmp_path / "x.tar")
    whole = (tmp_path / "x.tar").read_bytes()
    for length in (0, 100, 512, 900, len(whole) - 1600):
        (tmp_path / "x.tar").write_bytes(whole[:length])
        with pytest.raises(ManifestError):
            read(tmp_path / "x.tar")
    with pytest.raises(ManifestError, match="not found"):
        read(tmp_path / "none.tar")


def test_a_pipe_is_no_archive(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DevenvError, match=r"pipe cannot be read: it is not a regular file$"):
        read(tmp_path / "pipe")


#: An engine that has a container for everything, and so many KiB free.
ENGINE = """#!/bin/sh
case "$1" in
  create) echo held;;
  cp) cat >{copied};;
  run) printf '0 /from\\n/dev/vda 900000 0 %s 1%% /from\\n' {free};;
esac
"""


def unpacked(folder: Path, monkeypatch: pytest.MonkeyPatch, *, free: int) -> int:
    """Five megabytes that were packed very small, unpacked."""
    packed = gzip.compress(bytes(5_000_000))
    made(folder / "x.tar", packed)
    found = read(folder / "x.tar")
    program = folder / "docker"
    program.write_text(ENGINE.format(copied=folder / "copied", free=free), encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    member = Member("a/0.tar.gz", found.sizes["a/0.tar.gz"], found.about["sum"])
    return unpack(found.path, member, found.offsets[member.file], "volume", image="any", label="x=y")


def test_what_comes_out_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert unpacked(tmp_path, monkeypatch, free=10_000_000) == 5_000_000
    assert (tmp_path / "copied").stat().st_size == 5_000_000


def test_more_than_there_is_room_for_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = (AIR + 2_000_000) // 1024
    with pytest.raises(DevenvError, match=r"no room to unpack a/0\.tar\.gz: it holds more than 2 MB"):
        unpacked(tmp_path, monkeypatch, free=free)
    assert (tmp_path / "copied").stat().st_size <= 2_000_000
