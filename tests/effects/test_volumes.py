"""Volumes of data: made so that no prune takes them, and plainly where an engine cannot do that."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from devenv.effects import volumes
from devenv.effects.compose import TakenMeanwhile
from devenv.model.machine import Machine

MACHINE = Machine("shop", "/home/me/shop", owner="id")
#: An engine with its data in /data, in the words of the shell; every command is written down.
ENGINE = """#!/bin/sh
echo "$*" >>{log}
case "$*" in
  info*) echo "{root}";;
  *"--opt"*) {options};;
  *inspect*) echo '{seen}';;
esac
"""
OPTIONS = "--opt type=none --opt o=bind --opt device=/data/volumes/shop_a/_data"
FOLDER = "/data/volumes/shop_a/_data"
#: Where the engine says that its data is, how it takes options, the volume's folder and what that is bound to, and
#: whether each attempt to make it has options.
CASES = {
    "protected": ("/data", "true", FOLDER, FOLDER, [True]),
    "made by somebody else meanwhile": ("/data", "true", FOLDER, "", [True]),
    "its folder is not known": ("", "true", FOLDER, "", [False]),
    "its folder is on another system": (r"C:\\\\ProgramData", "true", FOLDER, "", [False]),
    "options are refused": ("/data", "exit 1", FOLDER, "", [True, False]),
    "its folder is elsewhere": ("/data", "true", "/elsewhere/volumes/shop_a/_data", FOLDER, [True, False]),
}


@pytest.fixture(autouse=True)
def another_engine() -> Iterator[None]:
    volumes._volumes_folder.cache_clear()
    yield
    volumes._volumes_folder.cache_clear()


@pytest.mark.usefixtures("programs")
@pytest.mark.parametrize("case", CASES)
def test_data_is_made_as_well_as_the_engine_can(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    root, options, folder, device, attempts = CASES[case]
    log = an_engine(tmp_path, monkeypatch, root, options, folder, device)
    for _ in range(2):
        volumes.create_data("shop_a", MACHINE, {"devenv.service": "a", "devenv.device": "/of/the/original"})
    asked = log.read_text(encoding="utf-8").splitlines()
    made = [line for line in asked if line.startswith("volume create")]
    assert [OPTIONS in line for line in made] == attempts * 2
    assert [f"--label devenv.device={FOLDER}" in line for line in made] == attempts * 2
    assert all("--label devenv.owner=id" in line and "--label devenv.service=a" in line for line in made)
    assert not any("/of/the/original" in line for line in made)
    assert sum(line.startswith("info") for line in asked) == 1
    assert ("volume rm shop_a" in asked) == (case == "its folder is elsewhere")


@pytest.mark.usefixtures("programs")
def test_a_volume_of_a_moved_engine_is_never_removed_to_make_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = an_engine(tmp_path, monkeypatch, "/data", "true", FOLDER, "/before/volumes/shop_a/_data")
    with pytest.raises(TakenMeanwhile, match="volume shop_a is there already, bound to /before/volumes/shop_a/_data"):
        volumes.create_data("shop_a", MACHINE, {"devenv.service": "a"})
    assert "volume rm" not in log.read_text(encoding="utf-8")


def an_engine(
    folder: Path, monkeypatch: pytest.MonkeyPatch, root: str, options: str, mountpoint: str, device: str
) -> Path:
    """Put one on PATH, and return the file that has every command that it was given."""
    log, program = folder / "log", folder / "docker"
    given = {"device": device} if device else None
    seen = json.dumps({"Mountpoint": mountpoint, "Options": given, "Labels": None})
    program.write_text(ENGINE.format(log=log, root=root, options=options, seen=seen), encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return log
