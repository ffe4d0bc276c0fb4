"""HTTP as registries need it: the environment's proxies, TLS that is always verified, redirects without secrets."""

from __future__ import annotations

import http.client
import json
import re
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from email.message import Message
from typing import Any
from urllib.parse import urljoin

from devenv.effects import registry_errors as errors
from devenv.effects.registry_errors import Failed, ImageRequest, table
from devenv.model.machine import is_loopback
from devenv.model.record import record

REDIRECTS = {301, 302, 303, 307, 308}
MAX_REDIRECTS = 5
MAX_BODY = 8 * 2**20  # bytes: manifests end at 4 MiB by the specification; lists of tags have no limit
BROKEN = (ConnectionResetError, BrokenPipeError, TimeoutError, http.client.IncompleteRead, ssl.SSLEOFError)


@record
class Response:
    """``url`` is where it came from in the end."""

    url: str
    status: int
    headers: Message
    body: bytes

    @property
    def digest(self) -> str:
        return self.headers.get("Docker-Content-Digest", "").strip()

    @property
    def media_type(self) -> str:
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    @property
    def is_page(self) -> bool:
        return self.media_type == "text/html"

    def json(self) -> dict[str, object]:
        """The body; {} for what is no JSON object."""
        try:
            return table(json.loads(self.body))
        except (ValueError, RecursionError):
            return {}


class _EveryStatus(urllib.request.HTTPErrorProcessor):
    """Leaves every status to us: urllib itself would make a redirected HEAD a GET and pass Authorization on."""

    def http_response(self, request: urllib.request.Request, response: http.client.HTTPResponse) -> Any:
        return response

    https_response = http_response


class Web:
    """HTTP with the proxies of the environment (but none to this machine), and TLS that is always verified."""

    def __init__(self) -> None:
        tls = urllib.request.HTTPSHandler(context=ssl.create_default_context())
        self.proxied = urllib.request.build_opener(_EveryStatus, tls)
        self.direct = urllib.request.build_opener(_EveryStatus, tls, urllib.request.ProxyHandler({}))

    def follow(
        self, asked: ImageRequest, method: str, url: str, headers: Mapping[str, str], form: bytes | None, *, wait: float
    ) -> Response:
        """One request and its redirects, as the same method; Authorization and forms stay with their host."""
        for _ in range(MAX_REDIRECTS + 1):
            answer = self._once(asked, method, url, headers, form, wait=wait)
            if answer.status not in REDIRECTS or form or not answer.headers.get("Location"):
                return answer
            try:
                target = urljoin(url, answer.headers["Location"])
            except ValueError:
                raise Failed(errors.malformed(asked, "it redirects to what is no address")) from None
            if site(target) != site(url):
                headers = {name: value for name, value in headers.items() if name != "Authorization"}
            url = target
        raise Failed(errors.malformed(asked, f"it redirects more than {MAX_REDIRECTS} times"))

    def _once(
        self, asked: ImageRequest, method: str, url: str, headers: Mapping[str, str], form: bytes | None, *, wait: float
    ) -> Response:
        scheme, host = site(url)
        local = is_loopback(host)
        if scheme != "https" and not (scheme == "http" and local):
            raise Failed(errors.plain_http(host, asked.place))
        until = time.monotonic() + wait
        try:
            request = urllib.request.Request(url, form, dict(headers), method=method)  # noqa: S310 (checked above)
            with (self.direct if local else self.proxied).open(request, timeout=wait) as response:
                return Response(url, response.status, response.headers, _body(response, method, until))
        except (OSError, http.client.HTTPException, ValueError) as error:
            cause = getattr(error, "reason", error) if isinstance(error, urllib.error.URLError) else error
            cause = cause if isinstance(cause, BaseException) else error
            proxy = "" if local else _proxy(scheme, host)
            problem = errors.network(host, cause, proxy=proxy, mirrored=asked.mirrored)
            raise Failed(problem, passing=isinstance(cause, BROKEN)) from None


def _body(response: http.client.HTTPResponse, method: str, until: float) -> bytes:
    """All of it or an exception: a digest of half a manifest would be a wrong pin."""
    body = bytearray()
    while chunk := response.read1(65536):
        body += chunk
        if len(body) > MAX_BODY:
            raise http.client.HTTPException("too long")
        if time.monotonic() > until:
            raise TimeoutError
    length = response.headers.get("Content-Length", "")
    if method != "HEAD" and length.isdecimal() and int(length) != len(body):
        raise http.client.IncompleteRead(bytes(body))
    return bytes(body)


def origin(host: str) -> str:
    plain = is_loopback(host) and not host.endswith(":443")
    return f"{'http' if plain else 'https'}://{host}"


def site(url: str) -> tuple[str, str]:
    """Scheme and ``host[:port]``. By hand, since urlsplit raises for addresses that a registry may well send."""
    scheme, _, rest = url.partition("://")
    return scheme.lower(), re.split(r"[/?#]", rest, maxsplit=1)[0].rpartition("@")[2]


def _proxy(scheme: str, host: str) -> str:
    """The proxy that urllib takes for this host, without the password that its address may hold."""
    if urllib.request.proxy_bypass(host):
        return ""
    return urllib.request.getproxies().get(scheme, "").rpartition("//")[2].rpartition("@")[2].rstrip("/")
