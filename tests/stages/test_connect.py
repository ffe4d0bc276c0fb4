"""Addresses and variables."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.errors import ManifestError
from devenv.model.machine import Machine
from devenv.stages.connect import environment, output, outputs
from tests.making import manifest, resolved

MACHINE = Machine("shop", "/shop", {"DEVENV_DB_PORT": 5433})
DB = '[services.db]\nkind = "postgres"\nversion = "15.4"\n'
QUEUE = '[services.queue]\nkind = "rabbitmq"\nversion = "3.12"\n'


def test_everything_a_service_provides() -> None:
    assert outputs(resolved(DB).services["db"], MACHINE) == {
        "host": "127.0.0.1",
        "port": "5433",
        "user": "postgres",
        "password": "devenv",
        "version": "15.4",
        "url": "postgresql://postgres:devenv@127.0.0.1:5433/shop",
        "database": "shop",
    }


def test_further_ports_by_name() -> None:
    given_out = outputs(
        resolved(QUEUE).services["queue"], Machine("shop", "/", {"DEVENV_QUEUE__MANAGEMENT_PORT": 8080})
    )
    assert given_out["management_port"] == "8080"
    assert given_out["management_url"] == "http://127.0.0.1:8080"
    assert given_out["url"] == "amqp://devenv:devenv@127.0.0.1:5672/%2F"


def test_an_engine_elsewhere_is_where_addresses_lead() -> None:
    machine = Machine("shop", "/shop", host="build.example.com")
    assert output(resolved(DB), machine, "db") == "postgresql://postgres:devenv@build.example.com:5432/shop"


@given(
    password=st.text(st.characters(blacklist_characters="\0", blacklist_categories=("Cs",)), min_size=1, max_size=20)
)
def test_any_password_survives_a_url(password: str) -> None:
    quoted = "".join(f"\\U{ord(char):08x}" for char in password)
    url = output(resolved(f'{DB}password = "{quoted}"\n'), MACHINE, "db")
    assert unquote(urlsplit(url).password or "") == password


def test_variables_are_filled_in_and_others_left_as_they_are() -> None:
    text = (
        DB
        + '[env]\nDATABASE_URL = "{{ services.db.url }}?sslmode=disable"\nDEBUG = "1"\nPORT = "{{services.db.port}}"\n'
    )
    assert environment(manifest(text), resolved(text), MACHINE) == {
        "DATABASE_URL": "postgresql://postgres:devenv@127.0.0.1:5433/shop?sslmode=disable",
        "DEBUG": "1",
        "PORT": "5433",
    }


def test_what_a_service_does_not_provide_is_told_with_what_it_does() -> None:
    with pytest.raises(ManifestError, match=r"db provides no 'urls'\n  it provides: .*url"):
        output(resolved(DB), MACHINE, "db", "urls")
