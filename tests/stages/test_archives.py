"""What somebody else's archive says of itself is not taken on trust."""

from __future__ import annotations

from typing import Any

import pytest

from devenv.errors import ManifestError
from devenv.stages.archives import check_about, checked_entries
from tests.making import kinds

MEMBER = {"file": "cache/0.tar.gz", "size": 5, "sha256": "00"}
ENTRY = {
    "name": "one",
    "service": "cache",
    "kind": "redis",
    "format": "7.0",
    "version": "7.0.15",
    "at": "2026-11-01T00:00:00+00:00",
    "why": "made by hand",
    "size": 7,
    "served": {"entry": {"kind": "redis", "version": "7.0.15"}, "digest": None},
    "files": {"/data": MEMBER},
}
ABOUT = {"shape": 1, "devenv": "0.1.0", "snapshots": [ENTRY]}
SIZES = {"cache/0.tar.gz": 5}


def test_a_good_one() -> None:
    assert check_about(ABOUT, SIZES, 1, "x.tar") == [ENTRY | {"seeded": ""}]
    dumped = {key: value for key, value in ENTRY.items() if key not in ("files", "served", "size")} | {"dump": MEMBER}
    known = {"served": None, "size": None, "seeded": "begun"}
    about = ABOUT | {"snapshots": [dumped | {"seeded": "begun"}], "at": "2026-11-01T00:00:00+00:00"}
    assert check_about(about, SIZES, 1, "x.tar") == [dumped | known]


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ({}, "is no snapshot that devenv exported"),
        ({"shape": "1", "snapshots": []}, "is no snapshot that devenv exported"),
        (ABOUT | {"devenv": "0.1\n\x1b[2J"}, "is no snapshot that devenv exported"),
        (ABOUT | {"shape": 2, "devenv": "9.9"}, "was written by devenv 9.9"),
        (ABOUT | {"snapshots": []}, "holds no snapshot"),
        (ABOUT | {"snapshots": [5]}, r"x\.tar: snapshots\[0\]: is not a table"),
        (ABOUT | {"at": {"x": 1}}, "x.tar: at: is no date"),
        (ABOUT | {"snapshots": [ENTRY, ENTRY]}, r"snapshots\[1\].service: cache is there a second time"),
    ],
)
def test_what_is_none(about: dict[str, Any], said: str) -> None:
    with pytest.raises(ManifestError, match=said):
        check_about(about, SIZES, 1, "x.tar")


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"service": "../../etc"}, "service"),
        ({"service": "cache --label x"}, "service"),
        ({"format": "7.0/../.."}, "format"),
        ({"kind": 5}, "kind"),
        ({"size": "7"}, "size"),
        ({"size": -(10**30)}, "size"),
        ({"size": 10**30}, "size"),
        ({"seeded": ["done"]}, "seeded"),
        ({"served": []}, "served"),
        ({"served": {"entry": {"kind": "postgres"}}}, "served.entry.kind"),
        ({"served": {"entry": {"kind": "redis"}, "digest": "$(id)"}}, "served.digest"),
        ({"files": {}}, "files"),
        ({"files": {"data": MEMBER}}, "files"),
        ({"files": {"/data\n--privileged": MEMBER}}, "files"),
        ({"files": {"/../../etc": MEMBER}}, "files"),
        ({"files": {"/data": {"file": "x", "size": 1}}}, "files./data"),
        ({"files": {"/data": MEMBER | {"size": "5"}}}, "files./data"),
        ({"files": {"/data": MEMBER | {"file": "\x1b[2J"}}}, "files./data"),
        ({"dump": {"file": 5, "size": 1, "sha256": ""}}, "dump"),
    ],
)
def test_entries_that_are_none(change: dict[str, Any], key: str) -> None:
    with pytest.raises(ManifestError) as error:
        check_about(ABOUT | {"snapshots": [ENTRY | change]}, SIZES, 1, "x.tar")
    assert f"snapshots[0].{key}" in [problem.key for problem in error.value.problems]


def test_members_that_are_not_whole() -> None:
    with pytest.raises(ManifestError, match=r"cache/0\.tar\.gz is not whole"):
        check_about(ABOUT, {"cache/0.tar.gz": 4}, 1, "x.tar")


OWN_SETTINGS = {"aclfile": "/etc/users.acl"}
OWN = {
    "cache": {"kind": "redis", "version": "7.0.15", "image": "ghcr.io/org/cache:7", "settings": OWN_SETTINGS},
    "it": {"kind": "container", "image": "it:1", "volumes": ["/data"], "command": ["serve"]},
}


