"""YAML with comments, written for people."""

from __future__ import annotations

import pytest

from devenv import yamlio

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
    assert yamlio.dump(yamlio.parse_commented(COMMENTED)) == COMMENTED


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
    assert yamlio.parse(yamlio.dump(yamlio.parse_commented(text))) == yamlio.parse(text)


def test_what_is_short_is_in_one_line() -> None:
    value = {"short": ["a", 1], "long": ["x" * 60, "y" * 60], "deep": [["a"], {"b": None}], "empty": []}
    text = yamlio.dump(value)
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


def test_lines_of_keys() -> None:
    text = "services:\n  db: {pid: host}\n  ? [a]\n  : b\nvolumes: [a]\n"
    assert yamlio.key_lines(text) == {"services": 1, "services.db": 2, "volumes": 5}
    assert yamlio.key_lines("") == {}


def test_what_is_to_be_in_one_line_is_however_long_it_is() -> None:
    value = {"labels": yamlio.OneLine(first="x" * 90, second="y" * 90), "test": [f"{'word ' * 50}end"]}
    text = yamlio.dump(value)
    assert yamlio.parse(text) == value
    assert text.splitlines() == [
        f"labels: {{first: {'x' * 90}, second: {'y' * 90}}}",
        "test:",
        f"- {'word ' * 50}end",
    ]


def test_what_several_mappings_share_is_written_once() -> None:
    shared = {"interval": "60s", "timeout": "10s"}
    value = {
        yamlio.Comment("How often."): None,
        yamlio.anchor("health", shared): None,
        "one": {yamlio.merge("health"): None, "test": "a"},
        "two": {yamlio.merge("health"): None, "timeout": "1s"},
    }
    text = yamlio.dump(value)
    assert text.startswith("# How often.\nx-health: &health {interval: 60s, timeout: 10s}\none:\n  <<: *health\n")
    assert yamlio.parse(text) == {
        "x-health": shared,
        "one": shared | {"test": "a"},
        "two": shared | {"timeout": "1s"},
    }
