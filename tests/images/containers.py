"""Containers of the stand-ins, for the tests of their contract."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

# Read at import: a test's home is not the user's.
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "devenv-tests"
REGISTRY = f"127.0.0.1:{os.environ.get('DEVENV_TEST_REGISTRY_PORT', '5055')}"
IMAGES = Path(os.environ.get("DEVENV_TEST_IMAGES") or CACHE / "images.json")

# An init script that leaves time to look at the temporary server.
SLOW_SCRIPT = "#!/bin/sh\nsleep 2\n"


def built() -> list[dict[str, Any]]:
    """What build.py says it built; nothing when it did not run, and pytest then says that the parameters are empty."""
    if not IMAGES.exists():
        return []
    rows: list[dict[str, Any]] = json.loads(IMAGES.read_text(encoding="utf-8"))["images"]
    return rows


def images(kind: str, *, starts: str = "", variant: str | None = None) -> list[Any]:
    """The images of a kind as test parameters, named by their first tag."""
    found = [row for row in built() if row["kind"] == kind and row["version"].startswith(starts)]
    found = [row for row in found if variant is None or row["variant"] == variant]
    return [pytest.param(reference(row), id=f"{kind}-{row['tags'][0]}") for row in found]


def reference(row: dict[str, Any]) -> str:
    return f"{REGISTRY}/{row['repository']}:{row['tags'][0]}"


def docker(*arguments: str, stdin: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(["docker", *arguments], input=stdin, capture_output=True, text=True, check=False, timeout=120)
    assert not check or done.returncode == 0, f"docker {' '.join(arguments)}\n{done.stdout}{done.stderr}"
    return done


def wait_until(check: Callable[[], bool], *, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.15)


class Container:
    """A container of one test."""

    def __init__(self, image: str, options: tuple[str, ...], command: tuple[str, ...]) -> None:
        self.id = docker("create", *options, image, *command).stdout.split()[-1]

    def copy(self, path: str, text: str, folder: Path) -> None:
        """Put a file into the container before its start: the engine need not be on this machine."""
        source = folder / "file"
        source.write_text(text, encoding="utf-8")
        source.chmod(0o755)
        docker("cp", str(source), f"{self.id}:{path}")

    def start(self) -> None:
        docker("start", self.id)

    def stop(self) -> None:
        docker("stop", "--time", "30", self.id)

    def answers(self, *command: str) -> bool:
        return docker("exec", self.id, *command, check=False).returncode == 0

    def says(self, *command: str) -> str:
        return docker("exec", self.id, *command).stdout.strip()

    def logs(self) -> str:
        done = docker("logs", self.id)
        return done.stdout + done.stderr

    def exit_code(self) -> int:
        return int(docker("wait", self.id).stdout)

    def uid(self) -> int:
        """Of the first process, which has to be the server."""
        status = self.says("cat", "/proc/1/status")
        return int(next(line for line in status.splitlines() if line.startswith("Uid:")).split()[1])

    def published(self, port: int) -> str:
        return docker("port", self.id, str(port)).stdout.split()[0]


Run = Callable[..., Container]
