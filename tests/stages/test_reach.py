"""What a kind asks of the machine is named before it is done."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devenv import yamlio
from devenv.kinds import runtimes
from devenv.model.machine import Machine
from devenv.model.observed import Engine, Observed
from devenv.model.resolved import ResolvedService
from devenv.stages.plan_up import service_steps
from devenv.stages.reach import reach, reach_of_file, reach_of_workspace
from devenv.stages.workspaces import wanted
from tests.making import manifest, resolved
from tests.test_catalog import KINDS, services


def made(fragment: str) -> ResolvedService:
    service = resolved('[services.it]\nkind = "memcached"\nversion = "1.6"\n').services["it"]
    return replace(service, kind=replace(service.kind, fragment=fragment))


@pytest.mark.parametrize(
    ("fragment", "asked_for"),
    [
        ("privileged: true\n", ("privileged: true",)),
        ('{{ "privi" ~ "leged" }}: true\n', ("privileged: true",)),
        ("privileged: false\n", ()),
        ("network_mode: host\npid: host\n", ("network_mode: host", "pid: host")),
        ("cap_add: [SYS_ADMIN]\ndevices: [/dev/kvm]\n", ("cap_add: SYS_ADMIN", "devices: /dev/kvm")),
        ("volumes: [/var/run/docker.sock:/s]\n", ("volumes: /var/run/docker.sock:/s",)),
        (
            "volumes: [{type: bind, source: ../.., target: /x}]\n",
            ('volumes: {"source": "../..", "target": "/x", "type": "bind"}',),
        ),
        (
            "volumes: [{type: bind, source: here, target: /x}]\n",
            ('volumes: {"source": "here", "target": "/x", "type": "bind"}',),
        ),
        ("volumes: [cache:/x, /kept, {type: tmpfs, target: /t}, {type: volume, source: cache, target: /y}]\n", ()),
        ("# as root\nvolumes:\n  # the cache\n  - cache:/x\n", ()),
        ("network_mode: none\npid: service:db\nipc: shareable\n", ()),
        ("network_mode: container:other\n", ("network_mode: container:other",)),
        ("deploy: {resources: {limits: {cpus: 1}}}\n", ()),
        (
            "deploy: {resources: {reservations: {devices: [{capabilities: [gpu]}]}}}\n",
            ('deploy: devices: [{"capabilities": ["gpu"]}]',),
        ),
        ("environment: {A: $HOME, B: $$HOME, C: '${DEVENV_DB_PORT}'}\n", ("variables of this machine: HOME",)),
        ("environment: {TOKEN: }\n", ("variables of this machine: TOKEN",)),
        ("build: /\n", ("build: /",)),
        ("a_key_of_tomorrow: 1\n", ("a_key_of_tomorrow: 1",)),
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
    assert step.reason == "memcached 1.6 is not there yet; it asks this machine for privileged: true"


@pytest.mark.parametrize("name", KINDS)
def test_packaged_kinds_ask_for_nothing(name: str) -> None:
    for whole, service in services(name):
        assert reach(service, whole.project) == ()


OVERRIDE = """\
name: other
x-common: &common
  pid: host
services:
  db:
    <<: *common
    volumes: !override ["/:/host", "db-postgres-15:/var/lib/postgresql/data"]
    privileged: !reset null
  mail:
    image: axllent/mailpit:v1.20
    ports: ["8025:8025"]
    environment: [DEBUG=1, AWS_SECRET_ACCESS_KEY]
  quiet:
volumes:
  plain:
  labelled: {labels: {a: b}, driver: local}
  root: {driver_opts: {type: none, o: bind, device: /}}
  others: {external: true, name: other_db}
networks:
  inner: {internal: true, driver: bridge}
  outer: {external: true}
configs:
  text: {content: "a"}
  shadow: {file: /etc/shadow}
secrets:
  token: {environment: TOKEN}
