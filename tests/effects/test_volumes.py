"""Volumes of data: made so that no prune takes them, and plainly where an engine cannot do that."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from devenv.effects import volumes
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
CASES = {
    "protected": ("/data", "true", "/data/volumes/shop_a/_data", [True]),
    "made by somebody else meanwhile": ("/data", "true", "", [True]),
    "its folder is not known": ("", "true", "", [False]),
    "its folder is on another system": (r"C:\\\\ProgramData", "true", "", [False]),
    "options are refused": ("/data", "exit 1", "", [True, False]),
    "its folder is elsewhere": ("/data", "true", "/elsewhere/shop_a/_data", [True, False]),
}


@pytest.fixture(autouse=True)
def another_engine() -> Iterator[None]:
    volumes._volumes_folder.cache_clear()
    yield
    volumes._volumes_folder.cache_clear()


@pytest.mark.usefixtures("programs")
@pytest.mark.parametrize("case", CASES)
def test_data_is_made_as_well_as_the_engine_can(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    root, options, device, attempts = CASES[case]
    log = tmp_path / "log"
    program = tmp_path / "docker"
    given = {"device": device} if device else None
    seen = json.dumps({"Mountpoint": "/data/volumes/shop_a/_data", "Options": given, "Labels": None})
    program.write_text(ENGINE.format(log=log, root=root, options=options, seen=seen), encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    for _ in range(2):
        volumes.create_data("shop_a", MACHINE, {"devenv.service": "a"})
    asked = log.read_text(encoding="utf-8").splitlines()
    made = [line for line in asked if line.startswith("volume create")]
    assert [OPTIONS in line for line in made] == attempts * 2
    assert all("--label devenv.owner=id" in line and "--label devenv.service=a" in line for line in made)
    assert sum(line.startswith("info") for line in asked) == 1
    assert ("volume rm shop_a" in asked) == (case == "its folder is elsewhere")
