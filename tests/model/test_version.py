from __future__ import annotations

import pytest

from devenv.model.version import in_range, parse_version


@pytest.mark.parametrize(
    ("text", "release"),
    [
        ("15.4", (15, 4)),
        ("8", (8,)),
        ("19beta3", (19,)),
        ("4.0.0-rc1", (4, 0, 0)),
        ("v1.20.3", (1, 20, 3)),
        ("RELEASE.2025-09-07", ()),
        ("latest", ()),
        ("", ()),
        ("15.", ()),
    ],
)
def test_the_numbers_a_version_begins_with(text: str, release: tuple[int, ...]) -> None:
    version = parse_version(text)
    assert (version.text, version.release) == (text, release)


@pytest.mark.parametrize(
    ("text", "spec", "holds"),
    [
        ("18.1", ">=18", True),
        ("17.6", ">=18", False),
        ("17.6", "<18", True),
        ("8.4.2", "<=8.4", True),
        ("8.5", "<=8.4", False),
        ("8.0.46", ">=8, <8.4", True),
        ("7", "7", True),
        ("7", ">=7.0", True),
        ("anything", "", True),
    ],
)
def test_ranges_compare_as_far_as_the_bound_is_written(text: str, spec: str, holds: bool) -> None:
    assert in_range(parse_version(text), spec) is holds


def test_a_range_that_is_none_is_told() -> None:
    with pytest.raises(ValueError, match="not a version range"):
        in_range(parse_version("1"), "~=1")


def test_parts_by_position() -> None:
    assert [parse_version("15.4").part(index) for index in range(3)] == [15, 4, None]


def test_a_number_without_end_is_no_version() -> None:
    assert parse_version("9" * 5_000).release == parse_version("15." + "4" * 5_000).release == ()
