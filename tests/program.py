"""devenv as a program, without an engine: a folder, a command line, what comes of it."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from devenv.cli import main
from devenv.effects.world import World

ROOT = Path(__file__).parent.parent
DEVENV = [sys.executable, "-m", "devenv"]
MANIFEST = """\
[project]
name = "shop"
[services.db]
kind = "postgres"
version = "15.4"
[services.cache]
kind = "redis"
version = "7.0.15"
[profiles]
small = ["cache"]
[env]
DATABASE_URL = "{{ services.db.url }}"
"""
#: What an 'up' would have decided.
UP_BEFORE = {".devenv/.env": "COMPOSE_PROJECT_NAME=only-in-tests\nDEVENV_DB_PORT=20001\nDEVENV_CACHE_PORT=20002\n"}


@dataclass
class Said:
    """An exit code and both streams."""

    code: int
    out: str
    err: str


def said(folder: Path, *words: str, env: dict[str, str] | None = None) -> Said:
    """Within this process, as far as no terminal and no other program is involved."""
    out, err = io.StringIO(), io.StringIO()
    world = World(cwd=folder, env=dict(os.environ) | (env or {}), stdin=io.StringIO(), stdout=out, stderr=err)
    return Said(main(words, world), out.getvalue(), err.getvalue())


@dataclass
class Program:
    """A program of its own, with the environment of the test."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    def __call__(self, *words: str, **options: Any) -> Said:
        env = {**os.environ, "PYTHONPATH": str(ROOT), **self.env}
        options = {"stdin": subprocess.DEVNULL, "text": True, "timeout": 60, **options}
        done = subprocess.run([*DEVENV, *words], cwd=self.folder, env=env, capture_output=True, **options)
        return Said(done.returncode, done.stdout, done.stderr)
