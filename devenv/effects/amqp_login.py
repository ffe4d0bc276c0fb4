"""Logging in to RabbitMQ as an application does: AMQP 0-9-1 as far as an open virtual host.

https://www.rabbitmq.com/amqp-0-9-1-reference#connection
"""

from __future__ import annotations

import socket
import struct

_PROTOCOL = b"AMQP\x00\x00\x09\x01"
_PATIENCE = 5.0
_METHOD, _CONNECTION, _END = 1, 10, b"\xce"
_START, _START_OK, _TUNE, _TUNE_OK, _OPEN, _OPEN_OK, _CLOSE, _CLOSE_OK = 10, 11, 30, 31, 40, 41, 50, 51


def refusal(address: tuple[str, int], user: str, password: str, vhost: str) -> str:
    """Why a user is not let into a virtual host, in the server's words; "" if it is let in. Raises OSError."""
    with socket.socket() as sock:
        sock.settimeout(_PATIENCE)
        sock.connect(address)
        sock.sendall(_PROTOCOL)
        _expect(sock, _START)
        sock.sendall(_frame(_START_OK, _login(user, password)))
        method, arguments = _read(sock)
        if method == _CLOSE:
            return _reason(arguments)
        if method != _TUNE:
            raise ConnectionError("does not answer as RabbitMQ does")
        tuned = _frame(_TUNE_OK, arguments)  # the server's own limits
        opening = _frame(_OPEN, _short(vhost) + _short("") + b"\0")
        sock.sendall(tuned + opening)  # in one packet: the kernel holds a second one back for 40 ms
        method, arguments = _read(sock)
        if method == _CLOSE:
            return _reason(arguments)
        sock.sendall(_frame(_CLOSE, struct.pack("!H", 200) + _short("") + struct.pack("!HH", 0, 0)))
        _expect(sock, _CLOSE_OK)
    return "" if method == _OPEN_OK else "does not answer as RabbitMQ does"


def _login(user: str, password: str) -> bytes:
    """Without the capability a refusal would be a connection that is closed after seconds, without a word."""
    capability = _short("authentication_failure_close") + b"t\x01"
    properties = _short("capabilities") + b"F" + _long(capability)
    return _long(properties) + _short("PLAIN") + _long(f"\0{user}\0{password}".encode()) + _short("en_US")


def _short(text: str) -> bytes:
    value = text.encode()
    return bytes([len(value)]) + value


def _long(value: bytes) -> bytes:
    return struct.pack("!I", len(value)) + value


def _frame(method: int, arguments: bytes) -> bytes:
    payload = struct.pack("!HH", _CONNECTION, method) + arguments
    return struct.pack("!BHI", _METHOD, 0, len(payload)) + payload + _END


def _expect(sock: socket.socket, method: int) -> None:
    if _read(sock)[0] != method:
        raise ConnectionError("does not answer as RabbitMQ does")


def _read(sock: socket.socket) -> tuple[int, bytes]:
    """The next method of the connection and its arguments."""
    while True:
        kind, _, size = struct.unpack("!BHI", _exactly(sock, 7))
        payload = _exactly(sock, size + 1)[:-1]
        if kind == _METHOD and len(payload) >= 4:
            return struct.unpack("!HH", payload[:4])[1], payload[4:]


def _exactly(sock: socket.socket, count: int) -> bytes:
    received = b""
    while len(received) < count:
        piece = sock.recv(count - len(received))
        if not piece:
            raise ConnectionError("closed the connection")
        received += piece
    return received


def _reason(arguments: bytes) -> str:
    """The text of ``connection.close``: it names the user or the virtual host, never a password."""
    length = arguments[2]
    return arguments[3 : 3 + length].decode("utf-8", "replace")
