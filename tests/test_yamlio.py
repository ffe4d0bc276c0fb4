"""YAML that is read."""

from __future__ import annotations

from devenv import yamlio


def test_lines_of_keys() -> None:
    text = "services:\n  db: {pid: host}\n  ? [a]\n  : b\nvolumes: [a]\n"
    assert yamlio.key_lines(text) == {"services": 1, "services.db": 2, "volumes": 5}
    assert yamlio.key_lines("") == {}
