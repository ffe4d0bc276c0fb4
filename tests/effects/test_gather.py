"""Texts of sources: files, folders, patterns, commands."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from devenv.effects.gather import Gatherer
from devenv.model.fact import Note
from devenv.model.production import Place
from tests.making import tree


def gatherer(root: Path) -> Gatherer:
    return Gatherer(root, {}, "2026-11-23", lambda made: made)


def files(root: Path, *places: Place) -> list[list[str]]:
    return [[document.file for document in found.documents] for found in gatherer(root).gather(places)]


def test_a_file_a_folder_a_pattern(tmp_path: Path) -> None:
    tree(
        tmp_path,
        {
            "prod.tfstate": "{}",
            "k8s/a.yaml": "a: 1",
            "k8s/deep/b.yml": "b: 1",
            "k8s/notes.md": "no",
            "k8s/.terraform/c.json": "{}",
            ".platform/services.yaml": "a: 1",
        },
    )
    found = files(
        tmp_path, Place(path="prod.tfstate"), Place(path="k8s"), Place(path="k8s/*.yaml"), Place(path=".platform")
    )
    assert found == [["prod.tfstate"], ["k8s/a.yaml", "k8s/deep/b.yml"], ["k8s/a.yaml"], [".platform/services.yaml"]]


NO_PATTERN = "'**' stands for folders, between slashes: k8s/**/*.yaml"
NO_FILES = "no file of a format that devenv reads is there: JSON, YAML, TOML or HCL"


def test_an_absolute_path(tmp_path: Path) -> None:
    tree(tmp_path, {"away/prod.tfstate": "{}", "home/devenv.toml": ""})
    away = str(tmp_path / "away/prod.tfstate")
    assert files(tmp_path / "home", Place(path=away), Place(path=str(tmp_path / "away/*.tfstate"))) == [[away], [away]]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("nowhere.json", Note("there is no such file", "nowhere.json", failed=True)),
        ("none-*.json", Note(NO_FILES, "none-*.json", failed=True)),
        ("bad.json", Note("ends too early", "bad.json", 1, failed=True)),
        ("**.json", Note(NO_PATTERN, "**.json", failed=True)),
        ("a**/*.json", Note(NO_PATTERN, "a**/*.json", failed=True)),
        ("a" * 300 + "/*.json", Note("cannot be searched: File name too long", "a" * 300 + "/*.json", failed=True)),
    ],
)
def test_what_is_not_there(path: str, said: Note, tmp_path: Path) -> None:
    tree(tmp_path, {"bad.json": '{"a": ', "good.json": "{}"})
    bad, good = gatherer(tmp_path).gather([Place(path=path), Place(path="good.json")])
    assert bad.notes == (said,)
    assert [document.file for document in good.documents] == ["good.json"]


def test_one_bad_file_of_a_folder_takes_no_other_with_it(tmp_path: Path) -> None:
    tree(tmp_path, {"k/a.json": "{}", "k/b.json": "{"})
    (found,) = gatherer(tmp_path).gather([Place(path="k")])
    assert [document.file for document in found.documents] == ["k/a.json"]


@pytest.mark.parametrize("path", ["k", "k/*"])
def test_only_what_is_surely_ours_can_be_broken_among_others(path: str, tmp_path: Path) -> None:
    """The rest may be anything: JSON with comments, a lock file of another tool, a template. It is skipped."""
    tree(
        tmp_path,
        {
            "k/a.json": "{}",
            "k/compose.prod.yaml": "services: [1",
            "k/d.tfstate": "",
            "k/deployment.yaml": "apiVersion: apps/v1\nkind: [1",
            "k/e.yaml": "",
            "k/f.yaml": "apiVersion: v1\na: {{ .Values.a }}\n{{- end }}",
            "k/Gemfile.lock": "GEM\n  remote: https://x/\n  specs:\n    a (1.0)\n      b (>= 1)\n",
            "k/saved.json": '{"format_version": "1.0", "values": ',
            "k/template.json": '{{- if .Values.x }}\n{"a": 1}\n{{- end }}',
            "k/tsconfig.json": '{\n  // comments\n  "a": 1,\n}\n',
            "k/words.yaml": "a: [1",
        },
    )
    (found,) = gatherer(tmp_path).gather([Place(path=path)])
    assert "k/a.json" in [document.file for document in found.documents]
    assert sorted((note.file, note.failed) for note in found.notes) == [
        ("k/compose.prod.yaml", True),
        ("k/d.tfstate", True),
        ("k/deployment.yaml", True),
        ("k/saved.json", True),
    ]
    assert {note.file for note in found.skipped} >= {
        "k/e.yaml",
        "k/f.yaml",
        "k/template.json",
        "k/tsconfig.json",
        "k/words.yaml",
    }
    assert not any(note.failed for note in found.skipped)
    assert [note.file for note in found.skipped if not note.untold] == ["k/e.yaml"], "what is empty is no riddle"


def test_a_file_that_somebody_named_is_broken_whatever_it_is(tmp_path: Path) -> None:
    tree(tmp_path, {"tsconfig.json": "{ // comment\n}"})
    (found,) = gatherer(tmp_path).gather([Place(path="tsconfig.json")])
    assert [note.failed for note in found.notes] == [True]


def test_what_may_never_end_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "zero.json").symlink_to("/dev/zero")
    tree(tmp_path, {"good.json": "{}"})
    pipe, zero, folder = gatherer(tmp_path).gather([Place(path="pipe.json"), Place(path="zero.json"), Place(path=".")])
    assert pipe.notes == (Note("cannot be read: it is not a regular file", "pipe.json", failed=True),)
    assert zero.notes == (Note("cannot be read: it is not a regular file", "zero.json", failed=True),)
    assert [document.file for document in folder.documents] == ["good.json"]


def test_where_there_is_nothing_else_all_is_told(tmp_path: Path) -> None:
    tree(tmp_path, {"k/e.yaml": ""})
    (found,) = gatherer(tmp_path).gather([Place(path="k")])
    assert found.notes == (Note("is empty", "k/e.yaml", failed=True),)


@pytest.mark.usefixtures("programs")
def test_commands(tmp_path: Path) -> None:
    tree(tmp_path, {"here.json": '{"a": 1}'})
    good, bad, missing = gatherer(tmp_path).gather(
        [
            Place(command=("cat", "here.json")),
            Place(command=("sh", "-c", "echo canary >&2; exit 3")),
            Place(command=("no-such-program",)),
        ]
    )
    assert [(document.file, document.value, document.asked) for document in good.documents] == [
        ("cat here.json", {"a": 1}, True)
    ]
    assert bad.notes == (
        Note("ended with code 3; run it by hand to see why", "sh -c 'echo canary >&2; exit 3'", failed=True),
    )
    assert missing.notes == (Note("there is no program no-such-program", "no-such-program", failed=True),)


def test_an_address_that_is_not_there(tmp_path: Path) -> None:
    (found,) = gatherer(tmp_path).gather([Place(url_env="PROD_URL")])
    assert found.notes == (Note("the variable PROD_URL is not set", "$PROD_URL", failed=True),)


def test_further_files(tmp_path: Path) -> None:
    tree(tmp_path, {"sub/base.yaml": "a: 1"})
    found = gatherer(tmp_path).further(["sub/base.yaml", "sub/none.yaml"])
    assert [document.file for document in found.documents] == ["sub/base.yaml"]
    assert found.notes == (Note("there is no such file", "sub/none.yaml", failed=True),)
