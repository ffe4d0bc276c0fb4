"""Every record that the program reads or writes is declared."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import devenv
from devenv.effects.records import RECORDS

PACKAGE = Path(devenv.__file__).parent


def names(path: Path) -> Iterator[str]:
    """The names by which a module reads and writes records: ``store.read("…")``, or a constant that holds one."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    constants = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or not node.args:
            continue
        if node.func.attr in ("read", "write") and "store" in ast.unparse(node.func.value):
            name = node.args[0]
            yield constants.get(name.id, name.id) if isinstance(name, ast.Name) else ast.unparse(name).strip("'\"f")


def test_every_record_is_declared() -> None:
    used = {name.partition("/")[0] for path in PACKAGE.rglob("*.py") for name in names(path)}
    assert {name.replace("{_FOLDER}", "history") for name in used} <= set(RECORDS)
    assert {"applied", "snapshots", "uses"} <= used
