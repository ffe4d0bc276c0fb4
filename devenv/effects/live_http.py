"""Asking over HTTP: one GET a connection, its answer as JSON; nothing is followed elsewhere."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
from typing import Any

from devenv.effects.live_line import Endpoint, NoAnswer

_MOST = 8 * 1024 * 1024
_STATUS = {401: "refuses the login", 407: "is behind a proxy that wants a login", 429: "has been asked too often"}


class Forbidden(NoAnswer):
    """The login may not ask this (401 after others were answered, 403, 404)."""


def get(way: Endpoint, path: str) -> Any:
    """The JSON that a path below the address's own gives. Raises NoAnswer, OSError."""
    status, body = fetch(way, path)
    if status in (403, 404, 405):
        raise Forbidden(f"does not let this login ask {path.partition('?')[0]}")
    if status == 401:
        raise Forbidden(_STATUS[status])
    if 300 <= status < 400:
        raise NoAnswer("sends elsewhere: give the address that it sends to")
    if status != 200:
        raise NoAnswer(_STATUS.get(status, f"answers with HTTP status {status}"))
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise NoAnswer("answers with what is no JSON: is it the right port and path?") from None


def fetch(way: Endpoint, path: str) -> tuple[int, bytes]:
    """(status, body). Raises NoAnswer, OSError."""
    address = way.address
    headers = {"Accept": "application/json", "User-Agent": "devenv"}
    if address.user or address.password:
        login = base64.b64encode(f"{address.user}:{address.password}".encode()).decode()
        headers["Authorization"] = f"Basic {login}"
    with way.plain_line() as line:
        client = http.client.HTTPConnection(address.host, address.port)
        client.sock = line.socket
        client.auto_open = 0  # by itself it would connect again without TLS
        try:
            client.request("GET", f"/{address.path}".rstrip("/") + path, headers=headers)
            with contextlib.closing(client.getresponse()) as response:
                body = response.read(_MOST)
                if response.length or not (body or response.length == 0):  # what was still to come never did
                    raise ConnectionResetError
        except http.client.HTTPException as error:
            if isinstance(error, http.client.RemoteDisconnected | http.client.IncompleteRead):
                raise ConnectionResetError from None
            raise NoAnswer("does not speak HTTP there") from None
        except ValueError:
            raise NoAnswer("the address holds signs that HTTP does not know") from None
        if len(body) == _MOST:
            raise NoAnswer("answers more than is to be believed")
        return response.status, body
