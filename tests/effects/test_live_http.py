"""Servers that are asked over HTTP: RabbitMQ's management, search engines, ClickHouse."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.effects.live_servers import (
    ELSEWHERE,
    PASSWORD,
    USER,
    Authority,
    Peer,
    Servers,
    answers,
    ask,
    authority,
    elsewhere,
    refusal,
    serve,
)

__all__ = ["authority", "elsewhere", "serve"]

Pages = Mapping[str, Any]
BASIC = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


def web(pages: Pages, heard: list[tuple[str, str]] | None = None) -> Callable[[Peer], None]:
    """Paths -> JSON, or (status, bytes); what has no page is 404."""

    def handle(peer: Peer) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += peer.line() + b"\r\n"
        path = head.split()[1].decode()
        login = re.search(rb"Authorization: (.*)\r\n", head)
        if heard is not None:
            heard.append((path, login[1].decode() if login else ""))
        page = pages.get(path, (404, b"c4n4ry"))
        status, body = page if isinstance(page, tuple) else (200, json.dumps(page).encode())
        peer.send(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body))

    return handle


RABBIT: dict[str, Any] = {
    "/api/overview?columns=rabbitmq_version,product_name,product_version": {
        "rabbitmq_version": "3.13.7",
        "product_name": "RabbitMQ",
        "product_version": "3.13.7",
        "cluster_name": "rabbit@c4n4ry",
    },
    "/api/whoami": {"name": "c4n4ry", "tags": ["monitoring"]},
    "/api/nodes?columns=running,enabled_plugins": [
        {"running": True, "enabled_plugins": ["rabbitmq_management"], "name": "rabbit@c4n4ry"}
    ],
    "/api/vhosts?columns=default_queue_type": [{"default_queue_type": "quorum", "name": "c4n4ry"}, {"name": "c4n4ry"}],
}
MANAGED = {
    "live": "rabbitmq",
    "rabbitmq_version": "3.13.7",
    "product_name": "RabbitMQ",
    "product_version": "3.13.7",
    "administrator": False,
    "nodes": [{"running": True, "enabled_plugins": ["rabbitmq_management"]}],
    "vhosts": [{"default_queue_type": "quorum"}, {}],
}


def test_rabbitmq(serve: Servers) -> None:
    heard: list[tuple[str, str]] = []
    assert answers(ask("rabbitmq+http", serve(web(RABBIT, heard)).port, path="")) == MANAGED
    assert heard == [(path, BASIC) for path in RABBIT]


def test_rabbitmq_behind_a_path(serve: Servers) -> None:
    heard: list[tuple[str, str]] = []
    pages = {f"/rabbit{path}": page for path, page in RABBIT.items()}
    assert answers(ask("rabbitmq+http", serve(web(pages, heard)).port, path="/rabbit/", login="")) == MANAGED
    assert {login for _, login in heard} == {""}


@pytest.mark.parametrize(
    ("tags", "is_one"), [("management,administrator", True), ([], False), (7, False), (None, False)]
)
def test_administrators(serve: Servers, tags: Any, is_one: bool) -> None:
    pages = RABBIT | {"/api/whoami": {"tags": tags}}
    assert answers(ask("rabbitmq+http", serve(web(pages)).port, path=""))["administrator"] is is_one


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_login_that_may_not_ask_all(serve: Servers, status: int) -> None:
    pages = RABBIT | {"/api/nodes?columns=running,enabled_plugins": (status, b'{"error":"c4n4ry"}')}
    assert answers(ask("rabbitmq+http", serve(web(pages)).port, path="")) == MANAGED | {"nodes": None}


SEARCH = {
    "/": {"name": "c4n4ry", "version": {"number": "8.19.2", "build_flavor": "default"}},
    "/_cluster/settings?filter_path=*.action.auto_create_index,*.indices.query.bool.max_clause_count": {
        "persistent": {"action": {"auto_create_index": "false"}}
    },
    "/_cat/plugins?format=json&h=component": [{"component": "analysis-icu"}, {"component": "analysis-icu"}, 7],
}
SEARCHED = {
    "live": "search",
    "number": "8.19.2",
    "distribution": None,
    "settings": {"persistent": {"action": {"auto_create_index": "false"}}},
    "plugins": ["analysis-icu", "analysis-icu"],
}


def test_search_engines(serve: Servers) -> None:
    heard: list[tuple[str, str]] = []
    assert answers(ask("http", serve(web(SEARCH, heard)).port, path="")) == SEARCHED
    assert heard == [(path, BASIC) for path in SEARCH]


def test_a_search_engine_that_tells_only_its_version(serve: Servers) -> None:
    pages = {"/": {"version": {"number": "2.11.1", "distribution": "opensearch"}}}
    wanted = {"number": "2.11.1", "distribution": "opensearch", "settings": None, "plugins": None}
    assert answers(ask("http", serve(web(pages)).port, path="/")) == {"live": "search", **wanted}


def test_clickhouse(serve: Servers) -> None:
    path = "/?query=SELECT%20version()%20AS%20version%20FORMAT%20JSON"
    port = serve(web({path: {"data": [{"version": "24.8.4.13"}], "c4n4ry": 1}})).port
    assert answers(ask("clickhouse+http", port, path="")) == {"live": "clickhouse", "version": "24.8.4.13"}


def test_every_question_goes_by_tls(serve: Servers, authority: Authority, elsewhere: str) -> None:
    server = serve(web(SEARCH), authority.context(ELSEWHERE))
    assert answers(ask("https", server.port, host=elsewhere, path="", tls_ca=authority.file)) == SEARCHED
    assert server.connections == len(SEARCH)


@pytest.mark.parametrize(
    ("page", "sentence"),
    [
        ((401, b"c4n4ry"), "refuses the login"),
        ((403, b"c4n4ry"), "does not let this login ask /"),
        ((301, b"c4n4ry"), "sends elsewhere: give the address that it sends to"),
        ((429, b""), "has been asked too often"),
        ((500, b"c4n4ry"), "answers with HTTP status 500"),
        ((200, b"<html>c4n4ry"), "answers with what is no JSON: is it the right port and path?"),
        ((200, b"[" * 99999), "answers with what is no JSON: is it the right port and path?"),
        ({"c4n4ry": 1}, "does not answer as a search engine does; RabbitMQ's API is rabbitmq+http(s)://"),
        ([1], "does not answer as a search engine does; RabbitMQ's API is rabbitmq+http(s)://"),
    ],
)
def test_refusals(serve: Servers, page: Any, sentence: str) -> None:
    assert refusal("http", serve(web({"/": page})).port, path="") == sentence


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", "closes the connection before it has answered"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "closes the connection before it has answered"),
        (b"SSH-2.0-c4n4ry\r\n", "does not speak HTTP there"),
    ],
)
@pytest.mark.parametrize("scheme", ["http", "rabbitmq+http", "clickhouse+http"])
def test_answers_that_break_off(serve: Servers, scheme: str, said: bytes, sentence: str) -> None:
    def handle(peer: Peer) -> None:
        peer.some()
        peer.send(said)

    assert refusal(scheme, serve(handle).port, path="") == sentence


@pytest.mark.parametrize(
    ("scheme", "sentence"),
    [
        ("rabbitmq+http", "does not answer as RabbitMQ's management API does"),
        ("clickhouse+http", "does not answer as ClickHouse does"),
    ],
)
def test_somebody_else_s_answers(serve: Servers, scheme: str, sentence: str) -> None:
    def handle(peer: Peer) -> None:
        peer.some()
        peer.send(b'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n["other"]')

    assert refusal(scheme, serve(handle).port, path="") == sentence


def test_a_path_that_http_does_not_know(serve: Servers) -> None:
    said = refusal("http", serve(web({})).port, path="/c4n4ry\x7f ä")
    assert said in ("the address holds signs that HTTP does not know", "does not speak HTTP there")
