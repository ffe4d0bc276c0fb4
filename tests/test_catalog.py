"""Every packaged kind: its declaration, its templates, and how it takes what its server says."""

from __future__ import annotations

import json
import re
import struct
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from devenv import yamlio
from devenv.catalog import DECLARATION, FRAGMENT, read_kind
from devenv.effects.files import read_folder, templates_root
from devenv.model.kind import Exec, Kind, SettingsQuestion
from devenv.model.machine import Machine
from devenv.model.resolved import Resolved, ResolvedService
from devenv.model.version import parse_version
from devenv.schema.manifest import service_model
from devenv.schema.sentences import issues_of
from devenv.stages import asking, connect
from devenv.stages.check import check_kind_folder, output_names
from devenv.stages.load import build_manifest
from devenv.stages.resolve import resolve
from devenv.targets import compose
from tests.making import lock_for

FOLDERS = {path.name: read_folder(path) for path in sorted((templates_root() / "services").iterdir())}
KINDS = {name: read_kind(name, folder) for name, folder in FOLDERS.items()}
#: What Compose gets from `targets.compose` for every kind alike: a fragment must leave it alone.
COMMON = {"image", "build", "platform", "hostname", "labels", "stop_grace_period", "ports", "configs", "container_name"}


def execs(kind: Kind) -> Iterator[Exec]:
    settings = (kind.effective, kind.known_settings, kind.refused_settings)
    for rule in (kind.running_version, kind.ensure, *settings, kind.lacking, kind.client):
        if isinstance(rule, Exec):
            yield rule


def _inputs(kind: Kind) -> set[str]:
    return {file for rule in execs(kind) for file in (rule.existing, rule.input) if file}


def services(name: str) -> Iterator[tuple[Resolved, ResolvedService]]:
    """A kind's services as its golden case has them, without options and with all of them, at each known version."""
    text = (Path(__file__).parent / "golden/render" / name / "devenv.toml").read_text(encoding="utf-8")
    made = build_manifest(tomllib.loads(text), KINDS)
    for version in KINDS[name].versions or ("",):
        named = {key: replace(item, version=parse_version(version)) for key, item in made.services.items()}
        manifest = replace(made, services=named)
        resolved = resolve(manifest, KINDS, lock_for(manifest))
        yield from ((resolved, service) for service in resolved.services.values())


@pytest.mark.parametrize("name", KINDS)
def test_the_declaration_has_the_right_shape(name: str) -> None:
    assert check_kind_folder(name, tomllib.loads(FOLDERS[name][DECLARATION]), set(FOLDERS[name])) == []


@pytest.mark.parametrize("name", KINDS)
def test_what_is_mentioned_exists_and_what_exists_is_mentioned(name: str) -> None:
    kind = KINDS[name]
    mentioned = {file.template for file in kind.files} | _inputs(kind)
    mentioned |= {kind.build.dockerfile} if kind.build else set()
    there = {path for path in FOLDERS[name] if not path.endswith(".md") and not path.startswith("settings")}
    assert there == mentioned | {DECLARATION, FRAGMENT}


@pytest.mark.parametrize("name", KINDS)
def test_files_in_the_container_have_names_of_their_own(name: str) -> None:
    """Compose knows them by their last part."""
    names = [file.path.rpartition("/")[2] for file in KINDS[name].files]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", KINDS)
def test_known_versions_say_where_their_data_is(name: str) -> None:
    kind = KINDS[name]
    versions = [parse_version(text) for text in kind.versions]
    assert [version.release for version in versions] == sorted({version.release for version in versions})
    assert all(len(version.release) >= kind.version_parts for version in versions)
    assert {kind.data_rule(version) is None for version in versions} <= {not kind.data}


@pytest.mark.parametrize("name", KINDS)
def test_defaults_are_what_a_person_may_write(name: str) -> None:
    kind = KINDS[name]
    defaults = {key: option.default for key, option in kind.options.items() if option.default is not None}
    filled: Any = json.loads(json.dumps(defaults).replace("{{ project }}", "shop"))
    service = {"kind": name, "version": "1.2.3", "image": "a/b:1", **filled}
    assert issues_of(service_model(kind), service) == []


@pytest.mark.parametrize("name", KINDS)
def test_a_build_installs_options_that_there_are(name: str) -> None:
    kind = KINDS[name]
    if kind.build:
        assert set(kind.build.options) <= set(kind.options)
    assert all(kind.packages for option in kind.options.values() if option.known)


