"""``devenv logs``: what it takes is looked at before anybody is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from devenv.commands.logs import _SINCE
from tests.making import tree
from tests.program import MANIFEST, said


@pytest.mark.parametrize("since", ["nonsense", "5 minutes", "yesterday", "2026-13", "10:00", "-5m", "5m "])
def test_a_moment_that_is_none_is_a_mistake(tmp_path: Path, since: str) -> None:
    ended = said(tree(tmp_path / "shop", {"devenv.toml": MANIFEST}), "logs", "--since", since)
    assert (ended.code, ended.out) == (2, "")
    assert "how long ago, as in 5m or 2h30m, or when, as in 2026-11-23T10:00:00" in ended.err


@pytest.mark.parametrize(
    "since",
    [
        "5m",
        "2h30m",
        "1.5h",
        "1763892000",
        "1763892000.5",
        "2026-11-23",
        "2026-11-23T10:00",
        "2026-11-23T10:00:00Z",
        "2026-11-23T10:00:00.25+01:00",
    ],
)
def test_moments_as_the_engine_reads_them(since: str) -> None:
    assert _SINCE.fullmatch(since)
