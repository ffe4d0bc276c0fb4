"""devenv at work, watched from outside: what it says while it runs, what stops it, what it leaves behind."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.engine.project import MIRROR, ROOT, Project, docker, own_port
from tests.output import checked

#: Nothing here takes as long on any machine; what is awaited with it is awaited as an event.
PATIENCE = 400
ANYWHERE = 'kind = "redis"\nversion = "7.0.15"\n'
#: On ports of their own: what is tested beside does not take them between two runs.
REDIS = f"{ANYWHERE}port = {own_port()}\n"
POSTGRES = f'kind = "postgres"\nversion = "15"\nport = {own_port()}\n'
#: A server that is up and never says what it is asked for.
DEAF = 'kind = "container"\nimage = "redis:7.0.15"\nlistens = { main = 6379 }\nready = { expect = "never" }\n'
DEVENV = [sys.executable, "-m", "devenv"]


def environment(project: Project, **more: str) -> dict[str, str]:
    """What devenv is run with; names in ``more`` win, and an empty text takes a name away."""
    kept = {
        key: os.environ[key] for key in ("PATH", "HOME", "DOCKER_HOST", "DOCKER_CONFIG", "LANG") if key in os.environ
    }
    given = kept | {
        "PYTHONPATH": str(ROOT),
        "DEVENV_REGISTRY_MIRROR": MIRROR,
        "DEVENV_STATE": str(project.root / "state"),
        "DEVENV_CONFIG": str(project.root / "no-config.toml"),
        "DEVENV_TRUST": "1",
        "NO_COLOR": "1",
        **more,
    }
    return {key: value for key, value in given.items() if value}


@dataclass(frozen=True)
class Ended:
    """How a devenv ended and what it wrote."""

    code: int
    out: str
    err: str
    words: tuple[str, ...] = ()

    @property
    def document(self) -> Any:
        """stdout as the one JSON document that it is, described by the command's schema; it has an ``error`` exactly
        where the exit code is not 0."""
        document = checked(self.words, self.out)
        assert ("error" in document) == (self.code != 0)
        return document


def devenv(project: Project, *words: str, input: str | None = None, cwd: Path | None = None, **more: str) -> Ended:
    """Run devenv to its end, whatever that is."""
    done = subprocess.run(
        [*DEVENV, *words],
        cwd=cwd or project.root,
        env=environment(project, **more),
        input=input,
        stdin=subprocess.DEVNULL if input is None else None,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Ended(done.returncode, done.stdout, done.stderr, words)


def well(ended: Ended) -> Ended:
    """The same, if it ended with 0."""
    assert ended.code == 0, ended
    return ended


class Running:
    """A devenv that runs: in a session of its own, without a terminal."""

    def __init__(self, project: Project, *words: str, **more: str) -> None:
        self._words = words
        self.child = subprocess.Popen(
            [*DEVENV, *words],
            cwd=project.root,
            env=environment(project, **more),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._said = ""
        self._more = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.child.stderr
        for line in self.child.stderr:
            with self._more:
                self._said += line
                self._more.notify_all()

    def says(self, text: str) -> None:
        """Wait until it has said something."""
        with self._more:
            assert self._more.wait_for(lambda: text in self._said, PATIENCE), self._said

    def interrupt(self, *, everybody: bool = True) -> None:
        """^C as a terminal sends it, to all of its programs, or a signal to devenv alone."""
        (os.killpg if everybody else os.kill)(self.child.pid, signal.SIGINT)

    def end(self) -> Ended:
        assert self.child.stdout
        assert self.child.stderr
        with self.child.stdout as stdout, self.child.stderr:
            out = stdout.read()
            code = self.child.wait(PATIENCE)
            self._reader.join(PATIENCE)
        assert "Traceback" not in self._said, self._said
        return Ended(code, out, self._said, self._words)


class Terminal:
    """A devenv on a terminal, with somebody who types."""

    def __init__(self, project: Project, *words: str, **more: str) -> None:
        self._master, self._slave = pty.openpty()
        self.before = termios.tcgetattr(self._slave)
        self.said = ""
        self.child = subprocess.Popen(
            [*DEVENV, *words],
            cwd=project.root,
            env=environment(project, **{"TERM": "xterm", "NO_COLOR": "", **more}),
            stdin=self._slave,
            stdout=self._slave,
            stderr=self._slave,
            start_new_session=True,
            preexec_fn=_take_terminal,
        )

    def says(self, text: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while text not in self.said:
            assert time.monotonic() < deadline and self._read(), self.said

    def _read(self) -> bool:
        ready, _, _ = select.select([self._master], [], [], 1)
        if not ready:
            return self.child.poll() is None
        self.said += os.read(self._master, 65536).decode("utf-8", "replace")
        return True

    def reads(self) -> None:
        """Wait until it does nothing but read: Python misses a ^C that comes just before."""
        asleep = 0
        while asleep < 5:
            time.sleep(0.01)
            state = Path(f"/proc/{self.child.pid}/stat").read_text().rpartition(")")[2].split()[0]
            asleep = asleep + 1 if state == "S" else 0

    def types(self, text: str) -> None:
        os.write(self._master, text.encode())

    def end(self) -> int:
        """Its exit code; the terminal is as it was before."""
        while self._read():
            pass
        code = self.child.wait(PATIENCE)
        while select.select([self._master], [], [], 0)[0]:
            self.said += os.read(self._master, 65536).decode("utf-8", "replace")
        after = termios.tcgetattr(self._slave)
        os.close(self._master)
        os.close(self._slave)
        assert after == self.before
        assert "Traceback" not in self.said, self.said
        return code


def _take_terminal() -> None:
    import fcntl

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def started(project: Project, service: str) -> str:
    """The id of a service's container, as soon as the engine has started it."""
    filters = [f"label=com.docker.compose.project={project.name}", f"label=com.docker.compose.service={service}"]
    words = [word for name in filters for word in ("--filter", name)]
    with subprocess.Popen(
        ["docker", "events", "--since", "0", "--filter", "event=start", *words, "--format", "{{.ID}}"],
        stdout=subprocess.PIPE,
        text=True,
    ) as events:
        assert events.stdout
        found = events.stdout.readline().strip()
        events.kill()
    return found


