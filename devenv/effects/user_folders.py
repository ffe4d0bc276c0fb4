"""Where devenv's own files of a user are: https://specifications.freedesktop.org/basedir-spec/latest/, on macOS in
Apple's place unless a variable of that specification names another one."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path


def state(env: Mapping[str, str]) -> Path:
    """What devenv remembers."""
    return _folder(env, "XDG_STATE_HOME", ".local/state")


def config(env: Mapping[str, str]) -> Path:
    """What the user sets for all projects."""
    return _folder(env, "XDG_CONFIG_HOME", ".config")


def _folder(env: Mapping[str, str], variable: str, on_linux: str) -> Path:
    named = Path(env.get(variable, ""))
    if named.is_absolute():  # others are to be ignored, as the specification has it
        return named / "devenv"
    home = Path(env.get("HOME") or Path.home())
    usual = "Library/Application Support" if sys.platform == "darwin" else on_linux
    return home / usual / "devenv"
