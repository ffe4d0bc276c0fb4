"""YAML with comments, written for people."""

from __future__ import annotations

import pytest

from devenv import yamlio, yamlwrite

COMMENTED = """\
environment:
  # Any id will do.
  # As long as it stays.
  CLUSTER_ID: one
command:
- mysqld
# The host cache would lock this machine out.
- --host-cache-size=0
- |-
  two
  lines
# Of the image.
tmpfs: [/run]
"""


def test_comments_stay_where_they_are() -> None:
    assert yamlwrite.dump(yamlwrite.parse_commented(COMMENTED)) == COMMENTED


@pytest.mark.parametrize(
    "text",
    [
        "command: |\n  # not a comment\n  true\n",
        'command: "one\n  # two"\n',
        "- one\n# at the end\n",
        "# alone\n",
        "a: {b: 1, # behind\n  c: 2}\n",
        "a: [\n  # in a list\n  1]\n",
    ],
)
def test_values_are_the_same_with_and_without_comments(text: str) -> None:
    assert yamlio.parse(yamlwrite.dump(yamlwrite.parse_commented(text))) == yamlio.parse(text)


def test_what_is_short_is_in_one_line() -> None:
    value = {"short": ["a", 1], "long": ["x" * 60, "y" * 60], "deep": [["a"], {"b": None}], "empty": []}
    text = yamlwrite.dump(value)
    assert yamlio.parse(text) == value
    assert text.splitlines() == [
        "short: [a, 1]",
        "long:",
        f"- {'x' * 60}",
        f"- {'y' * 60}",
        "deep:",
        "- [a]",
        "- {b: null}",
        "empty: []",
    ]


def test_what_is_to_be_in_one_line_is_however_long_it_is() -> None:
    value = {"labels": yamlwrite.OneLine(first="x" * 90, second="y" * 90), "test": [f"{'word ' * 50}end"]}
    text = yamlwrite.dump(value)
    assert yamlio.parse(text) == value
    assert text.splitlines() == [
        f"labels: {{first: {'x' * 90}, second: {'y' * 90}}}",
        "test:",
        f"- {'word ' * 50}end",
    ]


def test_what_several_mappings_share_is_written_once() -> None:
    shared = {"interval": "60s", "timeout": "10s"}
    value = {
        yamlwrite.Comment("How often."): None,
        yamlwrite.anchor("health", shared): None,
        "one": {yamlwrite.merge("health"): None, "test": "a"},
        "two": {yamlwrite.merge("health"): None, "timeout": "1s"},
    }
    text = yamlwrite.dump(value)
    assert text.startswith("# How often.\nx-health: &health {interval: 60s, timeout: 10s}\none:\n  <<: *health\n")
    assert yamlio.parse(text) == {
        "x-health": shared,
        "one": shared | {"test": "a"},
        "two": shared | {"timeout": "1s"},
    }