def checked(**said: Any) -> Any:
    served = {"entry": {"kind": "redis", "version": "6.0.16"} | said, "digest": None}
    (entry,) = checked_entries([ENTRY | {"served": served}], OWN, kinds("redis"), "x.tar")
    return entry["served"]["entry"]


def test_a_server_that_this_manifest_could_have() -> None:
    said = {"variant": "alpine", "image": "ghcr.io/org/cache:7", "settings": {"maxmemory": "1gb", **OWN_SETTINGS}}
    assert checked(**said) == {"kind": "redis", "version": "6.0.16"} | said
    elsewhere = {"port": 6400, "environment": {"A": "b"}, "platform": "linux/arm64"}
    assert checked(**elsewhere) == {"kind": "redis", "version": "6.0.16"}
    (entry,) = checked_entries([ENTRY | {"served": None}], OWN, kinds("redis"), "x.tar")
    assert entry["served"] is None


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ({"image": "evil/backdoor:6.0.16"}, "image"),
        ({"image": "evil/backdoor"}, "image"),
        ({"version": {"a": 1}}, "version"),
        ({"version": ["a"]}, "version"),
        ({"settings": {"loadmodule": "/data/evil.so", "x": {"y": [1]}}}, "settings.x"),
        ({"settings": {"loadmodule": "evil.so"}}, "settings.loadmodule"),
        ({"settings": {"enable-module-command": "yes"}}, "settings.enable-module-command"),
        ({"settings": {"aclfile": "/data/evil.acl"}}, "settings.aclfile"),
        ({"settings": {"tls-cert-file": "../data/evil"}}, "settings.tls-cert-file"),
        ({"settings": "x"}, "settings"),
        ({"platform": "linux/evil --privileged"}, "platform"),
        ({"password": 7}, "password"),
    ],
)
def test_a_server_of_an_archives_own_choice(said: dict[str, Any], key: str) -> None:
    with pytest.raises(ManifestError) as error:
        checked(**said)
    assert [(problem.where.file, problem.key) for problem in error.value.problems if problem.where] == [
        ("x.tar", f"snapshots[0].served.entry.{key}")
    ]


@pytest.mark.parametrize(
    ("kind", "version", "settings"),
    [
        ("postgres", "15.4", {"shared_preload_libraries": "/var/lib/postgresql/data/evil"}),
        ("postgres", "15.4", {"archive_command": "sh evil"}),
        ("mysql", "8.0.36", {"plugin-load-add": "evil.so"}),
        ("mariadb", "10.11.6", {"init_file": "evil.sql"}),
        ("rabbitmq", "3.12.10", {"load_definitions": "evil.json"}),
        ("mosquitto", "2.0.18", {"include_dir": "evil"}),
    ],
)
def test_settings_that_run_code(kind: str, version: str, settings: dict[str, Any]) -> None:
    entry = {"kind": kind, "version": version}
    served = {"entry": entry | {"settings": settings}}
    with pytest.raises(ManifestError) as error:
        checked_entries([ENTRY | entry | {"served": served}], {"cache": entry}, kinds(kind), "x.tar")
    (setting,) = settings
    assert f"snapshots[0].served.entry.settings.{setting}" in [problem.key for problem in error.value.problems]


def test_the_image_is_the_lock_s_or_the_registry_s() -> None:
    served = {"entry": {"kind": "redis", "version": "7.0.15"}, "digest": f"sha256:{'0' * 64}"}
    (entry,) = checked_entries([ENTRY | {"served": served}], OWN, kinds("redis"), "x.tar")
    assert entry["served"]["digest"] is None


CONTAINER = {"service": "it", "kind": "container", "version": "1", "format": "1", "served": None}


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"files": {"/nowhere": MEMBER}}, "files./nowhere"),
        ({"files": {"/data": MEMBER, "/etc": MEMBER}}, "files./etc"),
        ({"format": "6.0"}, "format"),
        (CONTAINER | {"files": {"/etc": MEMBER}}, "files./etc"),
        (
            CONTAINER | {"served": {"entry": {"kind": "container", "image": "it:1", "command": ["sh"]}}},
            "served.entry.command",
        ),
    ],
)
def test_data_that_the_service_would_not_have_written(change: dict[str, Any], key: str) -> None:
    with pytest.raises(ManifestError) as error:
        checked_entries([ENTRY | change], OWN, kinds("redis", "container"), "x.tar")
    assert error.value.problems[0].key == f"snapshots[0].{key}"


def test_data_of_a_container() -> None:
    (entry,) = checked_entries([ENTRY | CONTAINER], OWN, kinds("container"), "x.tar")
    assert entry["files"] == {"/data": MEMBER}