def containers(project: Project, service: str = "") -> list[str]:
    """The names of all containers of a project, those that do not run included."""
    words = ["--filter", f"label=com.docker.compose.project={project.name}"]
    words += ["--filter", f"label=com.docker.compose.service={service}"] if service else []
    return sorted(docker("ps", "--all", "--format", "{{.Names}}", *words).split())


def running(project: Project) -> set[str]:
    """The services that run."""
    shape = '{{.Label "com.docker.compose.service"}}'
    label = f"label=com.docker.compose.project={project.name}"
    return set(docker("ps", "--format", shape, "--filter", label).split())


def volumes(project: Project) -> set[str]:
    label = f"label=com.docker.compose.project={project.name}"
    return set(docker("volume", "ls", "--quiet", "--filter", label).split())


def docker_that(folder: Path, script: str) -> str:
    """A PATH on which ``docker`` does something first: the script sees its words, $real is the true one, and
    ``first`` succeeds only the first time that it is asked."""
    real = shutil.which("docker")
    assert real
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "docker"
    head = (
        f"#!/bin/sh\nreal={shlex.quote(real)}\nfirst() {{ mkdir {shlex.quote(str(folder / 'done'))} 2>/dev/null; }}\n"
    )
    program.write_text(f'{head}{script}\nexec "$real" "$@"\n')
    program.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


@contextlib.contextmanager
def serving(handle: Callable[[socket.socket], None], listener: socket.socket) -> Iterator[None]:
    """Hand every connection that comes in to ``handle`` in a thread of its own."""
    listener.listen(64)

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=_closing, args=(handle, connection), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def _closing(handle: Callable[[socket.socket], None], connection: socket.socket) -> None:
    with connection, contextlib.suppress(OSError):
        handle(connection)


class Forwarder:
    """The engine at a TCP address, as somebody would forward it; it can go away."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self._listener = socket.create_server((host, 0))
        self.address = f"tcp://{host}:{self._listener.getsockname()[1]}"
        self._pairs: list[socket.socket] = []
        self._serving = serving(self._forward, self._listener)

    def __enter__(self) -> Forwarder:
        self._serving.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._serving.__exit__(None, None, None)
        for end in self._pairs:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _forward(self, connection: socket.socket) -> None:
        engine = socket.socket(socket.AF_UNIX)
        engine.connect("/var/run/docker.sock")
        self._pairs += [connection, engine]
        back = threading.Thread(target=_pump, args=(engine, connection), daemon=True)
        back.start()
        _pump(connection, engine)
        back.join()
        engine.close()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(65536):
            sink.sendall(piece)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def small_disk(place: Path, size: str = "256k") -> Iterator[Path]:
    """A file system of its own at a place; needs root, as the tests of an engine do."""
    place.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def read_only(place: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)


def fill(place: Path) -> None:
    """Leave no room on a small disk."""
    with contextlib.suppress(OSError), (place / "filling").open("wb", buffering=0) as out:
        while True:
            out.write(b"\0" * 1024)
