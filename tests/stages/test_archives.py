"""What somebody else's archive says of itself is not taken on trust."""

from __future__ import annotations

from typing import Any

import pytest

from devenv.errors import ManifestError
from devenv.stages.archives import check_about

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
    assert check_about(ABOUT, SIZES, 1, "x.tar") == [ENTRY]
    dumped = {key: value for key, value in ENTRY.items() if key not in ("files", "served", "size")} | {"dump": MEMBER}
    assert check_about(ABOUT | {"snapshots": [dumped]}, SIZES, 1, "x.tar") == [dumped | {"served": None, "size": None}]


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ({}, "is no snapshot that devenv exported"),
        ({"shape": "1", "snapshots": []}, "is no snapshot that devenv exported"),
        (ABOUT | {"shape": 2, "devenv": "9.9"}, "was written by devenv 9.9"),
        (ABOUT | {"snapshots": []}, "does not say what it holds"),
        (ABOUT | {"snapshots": [5]}, "does not say what it holds"),
    ],
)
def test_what_is_none(about: dict[str, Any], said: str) -> None:
    with pytest.raises(ManifestError, match=said):
        check_about(about, SIZES, 1, "x.tar")


@pytest.mark.parametrize(
    "change",
    [
        {"service": "../../etc"},
        {"service": "cache --label x"},
        {"format": "7.0/../.."},
        {"kind": 5},
        {"size": "7"},
        {"served": []},
        {"served": {"entry": {"kind": "postgres"}}},
        {"files": {}},
        {"files": {"data": MEMBER}},
        {"files": {"/data": {"file": "x", "size": 1}}},
        {"files": {"/data": MEMBER | {"size": "5"}}},
        {"dump": {"file": 5, "size": 1, "sha256": ""}},
    ],
)
def test_entries_that_are_none(change: dict[str, Any]) -> None:
    with pytest.raises(ManifestError, match="does not say what it holds"):
        check_about(ABOUT | {"snapshots": [ENTRY | change]}, SIZES, 1, "x.tar")


def test_members_that_are_not_whole() -> None:
    with pytest.raises(ManifestError, match=r"cache/0\.tar\.gz is not whole"):
        check_about(ABOUT, {"cache/0.tar.gz": 4}, 1, "x.tar")
