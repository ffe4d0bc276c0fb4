"""Which TCP ports of this machine somebody listens on, and who."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from pathlib import Path

_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_LISTENING = "0A"


def listening(candidates: Iterable[int]) -> frozenset[int]:
    """The ports in use: all of them where the kernel tells (Linux), else those of the candidates that cannot be had."""
    entries = _entries()
    if entries is None:
        return frozenset(port for port in candidates if not _can_have(port))
    return frozenset(port for port, _ in entries)


def _entries() -> list[tuple[int, str]] | None:
    """(port, inode) of each listening socket; None where the kernel has no table of them (one may lack IPv6 alone)."""
    tables = [table for table in _TABLES if table.exists()]
    lines = [line.split() for table in tables for line in table.read_text(encoding="ascii").splitlines()[1:]]
    listed = [(int(fields[1].rpartition(":")[2], 16), fields[9]) for fields in lines if fields[3] == _LISTENING]
    return listed if tables else None


def _can_have(port: int) -> bool:
    with socket.socket() as sock:
        try:
            sock.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def owner(port: int) -> str:
    """Who listens on a port, in words: ``postgres (process 812)``; "" where that cannot be told."""
    inodes = {inode for number, inode in _entries() or () if number == port}
    links = {f"socket:[{inode}]" for inode in inodes}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(str(entry.readlink()) in links for entry in (process / "fd").iterdir()):
                name = (process / "comm").read_text(encoding="utf-8", errors="replace").strip()
                return f"{name} (process {process.name})"
        except OSError:
            continue  # it ended meanwhile, or is another user's
    return ""
