"""What a kind asks of the machine is named before it is done."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devenv.model.machine import Machine
from devenv.model.observed import Engine, Observed
from devenv.model.resolved import ResolvedService
from devenv.stages.plan_up import service_steps
from devenv.stages.reach import reach
from tests.making import resolved
from tests.test_catalog import KINDS, services


def made(fragment: str) -> ResolvedService:
    service = resolved('[services.it]\nkind = "memcached"\nversion = "1.6"\n').services["it"]
    return replace(service, kind=replace(service.kind, fragment=fragment))


@pytest.mark.parametrize(
    ("fragment", "asked_for"),
    [
        ("privileged: true\n", ("privileged",)),
        ('{{ "privi" ~ "leged" }}: true\n', ("privileged",)),
        ("privileged: false\n", ()),
        ("network_mode: host\npid: host\n", ("network_mode: host", "pid: host")),
        ("cap_add: [SYS_ADMIN]\ndevices: [/dev/kvm]\n", ("cap_add: SYS_ADMIN", "devices: /dev/kvm")),
        ("volumes: [/var/run/docker.sock:/s]\n", ("volumes: /var/run/docker.sock",)),
        ("volumes: [{type: bind, source: ../.., target: /x}]\n", ("volumes: ../..",)),
        ("volumes: [{type: bind, source: here, target: /x}]\n", ("volumes: here",)),
        ("volumes: [cache:/x]\n", ()),
        ("provider: {type: sh}\n", ('provider: {"type": "sh"}',)),
        ("use_api_socket: true\nenv_file: /etc/passwd\n", ("use_api_socket: true", "env_file: /etc/passwd")),
    ],
)
def test_what_a_kind_of_the_projects_own_asks_for(fragment: str, asked_for: tuple[str, ...]) -> None:
    assert reach(made(fragment), "shop") == asked_for


def test_the_plan_names_it() -> None:
    (step,) = service_steps(
        made("privileged: true\n"),
        Observed(Engine("27.0.1", "linux/amd64")),
        machine=Machine("shop", "/shop", {}),
        override="",
    )
    assert step.reason == "memcached 1.6 is not there yet; it asks this machine for privileged"


@pytest.mark.parametrize("name", KINDS)
def test_packaged_kinds_ask_for_nothing(name: str) -> None:
    for whole, service in services(name):
        assert reach(service, whole.project) == ()
