from __future__ import annotations

import pytest

from devenv.sources.shell_script import commands, script_of


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("a b; c && d || e | f & g\nh", [["a", "b"], ["c"], ["d"], ["e"], ["f"], ["g"], ["h"]]),
        ("a 'b; c' \"d & e\"", [["a", "b; c", "d & e"]]),
        ("a >x 2>&1 </y b", [["a", "b"]]),
        ("a\\\n b # c\nd", [["a", "b"], ["d"]]),
        ("if x; then exec A=1 y; fi", [["x"], ["y"]]),
        ("A=1", []),
        ("a 'b", []),
        ("(a; b)", [["a"], ["b"]]),
        ("a ''", [["a", ""]]),
    ],
)
def test_commands(script: str, found: list[list[str]]) -> None:
    assert commands(script) == found


@pytest.mark.parametrize(
    ("words", "script"),
    [
        (["sh", "-c", "x"], "x"),
        (["/bin/bash", "-e", "-c", "x"], "x"),
        (["tini", "--", "ash", "-ec", "x"], "x"),
        (["sh", "x.sh"], ""),
        (["redis-server"], ""),
    ],
)
def test_scripts(words: list[str], script: str) -> None:
    assert script_of(words) == script
