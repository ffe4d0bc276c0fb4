"""Servers on 127.0.0.1 that speak as a test says, with TLS that is good or bad; and names that lead there."""

from __future__ import annotations

import contextlib
import datetime as dt
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from devenv.document import Document, Unreadable
from devenv.effects import live
from devenv.effects.live_line import Limits

#: A host that is not this machine by its name, and yet is.
ELSEWHERE = "db.example.test"
#: Parts of addresses that must never be told to anybody.
USER, PASSWORD = "c4n4ry-user", "c4n4ry/p@ss#1"
LOGIN = "c4n4ry-user:c4n4ry%2Fp%40ss%231"
#: The total is patient: a driver is imported within it, and a machine may be slow.
FAST = Limits(connect=0.5, answer=0.5, total=20.0)

Handle = Callable[["Peer"], None]


@dataclass
class Peer:
    """One connection, seen from the server. ``heard`` is all that came in."""

    socket: socket.socket
    stopped: threading.Event
    heard: bytearray

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def some(self, most: int = 65536) -> bytes:
        data = self.socket.recv(most)
        self.heard += data
        if not data:
            raise ConnectionResetError
        return data

    def exactly(self, count: int) -> bytes:
        """And nothing of what follows, which may be TLS."""
        data = b""
        while len(data) < count:
            data += self.some(count - len(data))
        return data

    def line(self) -> bytes:
        data = b""
        while not data.endswith(b"\n"):
            data += self.some(1)
        return data.rstrip(b"\r\n")

    def start_tls(self, context: ssl.SSLContext) -> None:
        self.socket = context.wrap_socket(self.socket, server_side=True)

    def hang(self) -> None:
        """Until the test is over."""
        self.stopped.wait(30)


class Server:
    """Hands every connection to ``handle``; ``tls`` is spoken from the first byte."""

    def __init__(self, handle: Handle, tls: ssl.SSLContext | None = None) -> None:
        self.heard = bytearray()
        self.connections = 0
        self._handle, self._tls, self._stopped = handle, tls, threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        peer = Peer(connection, self._stopped, self.heard)
        with contextlib.suppress(OSError, ValueError):
            if self._tls:
                peer.start_tls(self._tls)
            self._handle(peer)
        with contextlib.suppress(OSError):
            peer.socket.close()

    def close(self) -> None:
        self._stopped.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


class Servers:
    """Starts servers for one test and stops them after it."""

    def __init__(self) -> None:
        self._made: list[Server] = []

    def __call__(self, handle: Handle, tls: ssl.SSLContext | None = None) -> Server:
        self._made.append(Server(handle, tls))
        return self._made[-1]

    def close(self) -> None:
        for server in self._made:
            server.close()


@pytest.fixture
def serve() -> Iterator[Servers]:
    with contextlib.closing(Servers()) as servers:
        yield servers


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a host that is not this machine's, which leads here."""
    real = socket.getaddrinfo

    def lookup(host: Any, *words: Any, **more: Any) -> Any:
        return real("127.0.0.1" if host == ELSEWHERE else host, *words, **more)

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    return ELSEWHERE


def refused_port() -> int:
    """A port at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def ask(
    scheme: str, port: int, *, host: str = "127.0.0.1", login: str = LOGIN, path: str = "/c4n4ry-db", **more: Any
) -> Document:
    """Ask a server at an address full of secrets."""
    address = f"{scheme}://{f'{login}@' if login else ''}{host}:{port}{path}?c4n4ry-option=c4n4ry"
    return live.ask("PROD_URL", address, service="main", day="2026-11-24", **({"limits": FAST} | more))


def answers(document: Document) -> dict[str, Any]:
    """What a document holds beside what all of them do."""
    assert (document.file, document.format, document.asked, document.day) == ("$PROD_URL", "json", True, "2026-11-24")
    value = dict(document.value)
    assert value.pop("service") == "main"
    assert "c4n4ry" not in repr(document)
    return value


def refusal(*words: Any, **more: Any) -> str:
    """Why a server could not be asked: a sentence without a secret."""
    with pytest.raises(Unreadable) as caught:
        ask(*words, **more)
    error = caught.value
    assert (error.note.file, error.note.failed) == ("$PROD_URL", True)
    assert "c4n4ry" not in f"{error!r} {error.note!r}"
    assert error.__cause__ is None
    assert error.__suppress_context__
    return error.note.message


# Certificates --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Authority:
    """Who makes certificates; ``file`` is what clients trust it by."""

    folder: Path
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def file(self) -> str:
        return str(self.folder / "ca.pem")

    def context(self, *names: str, expired: bool = False) -> ssl.SSLContext:
        """TLS of a server with a certificate for these names."""
        key, now = ec.generate_private_key(ec.SECP256R1()), dt.datetime.now(dt.UTC)
        end = now - dt.timedelta(days=1) if expired else now + dt.timedelta(days=2)
        made = _certificate("server", key, self.certificate.subject, self.key, now - dt.timedelta(days=3), end, names)
        path = self.folder / f"{'-'.join(names).replace(':', '_')}{expired}.pem"
        path.write_bytes(_pem(made) + _private(key))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    folder = tmp_path_factory.mktemp("authority")
    key, now = ec.generate_private_key(ec.SECP256R1()), dt.datetime.now(dt.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority of the tests")])
    made = _certificate("ca", key, name, key, now - dt.timedelta(days=3), now + dt.timedelta(days=2), ())
    (folder / "ca.pem").write_bytes(_pem(made))
    return Authority(folder, key, made)


def _certificate(
    kind: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey,
    begin: dt.datetime,
    end: dt.datetime,
    names: tuple[str, ...],
) -> x509.Certificate:
    subject = issuer if kind == "ca" else x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "server")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=kind == "ca", path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    if kind == "ca":
        usage = x509.KeyUsage(
            digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
            key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
        )  # fmt: skip
        builder = builder.add_extension(usage, critical=True)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([_name(name) for name in names]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
