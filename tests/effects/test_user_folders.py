"""Where devenv's own files of a user are, as platformdirs would have it."""

from __future__ import annotations

import sys

import pytest
from platformdirs.macos import MacOS
from platformdirs.unix import Unix

from devenv.effects import user_folders


@pytest.mark.parametrize(("platform", "expected"), [("linux", Unix), ("darwin", MacOS)])
@pytest.mark.parametrize("xdg", ["/srv/xdg", "", "relative", "~/xdg"])
def test_as_platformdirs(
    monkeypatch: pytest.MonkeyPatch, platform: str, expected: type[Unix] | type[MacOS], xdg: str
) -> None:
    env = {"HOME": "/home/ada", "XDG_STATE_HOME": xdg, "XDG_CONFIG_HOME": xdg}
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)
    folders = expected("devenv", appauthor=False)
    assert user_folders.state(env) == folders.user_state_path
    assert user_folders.config(env) == folders.user_config_path
