"""Who listens on this machine."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from devenv.effects.ports import listening, owner


def test_a_port_that_somebody_has() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert port in listening([port])
        assert owner(port) == f"{Path('/proc/self/comm').read_text().strip()} (process {os.getpid()})"
    assert port not in listening([port])
    assert owner(port) == ""


def test_a_port_of_ipv6_alone() -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as server:
        assert server.getsockname()[1] in listening([])


def test_a_connection_is_no_server() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getsockname()[1] not in listening([client.getsockname()[1]])
