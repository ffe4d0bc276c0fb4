"""What journals hold is read whole, or kept aside and reported."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from devenv.data import pointing, switching
from devenv.effects.journals import JOURNALS, decode_lines, encode_line
from devenv.effects.store import Store
from devenv.errors import Refused

UPGRADE = {"words": "7.0 → 8.0", "bench": "b", "scratch": ["s"], "target": ["t"], "container": ""}
VOLUMES = {"volumes": ["v"], "start": [], "bench": "b", "words": "devenv x", "whole": "", "broken": ""}
KEPT = {"name": "n", "service": "s", "kind": "redis", "format": "7.0", "version": "7.0.15", "at": "", "why": ""}
KEPT |= {"volumes": {"/data": "v"}}
SWITCH = {"generations": {"d": "-g2"}, "files": {"a": "x"}, "before": {"a": ""}, "kept": [KEPT], "changes": []}
MOVE = {"generations": {"d": "-g2"}, "kept": [KEPT], "served": {"v": {"entry": {"kind": "redis"}}}, "remove": []}
WHOLE = {
    "journal": [{"verb": "up", "steps": []}, {"begin": ["pull"], "subjects": ["db"]}],
    "upgrade": [{"begin": {"db": UPGRADE}}, {"service": "db", "begin": 0, "do": "copy"}, {"switch": SWITCH}],
    "snapshot": [{"begin": VOLUMES}, {"move": MOVE}],
    "around": [{"begin": VOLUMES}],
}


@pytest.mark.parametrize("name", JOURNALS)
def test_whole_ones(name: str) -> None:
    lines = [encode_line(name, entry) for entry in WHOLE[name]]
    assert decode_lines(name, "".join(lines)) == WHOLE[name]
    assert decode_lines(name, "".join(lines) + lines[-1][:-5]) == WHOLE[name]  # the power failed
    assert decode_lines(name, "".join(json.dumps(entry) + "\n" for entry in WHOLE[name])) == WHOLE[name]
    assert decode_lines(name, "") == []


DAMAGED = [
    ("upgrade", '{"begin": 1}'),
    ("upgrade", '{"begin": {"mem": {}}}'),
    ("upgrade", '{"switch": 3}'),
    ("upgrade", '{"format": "x", "value": {}}'),
    ("upgrade", '{"begin": {"d\n{"switch": 3}'),
    ("upgrade", json.dumps({"begin": {}}) + "\n" + json.dumps({"switch": SWITCH | {"before": {}}})),
    ("upgrade", json.dumps({"begin": {}}) + "\n" + json.dumps({"switch": SWITCH | {"kept": [KEPT | {"size": "x"}]}})),
    ("snapshot", '{"begin": {}}'),
    ("snapshot", '{"move": {}}'),
    ("snapshot", json.dumps({"move": MOVE})),
    ("around", '{"begin": 1}'),
    ("around", "[1]"),
]


@pytest.mark.parametrize(("name", "text"), DAMAGED)
def test_a_damaged_one_is_kept_aside_and_reported(tmp_path: Path, name: str, text: str) -> None:
    reported: list[str] = []
    store = Store(tmp_path / "state", tmp_path, reported.append)
    store.write("owed", {})
    path = store.folder / f"{name}.jsonl"
    path.write_text(text + "\n", encoding="utf-8")
    assert switching.recover(store) + pointing.recover(store) == []
    assert [sentence.partition(" is damaged and kept as ")[0] for sentence in reported] == [str(path)]
    assert (store.folder / f"{name}.damaged-1").read_text(encoding="utf-8") == text + "\n"
    assert not path.exists()
    assert switching.recover(store) + pointing.recover(store) == []
    assert len(reported) == 1


def test_one_of_a_newer_devenv_is_refused(tmp_path: Path) -> None:
    store = Store(tmp_path / "state", tmp_path)
    store.write("owed", {})
    path = store.folder / "upgrade.jsonl"
    path.write_text('{"format": 2, "value": {"begin": {}}}\n', encoding="utf-8")
    with pytest.raises(Refused, match=r"upgrade\.jsonl was written by a newer devenv"):
        switching.recover(store)
    assert path.exists()
