"""What people see."""

from __future__ import annotations

import io
import json

import pytest

from devenv.console import Console, plain, wrapped
from devenv.errors import DevenvError

NASTY = "a\x1b[2Jb\x07\x9bc\u202ed\r\n\te\x00"
CLEAN = "a[2Jbcd \n\te"


@pytest.fixture
def console() -> Console:
    return Console(io.StringIO(), io.StringIO(), {"NO_COLOR": "1"})


def out(console: Console) -> str:
    return console.stdout.getvalue()  # type: ignore[attr-defined, no-any-return]


def err(console: Console) -> str:
    return console.stderr.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_what_moves_a_cursor_reaches_no_terminal(console: Console) -> None:
    assert plain(NASTY) == CLEAN
    console.say(NASTY)
    console.error(DevenvError(NASTY))
    assert err(console) == f"{CLEAN}\nerror: {CLEAN}\nnothing was changed\n"
    console.result(NASTY)
    console.table(("A", "B"), [("x\x1b[1m", "y")])
    assert out(console) == f"{CLEAN}\nA     B\nx[1m  y\n"


def test_programs_get_every_sign(console: Console) -> None:
    console.report.requested = True
    console.json({"a": NASTY})
    console.print_report()
    assert json.loads(out(console))["a"] == NASTY
    console.result("\x1b", exact=True)
    assert out(console).endswith("\x1b\n")


def test_letters_of_all_languages_are_left_alone() -> None:
    assert plain("Zürich – 東京 ✓ «≠»") == "Zürich – 東京 ✓ «≠»"


def test_a_narrow_terminal_breaks_plans_between_words() -> None:
    line = "± recreate db: max_connections 100 → 200, shared_preload_libraries default → pg_stat_statements"
    assert wrapped(line, 60).splitlines() == [
        "  ± recreate db: max_connections 100 → 200,",
        "      shared_preload_libraries default → pg_stat_statements",
    ]
    assert wrapped(line, 0) == f"  {line}"
