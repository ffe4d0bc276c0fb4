"""Texts of other people within our sentences."""

from __future__ import annotations

from devenv.model.text import one_line
from devenv.stages.plan_sync import shown
from devenv.stages.plan_up import difference


def test_a_value_stays_on_its_line() -> None:
    assert one_line("a\nb\x1b[2K\tÜ→\u2028c") == "a\\nb\\x1b[2K\\tÜ→\\u2028c"
    assert difference({"settings.a": "1"}, {"settings.a": "2\n  = keep db"}) == "a 1 → 2\\n  = keep db"
    assert shown(("x\r\n",)) == "x\\r\\n"
