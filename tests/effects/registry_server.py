"""A registry on 127.0.0.1 that answers what a test scripts: real sockets, real HTTP, every way to misbehave.

It is a proxy too: CONNECT for any host ends in itself, by TLS, so that any name can be asked, even Docker Hub's; a
server without a certificate answers a TLS greeting there in plain HTTP.
"""

from __future__ import annotations

import hashlib
import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@dataclass(frozen=True)
class Seen:
    """One request as it arrived; ``tunnel`` is the host that CONNECT named, if it came through the proxy."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Message
    body: bytes
    tunnel: str = ""

    @property
    def authorization(self) -> str | None:
        return self.headers["Authorization"]


@dataclass(frozen=True)
class Reply:
    """``delay`` in seconds; ``reset`` breaks the connection instead; ``cut`` sends that many bytes of the body only."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    reset: bool = False
    cut: int | None = None


Script = Reply | Callable[[Seen], Reply]


def as_json(value: object, status: int = 200, **headers: str) -> Reply:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Reply(status, json.dumps(value).encode(), {"Content-Type": "application/json", **named})


def refused(status: int, code: str, message: str = "", **headers: str) -> Reply:
    return as_json({"errors": [{"code": code, "message": message}]}, status, **headers)


def page(status: int = 200) -> Reply:
    return Reply(status, b"<html>Welcome</html>", {"Content-Type": "text/html; charset=utf-8"})


def digest_of(body: bytes) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def index(*platforms: Mapping[str, str], media_type: str = OCI_INDEX) -> bytes:
    entries = [{"digest": digest_of(b"x"), "size": 1, "platform": platform} for platform in platforms]
    return json.dumps({"schemaVersion": 2, "mediaType": media_type, "manifests": entries}).encode()


def manifest(config: bytes) -> bytes:
    parts = {"config": {"digest": digest_of(config), "size": len(config)}, "layers": []}
    return json.dumps({"schemaVersion": 2, "mediaType": OCI_MANIFEST, **parts}).encode()


class Registry:
    """``on`` scripts answers; ``seen`` is what was asked, in order. Anything not scripted is 404."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.seen: list[Seen] = []
        self.tls = tls
        self.tunnels = Reply(200)
        self.scripts: dict[tuple[str, str], list[Script]] = {}
        self.server = _Server(("127.0.0.1", 0), _Handler)
        self.server.registry = self
        self.port = int(self.server.server_address[1])
        self.host = f"127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def on(self, method: str, path: str, *replies: Script) -> None:
        """Replies in turn, the last one again and again. What is said for GET is said for HEAD, without its body."""
        self.scripts[method, path] = list(replies)

    def image(self, repository: str, tag: str, body: bytes, media_type: str = OCI_INDEX, **headers: str) -> str:
        """Serve a manifest as a well-behaved registry does; a header given as "" is left out. Returns its digest."""
        said = {"Content-Type": media_type, "Docker-Content-Digest": digest_of(body)}
        said |= {name.replace("_", "-"): text for name, text in headers.items()}
        self.on("GET", f"/v2/{repository}/manifests/{tag}", Reply(200, body, {k: v for k, v in said.items() if v}))
        return digest_of(body)

    def tags(self, repository: str, *tags: str) -> None:
        self.on("GET", f"/v2/{repository}/tags/list", as_json({"name": repository, "tags": list(tags)}))

    def answer(self, seen: Seen) -> Reply:
        self.seen.append(seen)
        scripts = self.scripts.get((seen.method, seen.path))
        if scripts is None and seen.method == "HEAD":
            scripts = self.scripts.get(("GET", seen.path))
        if not scripts:
            return refused(404, "NAME_UNKNOWN", "repository name not known to registry")
        script = scripts.pop(0) if len(scripts) > 1 else scripts[0]
        return script(seen) if callable(script) else script

    def asked(self, path: str = "") -> list[str]:
        """``METHOD path`` of each request so far."""
        return [f"{seen.method} {seen.path}" for seen in self.seen if path in seen.path]


class _Server(ThreadingHTTPServer):
    registry: Registry
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that give up are what the tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    tunnel = ""

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        seen = Seen(self.command, address.path, parse_qs(address.query), self.headers, body, self.tunnel)
        reply = self.server.registry.answer(seen)
        time.sleep(reply.delay)
        if reply.reset:
            # Linger 0 makes close send RST, as a crashed server or a firewall does.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            return
        self.send_response(reply.status)
        for name, text in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
            self.send_header(name, text)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body[: reply.cut])

    do_HEAD = do_POST = do_GET  # noqa: N815

    def do_CONNECT(self) -> None:
        seen = Seen("CONNECT", self.path, {}, self.headers, b"")
        self.server.registry.seen.append(seen)
        reply = self.server.registry.tunnels
        self.send_response(reply.status)
        self.end_headers()
        if self.server.registry.tls is None:
            # Unread bytes would make close break the connection off before the client has read this.
            self.connection.recv(65536)
            self.wfile.write(b"HTTP/1.0 400 Bad Request\r\n\r\n")
            return
        self.tunnel = self.path.partition(":")[0]
        with self.server.registry.tls.wrap_socket(self.connection, server_side=True) as tunnel:
            self.rfile, self.wfile = tunnel.makefile("rb"), cast("BufferedIOBase", tunnel.makefile("wb", 0))
            self.handle_one_request()

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""
