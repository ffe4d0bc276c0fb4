"""What Compose calls a project."""

from __future__ import annotations

import pytest

from devenv.stages.compose_project import project_name


@pytest.mark.parametrize(
    ("text", "folder", "name"),
    [
        ("name: store\nservices: {}\n", "shop", "store"),
        ("services: {}\n", "shop", "shop"),
        ("services: {}\n", "_My Shop.2", "myshop2"),
        ("name: 3\n", "shop", "shop"),
        ("- a list\n", "shop", "shop"),
        ("name: [\n", "shop", "shop"),
        ("", "shop", "shop"),
    ],
)
def test_the_name_that_is_stated_else_the_folders(text: str, folder: str, name: str) -> None:
    assert project_name(text, folder) == name
