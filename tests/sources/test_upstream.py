"""Versions as vendors call them."""

from __future__ import annotations

import pytest

from devenv.model.fact import Precision
from devenv.sources.upstream import upstream


@pytest.mark.parametrize(
    ("engine", "text", "expected"),
    [
        ("postgres", "15.4", ("postgres", "15.4", "patch", "")),
        ("postgres", "11.22-rds.20240418", ("postgres", "11.22", "patch", "")),
        ("aurora-postgresql", "15.4", ("postgres", "15.4", "patch", "")),
        ("mysql", "5.7.44-rds.20240408", ("mysql", "5.7.44", "patch", "")),
        ("aurora-mysql", "8.0.mysql_aurora.3.04.0", ("mysql", "8.0.28", "patch", "Aurora's 3.04 is MySQL 8.0.28")),
        ("aurora-mysql", "5.7.mysql_aurora.2.12.1", ("mysql", "5.7.44", "patch", "Aurora's 2.12 is MySQL 5.7.44")),
        ("aurora-mysql", "5.7.mysql_aurora.2.11.1", ("mysql", "5.7", "minor", "Aurora's 2.11 is MySQL 5.7")),
        ("aurora-mysql", "8.0.mysql_aurora.3.99.0", ("mysql", "8.0", "minor", "Aurora's 3.99 is MySQL 8.0")),
        ("aurora-mysql", "8.4.7", ("mysql", "8.4.7", "patch", "")),
        ("redis", "7.1", ("redis", "7.0", "minor", "AWS' 7.1 is Redis 7.0")),
        ("redis", "7.1.0", ("redis", "7.0", "minor", "AWS' 7.1 is Redis 7.0")),
        ("redis", "7.0.7", ("redis", "7.0.7", "patch", "")),
        ("redis", "6.x", ("redis", "6", "series", "")),
        ("valkey", "8.2", ("valkey", "8.1", "minor", "AWS' 8.2 is Valkey 8.1 with search and bloom built in")),
        ("valkey", "7.2.6", ("valkey", "7.2.6", "patch", "")),
        ("RabbitMQ", "3.13", ("rabbitmq", "3.13", "minor", "")),
        (
            "docdb",
            "5.0.0",
            ("documentdb", "5.0.0", "patch", "speaks MongoDB's protocol of that version and is no MongoDB"),
        ),
        ("pg", "15", ("postgres", "15", "series", "")),
        ("", "", ("", "", "none", "")),
    ],
)
def test_upstream(engine: str, text: str, expected: tuple[str, str, Precision, str]) -> None:
    assert upstream(engine, text) == expected
