"""A service that says itself what others take from the catalogue."""

from __future__ import annotations

import pytest

from devenv.model.machine import Machine
from devenv.model.probe import Question
from devenv.model.resolved import Port, ResolvedService, Volume
from devenv.stages import asking, connect
from tests.making import image, resolved

MACHINE = Machine("shop", "/shop", {"DEVENV_APP_PORT": 20001})


def app(more: str) -> ResolvedService:
    text = f'[services.app]\nkind = "container"\nimage = "ghcr.io/acme/app:1.4"\n{more}'
    return resolved(text).services["app"]


def test_an_image_is_all_it_needs() -> None:
    service = app("")
    assert (service.image, service.version.text) == (image("ghcr.io/acme/app:1.4"), "1.4")
    assert (service.ports, service.volumes, service.kind.greeting) == ((), (), None)
    assert connect.outputs(service, MACHINE) == {"host": "127.0.0.1", "version": "1.4"}


def test_its_ports() -> None:
    service = app("listens = { http = 8080, admin_ui = 9090 }\nport = 80\n")
    assert service.ports == (
        Port("http", 8080, 80, "DEVENV_APP_PORT", is_explicit=True),
        Port("admin_ui", 9090, 9090, "DEVENV_APP__ADMIN_UI_PORT"),
    )


def test_its_folders_are_volumes_of_their_own() -> None:
    service = app('volumes = ["/data", "/a/data", "/b/data"]\n')
    assert service.volumes == (
        Volume("app-container-1", "1", "/data", "app-container-1"),
        Volume("app-container-1-a-data", "1", "/a/data", "app-container-1"),
        Volume("app-container-1-b-data", "1", "/b/data", "app-container-1"),
    )


def test_its_address() -> None:
    service = app('listens = { http = 8080, admin = 9090 }\nurl = "http://{{ host }}:{{port}}/?a={{ admin_port }}"\n')
    assert connect.outputs(service, MACHINE)["url"] == "http://127.0.0.1:20001/?a=9090"


@pytest.mark.parametrize(
    ("more", "port"), [("", 20001), ('port = "admin", ', 9090)], ids=["the first port", "the port that is named"]
)
def test_how_it_is_asked(more: str, port: int) -> None:
    """What is sent is sent as it is written: line ends and braces too."""
    ready = f'ready = {{ {more}send = "GET / HTTP/1.0\\r\\n\\r\\n{{{{ x }}}}\\u00ff", expect = "^HTTP" }}\n'
    service = app("listens = { http = 8080, admin = 9090 }\n" + ready)
    sent = b"GET / HTTP/1.0\r\n\r\n{{ x }}\xff"
    assert asking.greeting(service, MACHINE, "shop") == Question("127.0.0.1", port, sent, "^HTTP")


def test_a_server_that_speaks_first_is_sent_nothing() -> None:
    question = asking.greeting(app('listens = { smtp = 25 }\nready = { expect = "^220" }\n'), MACHINE, "shop")
    assert question == Question("127.0.0.1", 20001, b"", "^220")
