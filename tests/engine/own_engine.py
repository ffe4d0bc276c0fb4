"""An engine of a test's own, which may be killed: its data, its containers and its socket are nobody else's.

It leaves the machine's firewall alone (two engines that both write there take each other's rules away), so its
containers are reached through the engine's own proxy, on loopback.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from tests.engine.project import docker
from tests.engine.running import PATIENCE

#: An engine without a bridge of its own, or with the usual one, takes that one away from the other engine, and so does
#: one with --default-address-pool when it starts again. The other engine makes it, as the bridge of a network that
#: nobody uses.
_BRIDGE = "devenvtest0"


class OwnEngine:
    """``dockerd`` below a folder. It is not there until ``start``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder / "root"
        self.host = f"unix://{folder}/docker.sock"
        self.process_file = folder / "docker.pid"
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process_file.unlink(missing_ok=True)
        words = ["dockerd", "--data-root", str(self.root), "--exec-root", str(self.folder / "exec")]
        words += ["--host", self.host, "--pidfile", str(self.process_file), "--bridge", _BRIDGE]
        words += ["--iptables=false", "--ip-forward=false", "--ip-masq=false"]
        with (self.folder / "log").open("ab") as log:
            self._child = subprocess.Popen(words, stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + PATIENCE
        while self.ask("version").returncode != 0:
            told = (self.folder / "log").read_text(errors="replace")[-2000:]
            assert self._child.poll() is None and time.monotonic() < deadline, told
            time.sleep(0.1)

    def ask(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["docker", "--host", self.host, *words], capture_output=True, text=True, timeout=PATIENCE)

    def docker(self, *words: str) -> str:
        done = self.ask(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def moves_to(self, root: Path) -> None:
        """Stop it, move all of its data to another folder, and start it there."""
        assert self._child
        self._child.terminate()
        self._child.wait(PATIENCE)
        self._unmount()
        self.root.rename(root)
        self.root = root
        self.start()

    def is_dead(self) -> None:
        """Whoever killed it, the next one may begin."""
        assert self._child
        assert self._child.wait(PATIENCE) == -9
        # Its containerd dies with it, a moment later; a process of that number would be taken for it.
        process = self.folder / "exec" / "containerd" / "containerd.pid"
        number = process.read_text()
        deadline = time.monotonic() + PATIENCE
        while self._is_containerd(number):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.unlink()

    @staticmethod
    def _is_containerd(number: str) -> bool:
        """Whether a process of that number is one, and not a dead one that nobody has asked for its end."""
        with contextlib.suppress(OSError):
            said = Path(f"/proc/{number}/stat").read_text()
            return "(containerd)" in said and said.rpartition(")")[2].split()[0] != "Z"
        return False

    def remove(self) -> None:
        """All of it, with the networks that the kernel has of it."""
        if self._child and self._child.poll() is not None:
            self.start()
        assert self._child
        for listing, removal in (
            (("ps", "--all", "--quiet"), ("rm", "--force", "--volumes")),
            (("network", "ls", "--quiet", "--filter", "type=custom"), ("network", "rm")),
        ):
            if found := self.docker(*listing).split():
                self.docker(*removal, *found)
        self._child.terminate()
        self._child.wait(PATIENCE)
        self._unmount()
        shutil.rmtree(self.folder)

    def _unmount(self) -> None:
        """What an engine that ended still has mounted, innermost first: a killed one all, a busy one its own folder."""
        mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
        for place in reversed([place for place in mounts if place.startswith(f"{self.folder}{os.sep}")]):
            subprocess.run(["umount", "--lazy", place], check=True)


@contextlib.contextmanager
def own_engine(folder: Path) -> Iterator[OwnEngine]:
    folder.mkdir(parents=True)
    engine = OwnEngine(folder)
    docker("network", "create", "--opt", f"com.docker.network.bridge.name={_BRIDGE}", _BRIDGE)
    try:
        engine.start()
        yield engine
    finally:
        engine.remove()
        docker("network", "rm", _BRIDGE)
