from __future__ import annotations

import pytest

from devenv.sources.precision import stated


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("postgres", "15.4", ("15.4", "patch")),
        ("postgres", "15", ("15", "series")),
        ("postgres", "17.6.0", ("17.6", "patch")),
        ("postgres", "9.6.24", ("9.6.24", "patch")),
        ("postgres", "11.22-rds.20240418", ("11.22", "patch")),
        ("redis", "7.0.15", ("7.0.15", "patch")),
        ("redis", "7.0", ("7.0", "minor")),
        ("redis", "6.x", ("6", "series")),
        ("redis", "v7.0.15", ("7.0.15", "patch")),
        ("mysql", "8", ("8", "series")),
        ("clickhouse", "24.8.4.13", ("24.8.4.13", "patch")),
        ("clickhouse", "24.8", ("24.8", "minor")),
        ("postgres", "9" * 5000, ("", "none")),
        ("postgres", "15." + "9" * 5000, ("15", "series")),
        ("rabbitmq", "latest", ("", "none")),
        ("rabbitmq", "", ("", "none")),
    ],
)
def test_stated(kind: str, text: str, expected: tuple[str, str]) -> None:
    assert stated(kind, text) == expected