@pytest.mark.parametrize("name", KINDS)
def test_templates_name_only_what_they_are_given(name: str) -> None:
    """Unknown names are errors: it is enough that everything renders, for every version, with options and without."""
    for resolved, service in services(name):
        document = yamlio.parse(compose.files(resolved)[0].text)
        assert service.name in document["services"]
        machine = Machine("shop", "/shop")
        asking.greeting(service, machine, "shop")
        for rule in execs(service.kind):
            asked = asking.command(service, rule, "shop")
            assert all("{{" not in word for word in (*asked.argv, asked.input))
            asking.needed_when_fresh(service, rule, "shop")


@pytest.mark.parametrize("name", KINDS)
def test_a_fragment_says_nothing_that_is_the_same_for_all_kinds(name: str) -> None:
    for _, service in services(name):
        fragment = yamlio.parse(compose.render(name, service.kind.fragment, compose.context("shop", service))) or {}
        assert set(fragment) & COMMON == set()


@pytest.mark.parametrize("name", KINDS)
def test_the_question_goes_to_a_port_that_there_is(name: str) -> None:
    for _, service in services(name):
        if service.kind.greeting:
            assert service.kind.greeting.port in {port.name for port in service.ports}
            re.compile(service.kind.greeting.expect)


@pytest.mark.parametrize("name", KINDS)
def test_settings_are_asked_of_a_port_that_there_is(name: str) -> None:
    rule = KINDS[name].effective
    if isinstance(rule, SettingsQuestion):
        assert rule.port in KINDS[name].ports
        assert {re.compile(answer.pattern).groups for answer in rule.answers.values()} == {1}


@pytest.mark.parametrize("name", KINDS)
def test_what_env_may_refer_to_is_what_there_is(name: str) -> None:
    text = (Path(__file__).parent / "golden/render" / name / "devenv.toml").read_text(encoding="utf-8")
    manifest = build_manifest(tomllib.loads(text), KINDS)
    resolved = resolve(manifest, KINDS, lock_for(manifest))
    for service in manifest.services.values():
        provided = connect.outputs(resolved.services[service.name], Machine("shop", "/shop"))
        promised = set(output_names(service, KINDS[name]))
        assert promised - set(KINDS[name].outputs) <= set(provided)
        assert ("url" in promised) == ("url" in provided)


def bson(**fields: bool | str) -> bytes:
    body = b"".join(
        b"\x08" + key.encode() + b"\0" + bytes([value])
        if isinstance(value, bool)
        else b"\x02" + key.encode() + b"\0" + struct.pack("<i", len(value) + 1) + value.encode() + b"\0"
        for key, value in fields.items()
    )
    return struct.pack("<i", len(body) + 5) + body + b"\0"


def http(status: str, body: str, *, head: str = "content-type: application/json\r\n") -> str:
    return f"HTTP/1.1 {status}\r\n{head}content-length: {len(body)}\r\n\r\n{body}"


