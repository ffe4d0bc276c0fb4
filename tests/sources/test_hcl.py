"""HCL is cut into blocks, and each block is read for itself."""

from __future__ import annotations

import pytest

from devenv.sources.hcl import NotHcl, blocks, closing, heredoc, parse


def test_blocks_of_a_file() -> None:
    text = """\
# resource "no" "remark" {
/* resource "no" "remark" {
*/ terraform {
}
variable "a" { default = "}" }
junk = "between {"
resource "t" "n" {
  x = "${lookup(var.m, "{", "}")} $${ y } # no remark"
  y = <<-EOT
    } "
  EOT
  inner { z = 1 } // }
}
"""
    found = list(blocks(text))
    assert [(block.kind, block.labels, block.line) for block in found] == [
        ("terraform", (), 3),
        ("variable", ("a",), 5),
        ("resource", ("t", "n"), 7),
    ]
    assert found[1].body() == {"default": "}"}
    body = found[2].body()
    assert (body["x"], heredoc(body["y"]), body["inner"]) == (
        '${lookup(var.m, "{", "}")} $${ y } # no remark',
        '} "\n',
        [{"z": 1}],
    )


@pytest.mark.parametrize("text", ['resource "t" "n" { x = ', 'resource "t" "n" { x = = }', 'a "b" {' + "[" * 9000])
def test_what_is_broken_says_nothing_of_its_text(text: str) -> None:
    (block,) = blocks(text.replace("x", "c4n4ry"))
    with pytest.raises(NotHcl) as caught:
        block.body()
    assert "c4n4ry" not in f"{caught.value}{caught.value.__context__}"


@pytest.mark.parametrize("text", ["", "}", '"', "a {", "a {" * 10_000, '"${' * 10_000, "<<X\n", "/*", "x\n" * 10_000])
def test_whatever_the_text(text: str) -> None:
    assert closing(text, 0) <= len(text)
    assert len(list(blocks(text))) <= len(text)


def test_values() -> None:
    assert parse('a = "b"\nc = [1, { d = var.x }]') == {"a": "b", "c": [1, {"d": "${var.x}"}]}
