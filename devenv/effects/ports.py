"""Which TCP ports of this machine somebody listens on, and who."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from pathlib import Path

_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_LISTENING = "0A"


def listening(candidates: Iterable[int]) -> frozenset[int]:
    """The ports in use: all of them where the kernel tells (Linux), else those of the candidates that cannot be had."""
    try:
        return frozenset(port for table in _TABLES for port, _ in _entries(table))
    except OSError:
        return frozenset(port for port in candidates if not _can_have(port))


def _entries(table: Path) -> list[tuple[int, str]]:
    """(port, inode) of each listening socket in one of the kernel's tables."""
    found = []
    for line in table.read_text(encoding="ascii").splitlines()[1:]:
        fields = line.split()
        if fields[3] == _LISTENING:
            found.append((int(fields[1].rpartition(":")[2], 16), fields[9]))
    return found


def _can_have(port: int) -> bool:
    with socket.socket() as sock:
        try:
            sock.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def owner(port: int) -> str:
    """Who listens on a port, in words: ``postgres (process 812)``; "" where that cannot be told."""
    try:
        inodes = {inode for table in _TABLES for number, inode in _entries(table) if number == port}
    except OSError:
        return ""
    links = {f"socket:[{inode}]" for inode in inodes}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(str(entry.readlink()) in links for entry in (process / "fd").iterdir()):
                name = (process / "comm").read_text(encoding="utf-8", errors="replace").strip()
                return f"{name} (process {process.name})"
        except OSError:
            continue  # it ended meanwhile, or is another user's
    return ""
