"""Names of what is set aside while something else becomes the data."""

from __future__ import annotations

import pytest

from devenv.data.restoring import set_aside_name


@pytest.mark.parametrize(
    ("restored", "kept"),
    [
        ("gold", "before-gold"),
        ("before-gold", "after-gold"),
        ("after-gold", "before-gold"),
        ("before-gold-2", "after-gold"),
        ("before-2026-12", "after-2026-12"),
        ("before-the-import", "after-the-import"),
        ("before-", "before-before-"),
    ],
)
def test_no_name_grows(restored: str, kept: str) -> None:
    assert set_aside_name(restored) == kept
