"""Texts as they come -> documents, or the reason why not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from devenv.document import Document, Unreadable, at, decode, text_at
from devenv.model.fact import Note


def refused(file: str, data: bytes) -> Note:
    with pytest.raises(Unreadable) as raised:
        decode(file, data)
    assert raised.value.note.failed
    return raised.value.note


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_encodings(encoding: str) -> None:
    assert decode("a.json", '{"a": "é"}'.encode(encoding)).value == {"a": "é"}


def test_utf_16_as_powershell_writes_it() -> None:
    assert decode("plan.json", b"\xff\xfe" + '{"a": 1}\r\n'.encode("utf-16-le")).value == {"a": 1}


def test_formats_are_told_from_the_text() -> None:
    assert decode("x", b'{"version": 4}').format == "json"
    assert decode("x", b"a: 1\n").format == "yaml"
    assert decode("x.toml", b"a = 1\n").format == "toml"
    assert decode("x", b"just words\nand more\n") == Document("x", "text", ("just words", "and more"))
    assert decode("job.hcl", b'job "x" {\n}\n').format == "text"
    assert decode("x.yaml", b"[a, b]").values == (["a", "b"],)
    assert decode("x.yaml", b"{a: b}").value == {"a": "b"}


def test_yaml_is_text_throughout() -> None:
    text = b"v: 7.10\non: yes\nt: 12:30\nd: 2024-01-02\nn: ~\nr: !Ref x\ns: !Sub [a, b]\ntag: !!str 5\n"
    assert decode("x.yaml", text).value == {
        "v": "7.10",
        "on": "yes",
        "t": "12:30",
        "d": "2024-01-02",
        "n": None,
        "r": {"!Ref": "x"},
        "s": {"!Sub": ["a", "b"]},
        "tag": "5",
    }


def test_yaml_of_several_documents_and_merges() -> None:
    text = b"x: &x {image: a, k: 1}\ny:\n  <<: *x\n  k: 2\n---\n---\nz: 1\n"
    assert decode("x.yaml", text).values == ({"x": {"image": "a", "k": "1"}, "y": {"image": "a", "k": "2"}}, {"z": "1"})
    assert decode("x.yaml", text).notes == ()


def test_keys_that_stand_twice_are_told() -> None:
    assert decode("a.json", b'{"stack": 1, "stack": 2}').notes == (
        Note("the key 'stack' stands twice; its last value counts", "a.json"),
    )
    assert decode("a.yaml", b"a: 1\nb: 2\na: 3\n").notes == (
        Note("the key 'a' stands twice; its last value counts", "a.yaml", 3),
    )


@pytest.mark.parametrize(
    ("file", "data", "said", "line"),
    [
        ("a.json", b"", "is empty", None),
        ("a.json", b" \n", "is empty", None),
        ("a.json", b'{"a": ' + b"9" * 5000 + b"}", "holds a number that is longer than any", None),
        ("a.tfstate", b'{"version": 4, "resources": [', "ends too early", 1),
        ("a.json", b'{\n"a": nope}', "is no valid JSON: Expecting value (column 6)", 2),
        ("a.json", b"\0\0\0\0", "is no valid YAML: it holds a control character", None),
        ("a.yaml", b"a: [1\nb: 2\n", "is no valid YAML: did not find expected ',' or ']'", 2),
        ("a.yaml", b"a: 1\nb: \xff\n", "is neither UTF-8 nor UTF-16 text", 2),
        ("a.toml", b"a = \n", "is no valid TOML: Invalid value", 1),
        (
            "x.yaml",
            b"image: {{ .Values.image }}\n",
            "holds templates that are not filled in: render it first ('helm template', 'kustomize build')",
            1,
        ),
    ],
)
def test_what_cannot_be_read(file: str, data: bytes, said: str, line: int | None) -> None:
    note = refused(file, data)
    assert (note.message, note.line) == (said, line)


def test_bombs() -> None:
    levels = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
    assert refused("x.yaml", f"a0: &a0 [x, y]\n{levels}".encode()).message == (
        "is no valid YAML: its aliases say far more than is written"
    )
    assert refused("x.json", b"[" * 100_000).message in ("is nested too deeply", "ends too early")
    assert refused("x.yaml", b"a: " + b"[" * 5_000 + b"]" * 5_000).message == "is nested too deeply"


def test_one_that_holds_itself() -> None:
    assert "far more" in refused("x.yaml", b"a: &a [*a]\n").message


def test_what_nobody_reads_is_let_go() -> None:
    def keep(made: dict[str, Any]) -> dict[str, Any]:
        return {"type": "big"} if made.get("type") == "big" else made

    text = json.dumps({"all": [{"type": "big", "body": "x" * 100}, {"type": "small", "body": 1}]})
    assert decode("x.json", text.encode(), keep=keep).value == {"all": [{"type": "big"}, {"type": "small", "body": 1}]}


def test_ways_through_anything() -> None:
    value = {"a": [{"b": 5}, True, None]}
    assert (at(value, "a", 0, "b"), at(value, "a", 9), at(value, "x", "y"), at(value, "a", "b")) == (
        5,
        None,
        None,
        None,
    )
    assert (text_at(value, "a", 0, "b"), text_at(value, "a", 1), text_at(value, "a", 2), text_at(value, "a")) == (
        "5",
        "true",
        "",
        "",
    )


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark(encoding: str) -> None:
    assert decode("a.json", '{"version": "ä"}'.encode(encoding)).value == {"version": "ä"}


def test_an_anchor_may_be_defined_anew() -> None:
    """As the specification has it, and kubectl and Flux."""
    text = b"a: &x {image: one}\nb: *x\nc: &x {image: two}\nd: *x\n---\ne: &x 1\n"
    (first, second) = decode("x.yaml", text).values
    assert (first["b"], first["d"], second) == ({"image": "one"}, {"image": "two"}, {"e": "1"})


@pytest.mark.parametrize("value", ["!!int abc", "!!float x", "!!timestamp foo", "!!bool maybe", "!!binary é", "!<o> x"])
def test_a_tag_that_does_not_fit_its_value(value: str) -> None:
    assert decode("x.yaml", f"a: {value}\n".encode()).value == {"a": value.partition(" ")[2]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 400)), "is nested too deeply"),
        ("b: &b\n" + "".join(f"  k{n}: 1\n" for n in range(3000)) + f"m: {{<<: [{'*b, ' * 3000}]}}\n", "aliases"),
        ("a: &a\n  <<: [*a, 3]\n", "merges something that is no mapping"),
        ("a: *b\n", "undefined alias"),
    ],
)
def test_aliases_that_lead_nowhere_or_too_far(text: str, message: str) -> None:
    assert message in refused("x.yaml", text.encode()).message


def test_json_that_is_deeper_than_any_reader_goes() -> None:
    assert refused("x.json", b"[" * 500 + b"]" * 500).message == "is nested too deeply"
