"""Asking a workbench's server over HTTP."""

from __future__ import annotations

import pytest

from devenv.effects import http_asked
from devenv.errors import DevenvError
from devenv.model.upgrade import HttpCensus

ASKED = HttpCensus(8222, "/healthz", "/jsz?config=true", str)


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (b'HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{"a": 1}', '{"a": 1}'),
        (b"HTTP/1.1 200 OK\r\n\r\n", ""),
    ],
)
def test_an_answer_is_what_comes_after_its_head(answer: bytes, body: str) -> None:
    assert http_asked.body_of(answer) == body


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.0 503 Service Unavailable\r\n\r\nno", b"-ERR 200 \r\n"])
def test_anything_else_is_no_answer(answer: bytes) -> None:
    with pytest.raises(DevenvError, match="does not say what it holds"):
        http_asked.body_of(answer)


def test_on_another_machine_the_servers_own_health_check_decides() -> None:
    assert http_asked.question("engine.example.com", "container", ASKED) is None
