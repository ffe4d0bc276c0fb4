"""Texts of other people within our sentences."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.model.text import masked, one_line
from devenv.stages.plan_sync import shown
from devenv.stages.plan_up import difference


def test_a_value_stays_on_its_line() -> None:
    assert one_line("a\nb\x1b[2K\tÜ→\u2028c") == "a\\nb\\x1b[2K\\tÜ→\\u2028c"
    assert difference({"settings.a": "1"}, {"settings.a": "2\n  = keep db"}) == "a 1 → 2\\n  = keep db"
    assert shown(("x\r\n",)) == "x\\r\\n"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("no service 'postgres://shop:secret@db:5432/shop'", "no service 'postgres://***@db:5432/shop'"),
        ("no service 'postgres://shop:p@ss/w:rd@db/shop'", "no service 'postgres://***@db/shop'"),
        ("there is no file /a/postgres:/shop:secret@db/shop", "there is no file /a/postgres:/***@db/shop"),
        ("redis://:12345@cache:6379/0", "redis://***@cache:6379/0"),
        ("no service 'postgres://shop:secret'", "no service 'postgres://***'"),
        ("https://token@github.com/a", "https://***@github.com/a"),
        ("postgres://db/shop?user=a&password=secret&x=1", "postgres://db/shop?user=a&password=***&x=1"),
        ("'host=db password=secret'", "'host=db password=***'"),
        ("'host=db password='my secret' user=a'", "'host=db password=*** user=a'"),
        ("'Server=db;Password=secret;'", "'Server=db;Password=***'"),
        ("'Server=db;User Id=a;Pwd=secret'", "'Server=db;User Id=a;Pwd=***'"),
        ("no file shop:secret@db/shop", "no file ***@db/shop"),
        ("no file 'shop:p@ss/w:rd@db:5432/shop'", "no file '***@db:5432/shop'"),
        ("/a/shop:secret@db/shop: not found", "/a/***@db/shop: not found"),
        ("postgres:shop:secret@db", "***@db"),
        ("URL=shop:12345@db", "URL=***@db"),
        ("a://u:x@b and c://u:y@d", "a://***@b and c://***@d"),
    ],
)
def test_passwords_of_addresses_are_hidden(text: str, shown: str) -> None:
    assert masked(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "http://localhost:8080/x",
        "is no address of the form SCHEME://HOST:PORT/DATABASE, with USER:PASSWORD@ before the host",
        "the registry at http://127.0.0.1:5055, which",
        "http://[::1]:5055/v2/",
        "oci://registry-1.docker.io/bitnamicharts/postgresql@sha256:abc",
        "oci://localhost:5055/library/postgres@sha256:abc",
        "postgres:15.4@sha256:abc",
        "localhost:5055/library/postgres:15.4@sha256:abc",
        "'git@github.com:acme/shop.git'",
        "devenv try db@16.3 -- pytest",
        "devenv.toml:4: services.db: write to ops@example.org",
        "did you mean 'password'?",
        "services.db.password: unknown key",
    ],
)
def test_what_hides_no_password_stays(text: str) -> None:
    assert masked(text) == text


@given(st.text(st.characters(exclude_categories=("Z", "C"), exclude_characters="'\""), min_size=1))
def test_no_password_is_shown(password: str) -> None:
    text = masked(f"no service 'postgres://user:{password}@host/db'")
    assert text == "no service 'postgres://***@host/db'"
