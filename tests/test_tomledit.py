"""Edits of TOML: the values asked for, and every other line as it was."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.journeys.sync import REMARK as EARLIER
from devenv.tomledit import Edit, NotEdited, edited

TEXT = """\
# The shop.
[project]
name = 'shop'   # ours

[services.db]   # the database
kind = "postgres"
version = '15.4'  # what production runs
extensions = [
  "vector",  # for search
]

[services.db.settings]
max_connections = 100

# the cache
[services.cache]
kind = "redis"
version = "7.0.15"

[env]
A = "b"
"""


def edit(text: str, *edits: Edit) -> str:
    return edited(text, edits, earlier=EARLIER)


def changed(before: str, after: str) -> dict[str, list[str]]:
    old, new = before.splitlines(), after.splitlines()
    return {"-": [line for line in old if line not in new], "+": [line for line in new if line not in old]}


def test_a_value_in_its_own_quotes_with_a_remark_after_peoples_own() -> None:
    once = edit(TEXT, Edit(("services", "db", "version"), "15.6", "from terraform-state a.b, 2026-11-23"))
    assert changed(TEXT, once) == {
        "-": ["version = '15.4'  # what production runs"],
        "+": ["version = '15.6'  # what production runs; from terraform-state a.b, 2026-11-23"],
    }
    twice = edit(once, Edit(("services", "db", "version"), "16.1", "from live $DB (x), 2026-12-01"))
    assert changed(TEXT, twice)["+"] == ["version = '16.1'  # what production runs; from live $DB (x), 2026-12-01"]


def test_a_remark_takes_an_earlier_ones_place() -> None:
    remark = "from terraform-state a.b, 2026-11-23"
    once = edit(TEXT, Edit(("services", "cache", "version"), "7.2.4", remark))
    assert f'version = "7.2.4" # {remark}\n' in once
    twice = edit(once, Edit(("services", "cache", "version"), "7.2.5", "from live x, 2026-12-01"))
    assert 'version = "7.2.5" # from live x, 2026-12-01\n' in twice


def test_a_key_and_a_table_that_were_not_there() -> None:
    new = edit(
        TEXT,
        Edit(("services", "db", "settings", "timezone"), "UTC", "from live x, 2026-11-23"),
        Edit(("services", "cache", "settings", "maxmemory-policy"), "allkeys-lru"),
    )
    assert changed(TEXT, new) == {
        "-": [],
        "+": [
            'timezone = "UTC" # from live x, 2026-11-23',
            "[services.cache.settings]",
            'maxmemory-policy = "allkeys-lru"',
        ],
    }
    assert tomllib.loads(new)["services"]["cache"]["settings"] == {"maxmemory-policy": "allkeys-lru"}


def test_a_list_keeps_its_lines_and_comments() -> None:
    new = edit(TEXT, Edit(("services", "db", "extensions"), ("vector", "hstore")))
    assert tomllib.loads(new)["services"]["db"]["extensions"] == ["vector", "hstore"]
    assert '  "vector",  # for search' in new.splitlines()


def test_a_service_that_was_not_there() -> None:
    new = edit(
        TEXT,
        Edit(("services", "queue", "kind"), "rabbitmq"),
        Edit(("services", "queue", "version"), "3.13.7", "from x y, 2026-11-23"),
        Edit(("services", "queue", "settings", "heartbeat"), 30),
    )
    assert [line for line in TEXT.splitlines() if line not in new.splitlines()] == []
    assert tomllib.loads(new)["services"]["queue"] == {
        "kind": "rabbitmq",
        "version": "3.13.7",
        "settings": {"heartbeat": 30},
    }


def test_tables_on_one_line() -> None:
    text = 'services = { db = { version = "15.4", settings = { jit = "on" } } }\n[project]\nname = "shop"\n'
    new = edit(
        text,
        Edit(("services", "db", "version"), "15.6", "from x y, 2026-11-23"),
        Edit(("services", "db", "settings", "jit"), "off"),
    )
    assert tomllib.loads(new)["services"] == {"db": {"version": "15.6", "settings": {"jit": "off"}}}


def test_the_remarks_of_an_inline_table_stand_behind_it() -> None:
    """One after the other, each with its key; a later sync replaces its own and leaves the others, and people's words."""
    text = '[services]\ndb = { kind = "postgres", version = "15.4" } # ours\ncache = { kind = "redis" }\n'
    once = edit(
        text,
        Edit(("services", "db", "version"), "15.6", "from x y, 2026-11-23 (the tag is somebody's own)"),
        Edit(("services", "db", "settings", "jit"), "off", "from x z, 2026-11-23"),
        Edit(("services", "cache", "version"), "7.0.15", "from x c, 2026-11-23"),
    )
    assert once.splitlines()[1:] == [
        'db = { kind = "postgres", version = "15.6", settings = {jit = "off"}} # ours; db.version from x y, 2026-11-23 '
        "(the tag is somebody's own); db.settings.jit from x z, 2026-11-23",
        'cache = { kind = "redis", version = "7.0.15"} # cache.version from x c, 2026-11-23',
    ]
    twice = edit(once, Edit(("services", "db", "version"), "15.7", "from x y, 2026-12-01"))
    assert twice.splitlines()[1].endswith(
        "}} # ours; db.version from x y, 2026-12-01; db.settings.jit from x z, 2026-11-23"
    )


