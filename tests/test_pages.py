"""No console block of README.md and docs/ escapes the tests that run them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests import pages
from tests.engine.project import Project

#: Reasons are given in the pages. Whoever adds a block that cannot be run counts it here.
NOT_RUN = 0
WITHOUT_ENGINE = [
    page
    for page in pages.pages()
    if page not in pages.WITH_ENGINE and any(block.commands for block in pages.blocks(page))
]


@pytest.mark.parametrize("page", WITHOUT_ENGINE)
def test_a_page_shows_what_devenv_prints(page: str, tmp_path: Path, programs: None) -> None:
    project = Project(tmp_path / "shop", "shop")
    project.root.mkdir()
    pages.Reader(project, {}).reads(page)


def test_blocks_that_are_not_run_are_counted() -> None:
    skipped = [block for page in pages.pages() for block in pages.blocks(page) if block.skipped]
    assert len(skipped) == NOT_RUN


@pytest.mark.parametrize("page", pages.pages())
def test_commands_of_devenv_stand_behind_a_prompt(page: str) -> None:
    """Without one nothing would run them."""
    loose = [line for block in pages.blocks(page) for line in block.lines if re.match(r"(?i)[$#>]*\s*devenv ", line)]
    prompted = [line for block in pages.blocks(page) for line in block.commands]
    assert loose == prompted
