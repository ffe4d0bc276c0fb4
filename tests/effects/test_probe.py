"""Asking a server whether it serves, with servers that do, do not yet, or do something else."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

from devenv.effects.probe import ask, ask_all, until_ready
from devenv.model.probe import Answer, Question

Handle = Callable[[socket.socket], None]


@contextlib.contextmanager
def server(*handles: Handle) -> Iterator[int]:
    """Each connection is handled by the next of these, by the last one when there is no other."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for number in range(1000):
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection, contextlib.suppress(OSError):
                    handles[min(number, len(handles) - 1)](connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(60)


def answering(*pieces: bytes, to: bytes = b"") -> Handle:
    def handle(connection: socket.socket) -> None:
        if to:
            assert connection.recv(100) == to
        for piece in pieces:
            connection.sendall(piece)

    return handle


def question(port: int, expect: str, send: bytes = b"") -> Question:
    return Question("127.0.0.1", port, send, expect)


def test_an_answer_that_is_expected() -> None:
    with server(answering(b"+PO", b"NG\r\nversion:7.0.15\r\n", to=b"PING\r\n")) as port:
        answer = ask(question(port, r"^\+PONG\r\nversion:(?P<version>[\d.]+)\r", b"PING\r\n"))
    assert answer == Answer(True, "7.0.15")


def test_an_answer_to_nothing() -> None:
    """Some servers greet first."""
    with server(answering(b"\x00\x01\xffhello")) as port:
        assert ask(question(port, "^\x00\x01\xffhel")).ready


def test_an_answer_that_is_another() -> None:
    with server(answering(b"-LOADING Redis is loading\x00\x1b[31m the dataset\r\n")) as port:
        assert ask(question(port, r"^\+PONG")) == Answer(False, said="-LOADING Redis is loading [31m the dataset")


def test_no_answer() -> None:
    with server(answering()) as port:
        assert ask(question(port, "x")) == Answer(False, said="the connection was closed without an answer")


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    answer = ask(question(port, "x"))
    assert (answer.ready, "refused" in answer.said) == (False, True)


def test_an_answer_without_end() -> None:
    def forever(connection: socket.socket) -> None:
        while True:
            connection.sendall(b"y" * 4096)

    with server(forever) as port:
        answer = ask(question(port, "x"))
    assert (answer.ready, answer.said) == (False, "y" * 120)


def test_several_at_once() -> None:
    with server(answering(b"one")) as one, server(answering(b"other")) as other:
        answers = ask_all({"a": question(one, "one"), "b": question(other, "one"), "c": question(one, "one")})
    assert {name: answer.ready for name, answer in answers.items()} == {"a": True, "b": False, "c": True}
    assert ask_all({}) == {}


def test_again_until_it_serves() -> None:
    pauses: list[float] = []
    with server(answering(), answering(b"starting"), answering(b"ready")) as port:
        answer = until_ready(question(port, "ready"), stop=lambda: False, pause=pauses.append)
    assert (answer.ready, len(pauses)) == (True, 2)


def test_again_until_somebody_gives_up() -> None:
    asked: list[int] = []
    with server(lambda connection: asked.append(1), answering(b"starting")) as port:
        answer = until_ready(question(port, "ready"), stop=lambda: len(asked) == 1, pause=lambda _: None)
    assert answer.ready is False
