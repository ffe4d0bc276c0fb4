"""Volumes whose folder was moved, or copied, with the engine's data folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from devenv.effects.engine import _existing
from devenv.effects.engine_questions import VOLUMES
from devenv.effects.volume_folders import Former, former, mount_to_read
from devenv.errors import Refused
from tests.effects.scripted_docker import scripted

NAME, FOLDER, BEFORE = "shop_a", "/new/volumes/shop_a/_data", "/old/volumes/shop_a/_data"
MISSING = 'invalid mount config for type "bind": bind source path does not exist: /old'
#: How the engine ends a container that compares both folders.
ANSWERS = {
    Former.MISSING: f"echo '{MISSING}' >&2; exit 125",
    Former.SAME: "exit 0",
    Former.ANOTHER: "exit 1",
}


def engine(folder: Path, monkeypatch: pytest.MonkeyPatch, answer: str, device: str = BEFORE) -> Path:
    seen = json.dumps({"Mountpoint": FOLDER, "Options": {"device": device} if device else None, "Labels": None})
    cases = f"""  image*) echo shellless; echo whole ;;
  *shellless*) exit 127 ;;
  run*) {answer} ;;
  volume*) echo '{seen}' ;;
"""
    return scripted(folder, monkeypatch, cases)


@pytest.mark.usefixtures("programs")
@pytest.mark.parametrize("found", ANSWERS)
def test_both_folders_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found: Former) -> None:
    engine(tmp_path, monkeypatch, ANSWERS[found])
    assert former(FOLDER, BEFORE) is found


@pytest.mark.usefixtures("programs")
def test_without_a_shell_they_count_as_two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine(tmp_path, monkeypatch, "exit 127")
    assert former(FOLDER, BEFORE) is Former.ANOTHER


@pytest.mark.usefixtures("programs")
@pytest.mark.parametrize("device", ["", FOLDER, "/home/me/data"])
def test_a_volume_in_its_place_is_mounted_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, device: str
) -> None:
    calls = engine(tmp_path, monkeypatch, "exit 1", device)
    assert mount_to_read(NAME) == "type=volume,source=shop_a,readonly"
    assert "run" not in calls.read_text(encoding="utf-8")


@pytest.mark.usefixtures("programs")
def test_a_moved_volume_is_read_where_the_engine_keeps_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine(tmp_path, monkeypatch, ANSWERS[Former.MISSING])
    assert mount_to_read(NAME) == f"type=bind,source={FOLDER},readonly"


@pytest.mark.usefixtures("programs")
def test_of_two_folders_none_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine(tmp_path, monkeypatch, ANSWERS[Former.ANOTHER])
    with pytest.raises(Refused) as caught:
        mount_to_read(NAME)
    assert caught.value.problems[0].hint.splitlines()[1:] == [
        "  sudo mv /old/volumes /old/volumes.old   uses the folders in /new/volumes, for all volumes",
        f"  sudo mv {FOLDER} {FOLDER}.old && sudo mv {BEFORE} {FOLDER}   uses {BEFORE} for this volume",
    ]


def test_what_the_socket_says_of_a_volume_is_seen(tmp_path: Path) -> None:
    """A link at the old place is the same folder; a device that somebody chose is left alone."""
    before, now = tmp_path / "before", tmp_path / "now"
    now.mkdir()
    folder, device = f"{now}/volumes/{NAME}/_data", f"{before}/volumes/{NAME}/_data"

    def bound_to(device: str, *, is_local: bool = True) -> str:
        entry = {"Name": NAME, "Mountpoint": folder, "Labels": None, "Options": {"device": device}}
        (row,) = VOLUMES.columns({"Volumes": [entry]})
        return _existing(row, is_local=is_local).bound_to

    assert bound_to(device) == device
    assert bound_to(folder) == ""
    assert bound_to("/home/me/data") == ""
    before.symlink_to(now)
    assert bound_to(device) == ""
    assert bound_to(device, is_local=False) == device