KAFKA = struct.pack(">i4sh", 22, b"deve", 0) + struct.pack(">ihhh", 2, 18, 0, 4)
HEALTH = '{"cluster_name":"docker-cluster","status":"%s","timed_out":%s}'
INFO = '{\n  "name" : "search",\n  "version" : {\n    "number" : "8.19.5"\n  }\n}'
INFO_OF_OPENSEARCH = '{\n "version" : {\n  "distribution" : "opensearch",\n  "number" : "2.19.1"\n }\n}'
ANSWERS = [
    ("kafka", KAFKA, ""),
    ("kafka", struct.pack(">i4sh", 22, b"deve", 35), None),  # the version of the request is not supported
    ("mongodb", b"\0" * 21 + bson(ismaster=True, topologyVersion="x"), ""),
    ("mongodb", b"\0" * 21 + bson(ismaster=False, secondary=True, setName="rs0"), None),
    ("mongodb", b"\0" * 21 + bson(isreplicaset=True, ismaster=False), None),
    ("elasticsearch", http("200 OK", HEALTH % ("green", "false")) + http("200 OK", INFO), "8.19.5"),
    ("elasticsearch", http("200 OK", HEALTH % ("yellow", "false")) + http("200 OK", INFO), "8.19.5"),
    ("elasticsearch", http("200 OK", HEALTH % ("red", "false")) + http("200 OK", INFO), None),
    ("elasticsearch", http("408 Request Timeout", HEALTH % ("red", "true")) + http("200 OK", INFO), None),
    ("elasticsearch", http("200 OK", HEALTH % ("green", "false")), None),  # the second answer is not there yet
    ("elasticsearch", http("401 Unauthorized", '{"error":{}}'), ""),
    ("elasticsearch", http("503 Service Unavailable", '{"error":{}}'), None),
    ("opensearch", http("200 OK", HEALTH % ("green", "false")) + http("200 OK", INFO_OF_OPENSEARCH), "2.19.1"),
    ("opensearch", http("401 Unauthorized", "Unauthorized"), ""),
    ("opensearch", http("503 Service Unavailable", "OpenSearch Security not initialized."), None),
    ("clickhouse", http("200 OK", "Ok.\n", head="Connection: close\r\n"), ""),
    ("clickhouse", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nOk.\n\r\n0\r\n\r\n", ""),
    ("clickhouse", http("500 Internal Server Error", "Code: 210"), None),
    ("mailpit", "220 mail Mailpit ESMTP Service ready\r\n", ""),
    ("mailpit", "421 mail Service not available\r\n", None),
]


@pytest.mark.parametrize(("name", "answer", "version"), ANSWERS)
def test_which_answers_mean_ready(name: str, answer: bytes | str, version: str | None) -> None:
    """``version`` None: not ready; "": ready, and the answer does not tell which version."""
    greeting = KINDS[name].greeting
    assert greeting is not None
    text = answer.decode("latin-1") if isinstance(answer, bytes) else answer
    match = re.search(greeting.expect, text, re.DOTALL)
    assert (match and (match.groupdict().get("version") or "")) == version


QUESTIONS = [
    ("kafka", struct.pack(">ihh4sh6s", 16, 18, 0, b"deve", 6, b"devenv")),
    (
        "mongodb",
        struct.pack("<iiiiIb", 55, 1, 0, 2013, 0, 0) + b"\x22\0\0\0\x10isMaster\0\1\0\0\0\x02$db\0\6\0\0\0admin\0\0",
    ),
    ("clickhouse", b"GET /ping HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
    ("mailpit", b""),
]


@pytest.mark.parametrize(("name", "sent"), QUESTIONS)
def test_what_is_sent(name: str, sent: bytes) -> None:
    _, service = next(services(name))
    question = asking.greeting(service, Machine("shop", "/shop"), "shop")
    assert question is not None
    assert question.send == sent


SAID = [
    ("kafka", "jackson-core-2.16.2.jar\nkafka-clients-4.1.0.jar\nkafka_2.13-4.1.0.jar\n", "4.1.0"),
    ("mongodb", 'db version v7.0.5\nBuild Info: {\n    "version": "7.0.5",\n', "7.0.5"),
    ("elasticsearch", '{"status":"green"}' + INFO, "8.19.5"),
    ("opensearch", '{"status":"green"}' + INFO_OF_OPENSEARCH, "2.19.1"),
    ("clickhouse", "ClickHouse server version 25.8.2.29 (official build).\n", "25.8.2.29"),
    ("mailpit", '<div id="app" data-webroot="/" data-version="v1.21.8">', "1.21.8"),
]


@pytest.mark.parametrize(("name", "said", "version"), SAID)
def test_which_version_a_server_says_it_is(name: str, said: str, version: str) -> None:
    rule = KINDS[name].running_version
    assert rule is not None
    match = re.search(rule.expect, said)
    assert match is not None
    assert match["version"] == version


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.settings])
def test_every_kind_that_takes_settings_says_which_it_decides_itself(name: str) -> None:
    kind = KINDS[name]
    assert kind.reserved
    assert all(hint and not hint.endswith(".") for hint in kind.reserved.values())
    assert not [setting for setting in kind.needs.values() if any(map(kind.instead_of, setting))]


@pytest.mark.parametrize(
    ("name", "setting", "reserved"),
    [
        ("postgres", "Port", True),
        ("postgres", "port_range", False),
        ("mysql", "bind-address", True),
        ("mariadb", "DATADIR", True),
        ("redis", "tls_port", True),
        ("memcached", "s", True),
        ("memcached", "S", False),  # SASL, where s is a socket
        ("rabbitmq", "listeners.ssl.default", True),
        ("rabbitmq", "mqtt.listeners.tcp.default", True),
        ("rabbitmq", "management.tcp.idle_timeout", False),
        ("mosquitto", "listener", True),
        ("mongodb", "net.maxIncomingConnections", False),
    ],
)
def test_settings_are_told_apart_by_the_servers_own_rules(name: str, setting: str, reserved: bool) -> None:
    assert bool(KINDS[name].instead_of(setting)) is reserved
