"""Names after what others call things."""

from __future__ import annotations

import pytest

from devenv.stages.naming import label


@pytest.mark.parametrize(
    ("text", "expected"),
    [("été", "ete"), ("Zürich Shop", "zurich-shop"), ("ﬁle_1", "file-1"), ("東京", ""), ("1st", "")],
)
def test_a_label_of_a_name(text: str, expected: str) -> None:
    assert label(text) == expected
