from __future__ import annotations

from devenv.model.file import FileState
from devenv.targets.mark import marked, read_mark

INPUTS = "0123456789abcdef"
TEXT = marked("name: shop\n", INPUTS, own="compose.override.yaml")


def test_a_file_as_it_was_written() -> None:
    assert read_mark(TEXT) == FileState(INPUTS, intact=True)


def test_an_edit_is_noticed() -> None:
    assert read_mark(TEXT.replace("shop", "blog")) == FileState(INPUTS, intact=False)
    assert read_mark(TEXT + "more: 1\n") == FileState(INPUTS, intact=False)


def test_other_line_ends_are_no_edit() -> None:
    assert read_mark(TEXT.replace("\n", "\r\n")) == FileState(INPUTS, intact=True)


def test_a_file_of_somebody_else() -> None:
    assert read_mark("name: shop\n") == FileState("", intact=False)
