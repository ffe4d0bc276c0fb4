"""Guards: no test touches the user's home, the network or a program unless it says so."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import python_on_whales  # noqa: F401 - keeps its own Popen: it must not be imported first while a guard refuses it

from devenv.effects import process

# Machines are slow now and then, so no deadline. Whoever works on the code tries fewer examples than CI does.
hypothesis.settings.register_profile("ci", deadline=None)
hypothesis.settings.register_profile("here", deadline=None, max_examples=20)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "here")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell has it for what runs in its background
    signal.signal(signal.SIGINT, signal.default_int_handler)  # or every program that a test starts would inherit that


class NobodySaidThatThisTestMayRunPrograms(AssertionError):
    """Mark the test ``engine``, or ask for the fixture ``programs``."""


class NobodySaidThatThisTestMayLeaveThisMachine(AssertionError):
    """Tests talk to loopback only."""


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """What tests have to tell, wherever they ran; here, since who hands tests out to others reads no conftest below."""
    for report in terminalreporter.getreports("passed"):
        for name, told in report.user_properties:
            if name == "told" and report.when == "call":
                terminalreporter.write_line(told)


@pytest.fixture(autouse=True)
def guards(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Make the real world unreachable."""
    home = tmp_path / "no-home"
    if request.node.get_closest_marker("engine") is None:
        monkeypatch.setenv("HOME", str(home))
        monkeypatch.setenv("DEVENV_STATE", str(home / "state"))
        monkeypatch.setenv("DEVENV_CONFIG", str(home / "config.toml"))
        for name in [
            name for name in os.environ if name.startswith(("DEVENV_REGISTRY", "DEVENV_TRUST", "COMPOSE_", "DOCKER_"))
        ]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("DOCKER_HOST", f"unix://{home}/no-engine.sock")
        if "programs" not in request.fixturenames:
            monkeypatch.setattr(process.subprocess, "Popen", _refused)
        monkeypatch.setattr(socket.socket, "connect", _loopback_only(socket.socket.connect))
    yield


@pytest.fixture
def programs() -> None:
    """This test runs programs."""


def _refused(*words: object, **_: object) -> None:
    raise NobodySaidThatThisTestMayRunPrograms(words)


def _loopback_only(connect: object) -> object:
    def guarded(self: socket.socket, address: object) -> object:
        if isinstance(address, tuple) and str(address[0]) not in ("127.0.0.1", "::1", "localhost"):
            raise NobodySaidThatThisTestMayLeaveThisMachine(address)
        return connect(self, address)  # type: ignore[operator]

    return guarded
