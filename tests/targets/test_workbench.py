"""The Compose file of a workbench: servers that serve nobody but an upgrade."""

from __future__ import annotations

from typing import Any

from devenv import yamlio
from devenv.model.upgrade import COPY, HttpCensus, Server, mounts
from devenv.targets import workbench
from tests.making import resolved

BUS = resolved('[services.bus]\nkind = "nats"\nversion = "2.10"\n').services["bus"]


def document(*servers: Server) -> dict[str, Any]:
    (file,) = workbench.files("shop", servers, {COPY: "shop_bus.2"}, name="bench")
    parsed: dict[str, Any] = yamlio.parse(file.text)
    return parsed


def test_no_server_is_reached_from_outside() -> None:
    made = document(Server("old", BUS, mounts(BUS, COPY)))
    assert made["networks"] == {"default": {"internal": True}}
    assert "ports" not in made["services"]["old"]
    assert made["services"]["old"]["volumes"] == ["copy:/data"]


def test_one_that_must_be_asked_from_outside_is_asked_on_loopback_alone() -> None:
    asked = HttpCensus(8222, "/healthz", "/jsz", str)
    made = document(Server("old", BUS, mounts(BUS, COPY), asked=asked), Server("new", BUS, mounts(BUS, COPY)))
    assert made["services"]["old"]["ports"] == ["127.0.0.1::8222"]
    assert "ports" not in made["services"]["new"]
    # An internal network publishes nothing; out of this one nothing gets to anywhere else.
    assert made["networks"]["default"] == {"driver_opts": {"com.docker.network.bridge.enable_ip_masquerade": "false"}}
