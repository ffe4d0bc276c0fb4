"""What can be wrong with a service that says itself what others take from the catalogue: kind ``container``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from devenv.model.kind import Kind
from devenv.model.manifest import Service
from devenv.schema.issue import Issue, did_you_mean


def port_names(service: Service, kind: Kind) -> tuple[str, ...]:
    """The names of a service's ports: its own where it says them, its kind's otherwise."""
    listens = service.options.get("listens")
    return tuple(listens) if isinstance(listens, Mapping) else tuple(kind.serving(service.options).ports)


def container_issues(service: Service, kind: Kind) -> Iterator[Issue]:
    """What is wrong with ``listens``, ``volumes``, ``ready`` and ``url``, for kinds that take them."""
    if "listens" in kind.options:
        yield from _listens(service)
        yield from _volumes(service)
        yield from _ready(service, port_names(service, kind))
        yield from _url(service, port_names(service, kind))


def _listens(service: Service) -> Iterator[Issue]:
    listens = service.options.get("listens")
    seen: dict[object, str] = {}
    for name, port in listens.items() if isinstance(listens, Mapping) else ():
        if port in seen:
            hint = "a port of the container can be published once"
            yield Issue(("services", service.name, "listens", name), f"port {port} is already {seen[port]}'s", hint)
        seen.setdefault(port, name)


def _volumes(service: Service) -> Iterator[Issue]:
    volumes = service.options.get("volumes")
    paths = volumes if isinstance(volumes, tuple) else ()
    for index, path in enumerate(paths):
        if Counter(paths[: index + 1])[path] > 1:
            yield Issue(("services", service.name, "volumes", index), f"{path} is there twice", "take one out")


def _ready(service: Service, ports: tuple[str, ...]) -> Iterator[Issue]:
    ready = service.options.get("ready")
    if not isinstance(ready, Mapping):
        return
    path = ("services", service.name, "ready")
    port = ready.get("port", "")
    if not ports:
        yield Issue(path, "there is no port to ask", "name what the server listens on: listens = { http = 8080 }")
    elif port and port not in ports:
        hint = f"{did_you_mean(port, list(ports))} {service.name} listens on: {', '.join(ports)}".strip()
        yield Issue((*path, "port"), f"no port {port!r}", hint)
    try:
        re.compile(ready["expect"])
    except re.error as error:
        hint = "a sign that stands for itself takes a backslash, in single quotes: '\\('"
        yield Issue((*path, "expect"), f"is no regular expression: {error}", hint)
    if any(ord(char) > 255 for char in ready.get("send", "")):
        yield Issue((*path, "send"), "holds a character that is no byte", "only those up to \\u00ff, one byte each")


_NAME = re.compile(r"\{\{\s*(?P<name>[A-Za-z0-9_]+)\s*\}\}")
_BRACES = re.compile(r"\{[{%#].*?(?:[}%#]\}|$)", re.DOTALL)


def _url(service: Service, ports: tuple[str, ...]) -> Iterator[Issue]:
    url = service.options.get("url")
    if not isinstance(url, str):
        return
    path = ("services", service.name, "url")
    known = ["host", *(["port"] if ports else []), *(f"{name}_port" for name in ports[1:])]
    listed = "it can name " + ", ".join(f"{{{{ {name} }}}}" for name in known)
    for piece in _BRACES.findall(url):
        match = _NAME.fullmatch(piece)
        if match is None:
            yield Issue(path, f"{piece} is nothing that can be filled in", listed)
        elif match["name"] not in known:
            yield Issue(path, f"{piece} names nothing", f"{did_you_mean(match['name'], known)} {listed}".strip())