def test_peoples_own_words_are_no_remark() -> None:
    text = '[services.db]\nversion = "15.4" # copied from prod db, 2026-01-01\n'
    new = edit(text, Edit(("services", "db", "version"), "15.6", "from x y, 2026-11-23"))
    assert new.endswith("# copied from prod db, 2026-01-01; from x y, 2026-11-23\n")


def test_dotted_keys() -> None:
    text = 'services.db.version = "15.4"\nservices.db.kind = "postgres"\n'
    new = edit(text, Edit(("services", "db", "version"), "15.6"))
    assert new == text.replace("15.4", "15.6")


def test_a_key_that_goes() -> None:
    new = edit(TEXT, Edit(("services", "db", "settings", "max_connections"), None))
    assert changed(TEXT, new) == {"-": ["max_connections = 100"], "+": []}


def test_windows_line_ends_stay() -> None:
    text = TEXT.replace("\n", "\r\n")
    new = edit(text, Edit(("services", "db", "version"), "15.6"))
    assert new == text.replace("'15.4'", "'15.6'")


def test_what_cannot_be_edited_is_not() -> None:
    with pytest.raises(NotEdited) as raised:
        edit('services = "none"\n', Edit(("services", "db", "version"), "15.6"))
    assert raised.value.path == ("services", "db", "version")


#: No file and no program takes a NUL, so no manifest has one.
TOML_LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
VALUES: Any = st.one_of(
    st.text(TOML_LETTERS, max_size=12),
    st.integers(-(10**9), 10**9),
    st.booleans(),
    st.lists(st.text(TOML_LETTERS, max_size=5), max_size=3),
)
KEYS: Any = st.text('abc-_ ."é', min_size=1, max_size=6)


@given(
    services=st.dictionaries(KEYS, st.dictionaries(KEYS, VALUES, min_size=1, max_size=3), min_size=1, max_size=4),
    value=VALUES,
    data=st.data(),
)
def test_what_is_edited_is_read_again_and_the_rest_is_as_it_was(
    services: dict[str, dict[str, Any]], value: Any, data: st.DataObject
) -> None:
    import tomlkit

    text = "# first\n" + tomlkit.dumps({"services": services, "env": {"A": "b"}}) + "# last\n"
    name = data.draw(st.sampled_from(sorted(services)))
    key = data.draw(st.sampled_from(sorted(services[name])) | KEYS)
    given_value = tuple(value) if isinstance(value, list) else value
    new = edit(text, Edit(("services", name, key), given_value))
    services = {**services, name: {**services[name], key: value}}
    assert tomllib.loads(new) == {"services": services, "env": {"A": "b"}}
    assert (new.startswith("# first\n"), new.endswith("# last\n")) == (True, True)


def test_a_blank_line_parts_a_table_that_was_not_there_from_the_next() -> None:
    text = "[a]\nx = 1\n[b]\ny = 2\n"
    new = edit(text, Edit(("a", "settings", "jit"), "off"))
    assert new.endswith('jit = "off"\n\n[b]\ny = 2\n')
    spaced = "[a]\nx = 1\n\n[b]\ny = 2\n"
    assert edit(spaced, Edit(("a", "settings", "jit"), "off")).endswith('jit = "off"\n\n[b]\ny = 2\n')
