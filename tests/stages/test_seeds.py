"""Which of a kind's ways loads a file."""

from __future__ import annotations

import pytest

from devenv.catalog import read_kind
from devenv.effects.files import read_folder, templates_root
from devenv.stages.seeds import is_archive, rule_for

POSTGRES = read_kind("postgres", read_folder(templates_root() / "services" / "postgres"))


@pytest.mark.parametrize(
    ("path", "program"),
    [
        ("seed.sql", "psql"),
        ("a/b/seed.sql.gz", "psql"),
        ("seed/*.sql", "psql"),
        ("x.dump", "pg_restore"),
        ("dump/", "sh"),
        ("a.sql/", "sh"),
        ("x.sqlite", None),
        ("sql", None),
        ("sql.gz", None),
    ],
)
def test_by_name_alone(path: str, program: str | None) -> None:
    rule = rule_for(POSTGRES, path)
    assert (rule.command[0] if rule else None) == program


def test_archives() -> None:
    assert (is_archive("x.devenv.tar"), is_archive("x.tar")) == (True, False)