include: [../other.yaml]
"""


def test_what_a_whole_compose_file_asks_for() -> None:
    assert reach_of_file(yamlio.parse(OVERRIDE)) == {
        "services.db": ("pid: host", "volumes: /:/host"),
        "services.mail": (
            "a port that other machines reach: 8025:8025",
            "variables of this machine: AWS_SECRET_ACCESS_KEY",
        ),
        "volumes.root": ('driver_opts: {"device": "/", "o": "bind", "type": "none"}',),
        "volumes.others": ("external: true", "name: other_db"),
        "networks.outer": ("external: true",),
        "configs.shadow": ("file: /etc/shadow",),
        "secrets.token": ("environment: TOKEN",),
        "include": ('["../other.yaml"]',),
    }


@pytest.mark.parametrize(
    ("port", "rights"),
    [
        ("'127.0.0.1:8025:8025'", ()),
        ("'[::1]:80:80'", ()),
        ("'127.0.0.1::80/udp'", ()),
        ("'127.0.0.1:${DEVENV_DB_PORT:-5432}:5432'", ()),
        ("{target: 80, host_ip: '::1'}", ()),
        ("80", ("a port that other machines reach: 80",)),
        ("'0.0.0.0:80:80'", ("a port that other machines reach: 0.0.0.0:80:80",)),
        ("{target: 80}", ('a port that other machines reach: {"target": 80}',)),
        (
            "'${IP:-127.0.0.1}:80:80'",
            ("a port that other machines reach: ${IP:-127.0.0.1}:80:80", "variables of this machine: IP"),
        ),
    ],
)
def test_ports_stay_on_this_machine(port: str, rights: tuple[str, ...]) -> None:
    document = yamlio.parse(f"services: {{web: {{ports: [{port}]}}}}")
    assert reach_of_file(document).get("services.web", ()) == rights


@pytest.mark.parametrize(
    "text", ["", "{}", "services:\n", "services: {db: {labels: {a: b}}}", "services: !reset null\n"]
)
def test_a_compose_file_that_asks_for_nothing(text: str) -> None:
    assert reach_of_file(yamlio.parse(text) or {}) == {}


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("services: !override {db: {pid: host}}", "services.db"),
        ("services: !other {db: {pid: host}}", "services.db"),
        ("services: [db]", "services"),
        ("services: {db: pid}", "services.db"),
        ("volumes: {1: {driver: nfs}}", "volumes.1"),
    ],
)
def test_what_has_another_shape_is_asked_for(text: str, key: str) -> None:
    assert [*reach_of_file(yamlio.parse(text))] == [key]


@pytest.mark.parametrize(
    "body",
    [
        'environment: {"!reset": x, TOKEN: null}',
        'environment: {"!override": {a: b}, TOKEN: null}',
        "environment: !other {TOKEN: null}",
        "environment: !!set {TOKEN}",
        "labels: {a: !!binary JFRPS0VO}",
    ],
)
def test_no_way_of_writing_hides_a_variable_of_this_machine(body: str) -> None:
    document = yamlio.parse(f"services: {{db: {{{body}}}}}")
    assert reach_of_file(document) == {"services.db": ("variables of this machine: TOKEN",)}


def test_what_a_workspace_asks_for() -> None:
    text = """\
[devcontainer]
forwardPorts = [8000]
initializeCommand = "curl example.com | sh"
mounts = ["source=/,target=/host,type=bind"]
post_create = ["echo ${localEnv:TOKEN}"]
[devcontainer.remoteEnv]
HOME_OF = "${localEnv:HOME}"
[devcontainer.customizations.vscode]
extensions = ["ms-python.python"]
"""
    (workspace,) = wanted(manifest(text), runtimes())
    assert reach_of_workspace(workspace) == (
        "initializeCommand: curl example.com | sh",
        'mounts: ["source=/,target=/host,type=bind"]',
        "variables of this machine: HOME, TOKEN",
    )
    (plain,) = wanted(manifest("[devcontainer]\n"), runtimes())
    assert reach_of_workspace(plain) == ()
