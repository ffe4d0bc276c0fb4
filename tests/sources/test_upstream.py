"""Versions as vendors number them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.sources.upstream import kind_of, upstream

VENDORS = ["", "alloydb", "azure", "digitalocean", "elasticache", "google", "memorydb", "mq", "opensearch", "rds"]


def aurora(aurora: str, mysql: str) -> str:
    return f"Aurora MySQL {aurora} is compatible with MySQL {mysql}"


def unknown(aurora: str, series: str) -> str:
    return f"Aurora MySQL {aurora} is MySQL {series}; which release is not known to devenv: ask the server itself"


@pytest.mark.parametrize(
    ("engine", "text", "expected"),
    [
        ("postgres", "15", ("postgres", "15", "series", "")),
        ("postgres", "15.4", ("postgres", "15.4", "patch", "")),
        ("postgres", "11.22-rds.20240418", ("postgres", "11.22", "patch", "")),
        ("postgres", "11.22-RDS.20240208.R2.20240210", ("postgres", "11.22", "patch", "")),
        ("mysql", "5.7.44-rds.20240408", ("mysql", "5.7.44", "patch", "")),
        ("mysql", "8.0", ("mysql", "8.0", "minor", "")),
        ("mysql", "8.0.21", ("mysql", "8.0.21", "patch", "")),
        ("mariadb", "10.11.6", ("mariadb", "10.11.6", "patch", "")),
        ("aurora-postgresql", "15.4", ("postgres", "15.4", "patch", "")),
        ("aurora-mysql", "8.0.mysql_aurora.3.01.1", ("mysql", "8.0.23", "patch", aurora("3.01.1", "8.0.23"))),
        ("aurora-mysql", "8.0.mysql_aurora.3.04.0", ("mysql", "8.0.28", "patch", aurora("3.04.0", "8.0.28"))),
        ("aurora-mysql", "8.0.mysql_aurora.3.13.0", ("mysql", "8.0.45", "patch", aurora("3.13.0", "8.0.45"))),
        ("aurora-mysql", "8.0.mysql_aurora.3.99.0", ("mysql", "8.0", "minor", unknown("3.99.0", "8.0"))),
        ("aurora-mysql", "5.7.mysql_aurora.2.12.1", ("mysql", "5.7.44", "patch", aurora("2.12.1", "5.7.44"))),
        ("aurora-mysql", "5.7.mysql_aurora.2.11.1", ("mysql", "5.7", "minor", unknown("2.11.1", "5.7"))),
        ("aurora", "5.6.mysql_aurora.1.23.4", ("mysql", "5.6", "minor", unknown("1.23.4", "5.6"))),
        ("aurora-mysql", "8.4.mysql_aurora.8.4.7", ("mysql", "8.4.7", "patch", "")),
        ("aurora-mysql", "8.4.7", ("mysql", "8.4.7", "patch", "")),
        ("neptune", "1.2.1.0", ("neptune", "1.2.1", "patch", "Neptune has no equivalent that runs locally")),
        ("sqlserver-ex", "15.00.4236.7.v1", ("sqlserver", "15.00.4236", "patch", "")),
        ("custom-oracle-ee", "19", ("oracle", "19", "series", "")),
        ("", "", ("", "", "none", "")),
    ],
)
def test_relational_databases_of_aws(engine: str, text: str, expected: tuple[str, str, str, str]) -> None:
    assert upstream(engine, text, vendor="rds") == expected


def test_documentdb_is_no_mongodb() -> None:
    said = "DocumentDB only imitates MongoDB {}: a local MongoDB is an approximation"
    assert upstream("docdb", "5.0.0", vendor="rds") == ("documentdb", "5.0.0", "patch", said.format("5.0.0"))
    assert upstream("docdb", "", vendor="rds") == ("documentdb", "", "none", said.format("").replace(" :", ":"))


@pytest.mark.parametrize(
    ("vendor", "engine", "text", "expected"),
    [
        ("lambda", "", "python3.12", ("python", "3.12", "minor", "")),
        ("lambda", "", "nodejs20.x", ("node", "20", "series", "")),
        ("lambda", "", "provided.al2023", ("", "", "none", "")),
        ("elasticache", "redis", "7.1", ("redis", "7.0", "minor", "ElastiCache's 7.1 is Redis 7.0")),
        ("elasticache", "redis", "7.1.0", ("redis", "7.0", "minor", "ElastiCache's 7.1 is Redis 7.0")),
        ("elasticache", "redis", "7.0.7", ("redis", "7.0.7", "patch", "")),
        ("elasticache", "redis", "6.x", ("redis", "6", "series", "")),
        ("elasticache", "redis", "5.0.6", ("redis", "5.0.6", "patch", "")),
        ("elasticache", "memcached", "1.6.22", ("memcached", "1.6.22", "patch", "")),
        ("elasticache", "valkey", "7.2.6", ("valkey", "7.2.6", "patch", "")),
        ("elasticache", "valkey", "8.2", ("valkey", "8.1", "minor", "ElastiCache's 8.2 is Valkey 8.1 with AWS's own search built in")),
        ("memorydb", "redis", "7.1.1", ("redis", "7.0", "minor", "MemoryDB's 7.1 is Redis 7.0")),
        ("memorydb", "valkey", "7.3", ("valkey", "7.2", "minor", "MemoryDB's 7.3 is Valkey 7.2 in several regions")),
        ("aiven", "valkey", "8.2", ("valkey", "8.2", "minor", "")),
        ("mq", "RabbitMQ", "3.13", ("rabbitmq", "3.13", "minor", "")),
        ("mq", "RABBITMQ", "3.13.6", ("rabbitmq", "3.13.6", "patch", "")),
        ("mq", "ActiveMQ", "5.18", ("activemq", "5.18", "minor", "this is ActiveMQ Classic, not Artemis")),
        ("msk", "kafka", "3.6.0", ("kafka", "3.6.0", "patch", "")),
        ("msk", "kafka", "3.8.x", ("kafka", "3.8", "minor", "")),
        ("msk", "kafka", "3.7.x.kraft", ("kafka", "3.7", "minor", "")),
        ("opensearch", "", "OpenSearch_2.11", ("opensearch", "2.11", "minor", "")),
        ("opensearch", "opensearch", "Elasticsearch_7.10", ("elasticsearch", "7.10", "minor", "")),
        ("opensearch", "elasticsearch", "7.10", ("elasticsearch", "7.10", "minor", "")),
        ("google", "", "POSTGRES_15", ("postgres", "15", "series", "")),
        ("google", "", "POSTGRES_14_4.R20220710.01_07", ("postgres", "14.4", "patch", "")),
        ("google", "", "POSTGRES_9_6", ("postgres", "9.6", "minor", "")),
        ("google", "", "MYSQL_8_0", ("mysql", "8.0", "minor", "")),
        ("google", "", "MYSQL_8_0_31", ("mysql", "8.0.31", "patch", "")),
        ("google", "", "MYSQL_8_0_36.R20240401.03_00", ("mysql", "8.0.36", "patch", "")),
        ("google", "", "SQLSERVER_2019_STANDARD", ("sqlserver", "2019", "series", "")),
        ("google", "redis", "REDIS_7_2", ("redis", "7.2", "minor", "")),
        ("google", "redis", "REDIS_6_X", ("redis", "6", "series", "")),
        ("google", "valkey", "VALKEY_8_0", ("valkey", "8.0", "minor", "")),
        ("google", "memcached", "MEMCACHE_1_5", ("memcached", "1.5", "minor", "")),
        ("google", "memcached", "memcached-1.6.15", ("memcached", "1.6.15", "patch", "")),
        ("google", "redis", "20230705_00_00", ("redis", "", "none", "")),
        ("google", "redis", "", ("redis", "", "none", "")),
        ("alloydb", "postgres", "POSTGRES_15", ("postgres", "15", "series", "AlloyDB is Google's own server, compatible with PostgreSQL")),
        ("azure", "postgres", "15", ("postgres", "15", "series", "")),
        ("azure", "mysql", "8.0.21", ("mysql", "8.0", "minor", "Azure's 8.0.21 stands for whichever MySQL 8.0 it runs")),
        ("azure", "mysql", "5.7", ("mysql", "5.7", "minor", "")),
        ("azure", "redis", "6", ("redis", "6", "series", "")),
        ("digitalocean", "pg", "15", ("postgres", "15", "series", "")),
        ("aiven", "mysql", "8", ("mysql", "8.0", "minor", "Aiven's MySQL 8 is MySQL 8.0")),
        ("digitalocean", "mysql", "8", ("mysql", "8.0", "minor", "DigitalOcean's MySQL 8 is MySQL 8.0")),
        ("digitalocean", "kafka", "3.5", ("kafka", "3.5", "minor", "")),
        ("digitalocean", "redis", "7", ("redis", "7", "series", "DigitalOcean turned its Redis into Valkey in 2025: ask the server itself")),
        ("", "mongodb", "7.0.12", ("mongodb", "7.0.12", "patch", "")),
    ],
)  # fmt: skip
def test_other_services(vendor: str, engine: str, text: str, expected: tuple[str, str, str, str]) -> None:
    assert upstream(engine, text, vendor=vendor) == expected


def test_a_text_that_can_be_no_name_of_an_engine_is_none() -> None:
    assert [kind_of(text) for text in ("postgres://me:c4n4ry@host", "two words", "x" * 99, "7")] == [""] * 4


@given(st.text(), st.text() | st.text("0123456789._xR", max_size=50), st.sampled_from(VENDORS))
def test_whatever_is_said(engine: str, text: str, vendor: str) -> None:
    told = upstream(engine, text, vendor=vendor)
    assert (told.version == "") == (told.precision == "none")


def test_numbers_that_are_none() -> None:
    assert upstream("postgres", "9" * 5000, vendor="rds") == ("postgres", "", "none", "")
