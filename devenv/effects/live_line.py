"""A connection to a live server: with TLS unless plain text is expressly all right, and with an end to patience."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from dataclasses import field
from typing import TYPE_CHECKING

from devenv.effects.live_address import Address
from devenv.model.machine import is_loopback
from devenv.model.record import record

if TYPE_CHECKING:
    import ssl

#: More than any server needs to say who it is.
_MOST = 1024 * 1024


class NoAnswer(Exception):
    """A server that could not be asked; the text is a sentence that holds nothing of its address."""


class LoginRefused(NoAnswer):
    """A server that answers and does not let this login in."""


class NoDatabase(LoginRefused):
    """The login is right; the database is not there."""


@record
class Limits:
    """Seconds: to connect, for one answer, for all of them."""

    connect: float = 5.0
    answer: float = 5.0
    total: float = 30.0


@record
class Endpoint:
    """How a server is reached. ``opened`` are the connections that there are, so that they can be cut off."""

    address: Address
    tls_ca: str = ""
    plaintext: bool = False
    limits: Limits = Limits()
    opened: list[Line] = field(default_factory=list)

    @property
    def near(self) -> bool:
        """Whether the server is on this machine by its very name, or behind a tunnel that begins here."""
        return all(is_loopback(f"[{host}]" if ":" in host else host) for host, _ in self.address.hosts)

    @property
    def strict(self) -> bool:
        """Whether nothing may be said but by TLS to a server that proved who it is."""
        return bool(self.tls_ca) or not (self.near or self.plaintext)

    def context(self) -> ssl.SSLContext:
        """What TLS is spoken with. A tunnel's end has another name than the server's certificate.

        Raises NoAnswer where the file of authorities cannot be used.
        """
        import ssl  # services on this machine are asked without it

        try:
            context = ssl.create_default_context(cafile=self.tls_ca or None)
        except ssl.SSLError:
            raise NoAnswer("tls_ca names a file that holds no certificates (PEM)") from None
        except OSError as error:
            raise NoAnswer(f"the file that tls_ca names cannot be read: {error.strerror}") from None
        if self.near or not self.strict:
            context.check_hostname = False
        if not self.strict:
            context.verify_mode = ssl.CERT_NONE
        return context

    @contextlib.contextmanager
    def line(self, *, tls: bool | None = None) -> Iterator[Line]:
        """A connection, with TLS from the first byte if ``tls`` (unless given, as the scheme says).

        Raises NoAnswer, OSError.
        """
        wanted = self.address.tls if tls is None else tls
        line = Line(self)
        self.opened.append(line)
        try:
            if wanted:
                line.start_tls()
            yield line
        finally:
            line.close()

    def plain_line(self) -> contextlib.AbstractContextManager[Line]:
        """A line of a protocol that has TLS from the first byte or never. Raises NoAnswer, OSError."""
        if self.strict and not self.address.tls:
            raise NoAnswer(wants_plain_text(self.address.scheme))
        return self.line()


def wants_plain_text(scheme: str) -> str:
    """Why a server of a scheme without TLS is not asked."""
    other = {"redis": "rediss", "valkey": "valkeys", "amqp": "amqps", "mongodb": "mongodb with tls=true"}.get(scheme)
    other = other or (f"{scheme}s" if scheme.endswith("http") else "")
    instead = f"use {other}://, or " if other else ""
    return f"{scheme}:// is plain text: {instead}say plaintext = true where the way to the server can be trusted"


class Line:
    """One connection. What a protocol's library needs of it is ``socket``."""

    def __init__(self, way: Endpoint) -> None:
        self._way = way
        address = way.address
        self.socket: socket.socket = socket.create_connection((address.host, address.port), way.limits.connect)
        self.socket.settimeout(way.limits.answer)
        # A second handle on the same connection: a library that begins TLS by itself takes the first one away.
        self._end = self.socket.dup()
        self._ahead = b""

    def start_tls(self) -> None:
        """Raises NoAnswer, OSError."""
        context = self._way.context()
        self._ahead = b""  # what came before TLS proves nothing
        self.socket = context.wrap_socket(self.socket, server_hostname=self._way.address.host)

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def some(self) -> bytes:
        """What comes next. Raises ConnectionResetError at the end."""
        if self._ahead:
            data, self._ahead = self._ahead, b""
            return data
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionResetError
        return data

    def exactly(self, count: int) -> bytes:
        """So many bytes. Raises NoAnswer where that is more than anybody needs."""
        if not 0 <= count <= _MOST:
            raise NoAnswer("answers more than is to be believed")
        data = self.some() if count else b""
        while len(data) < count:
            data += self.some()
        self._ahead = data[count:] + self._ahead
        return data[:count]

    def text(self) -> bytes:
        """One line, without its end."""
        data = b""
        while b"\n" not in data:
            data += self.some()
            if len(data) > _MOST:
                raise NoAnswer("answers more than is to be believed")
        line, _, rest = data.partition(b"\n")
        self._ahead = rest + self._ahead
        return line.rstrip(b"\r")

    def cut(self) -> None:
        """End it, whoever may be waiting for an answer."""
        with contextlib.suppress(OSError):
            self._end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        for handle in (self.socket, self._end):
            with contextlib.suppress(OSError):
                handle.close()


#: What OpenSSL says, by version, when the other side answers a TLS greeting in plain text.
_PLAIN_TEXT = frozenset(["WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG"])
_UNKNOWN_AUTHORITY = "its certificate is of an authority that this machine does not trust: name its file with tls_ca"
#: By OpenSSL's numbers for what is wrong with a certificate (x509_vfy.h).
_CERTIFICATES = {
    9: "its certificate is not valid yet",
    10: "its certificate has expired",
    62: "its certificate is of another name",
    64: "its certificate is of another name",
    **dict.fromkeys((2, 18, 19, 20, 21), _UNKNOWN_AUTHORITY),
}


def broken_by(error: BaseException) -> OSError | None:
    """What the network did before a library made an error of its own of it; None if it was not the network."""
    found, cause = None, error.__cause__ or error.__context__
    while cause is not None:
        found = cause if isinstance(cause, OSError) else found
        cause = cause.__cause__ or cause.__context__
    return found


def why(error: OSError, limits: Limits) -> str:
    """What a failed connection means, as a sentence."""
    import ssl

    if isinstance(error, ssl.SSLCertVerificationError):
        return _CERTIFICATES.get(error.verify_code) or f"its certificate is not good: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        if error.reason in _PLAIN_TEXT:
            return "speaks no TLS there"
        return "ends the connection while TLS is agreed on"
    if isinstance(error, socket.gaierror):
        return "the name of its host is not known here"
    if isinstance(error, TimeoutError):
        return f"no answer within {limits.answer:g} s"
    if isinstance(error, ConnectionRefusedError):
        return "refuses the connection: is it the right port, and may this machine connect?"
    if isinstance(error, ConnectionError | EOFError):
        return "closes the connection before it has answered"
    return f"cannot be reached: {error.strerror or type(error).__name__}"
