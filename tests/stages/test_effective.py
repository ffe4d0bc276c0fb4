"""What a server says of its settings beside what the manifest says."""

from __future__ import annotations

import pytest

from devenv.stages.effective import not_in_effect


@pytest.mark.parametrize(
    ("wanted", "line"),
    [
        (200, "max-connections\t200"),
        ("64MB", "work_mem\t64MB"),
        ("100mb", "maxmemory\t104857600"),
        ("1G", "innodb_buffer_pool_size\t1073741824"),
        (True, "appendonly\tyes"),
        (False, "jit\toff"),
        ("KEA", "notify-keyspace-events\tAKE"),
        (("a", "b"), "search_path\ta, b\tdatabase"),
        ("UTC", "timezone\tUTC\tdatabase"),
        (0.5, "vm_memory_high_watermark.relative\t0.5"),
        (5, "of_nobody\t6"),
    ],
)
def test_what_is_in_effect(wanted: object, line: str) -> None:
    name = "setting" if line.startswith("of_nobody") else line.partition("\t")[0].replace("-", "_")
    assert list(not_in_effect({name: wanted}, line + "\n")) == []


@pytest.mark.parametrize(
    ("wanted", "line", "sentence"),
    [
        (200, "it\t100", "settings.it = 200 is not in effect: the server has 100"),
        ("100mb", "it\t100", "settings.it = 100mb is not in effect: the server has 100"),
        (True, "it\toff", "settings.it = True is not in effect: the server has off"),
        (
            "UTC",
            "it\tEurope/Berlin\tdatabase",
            "settings.it = UTC is not in effect: the server has Europe/Berlin (database)",
        ),
        (
            3,
            "it\tnothing\tthe server knows no such setting",
            "settings.it = 3 is not in effect: the server has nothing (the server knows no such setting)",
        ),
    ],
)
def test_what_is_not(wanted: object, line: str, sentence: str) -> None:
    assert list(not_in_effect({"it": wanted}, line + "\n")) == [sentence]
