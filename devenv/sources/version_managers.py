"""What asdf and mise are told to install: runtimes, and sometimes servers, which nothing proves production to run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from devenv.document import Document, at, items, table, text_at
from devenv.model.fact import Fact, Reading, Trust
from devenv.sources.images import kind_named
from devenv.sources.known import Known
from devenv.sources.runtimes import TOOLS, stated_fact

_NAME = "version-managers"
_ASDF = ".tool-versions"
_MISE = ("mise.toml", ".mise.toml")
_WANTED = "wanted by a version manager, not proven to run in production"
#: Lines that anybody has.
_LINES = 5000


def recognises(document: Document) -> bool:
    """By name: these files say nothing else."""
    return document.name == _ASDF or (document.name in _MISE and document.format == "toml")


def parse(documents: Sequence[Document], known: Known) -> Reading:
    """A fact for each tool that is a runtime or a server."""
    facts: list[Fact] = []
    for document in documents:
        for tool, version, attribute in _tools(document):
            facts += _fact(document, tool, version, attribute, known)
    return Reading(tuple(facts))


_Told = tuple[str, str, str]


def _tools(document: Document) -> Iterator[_Told]:
    """(tool, version, where it says so); of several versions the first counts, as it does there."""
    if document.format == "toml":
        for name, value in table(at(document.value, "tools")).items():
            yield name.rpartition(":")[2].rpartition("/")[2], _version(value), f"tools.{name}"
        return
    for line in document.values[:_LINES]:
        words = str(line).partition("#")[0].split()
        if len(words) > 1:
            yield words[0], words[1], words[0]


def _version(value: Any) -> str:
    first = items(value)[0] if items(value) else value
    return text_at(first, "version") or text_at([first], 0)


def _fact(document: Document, tool: str, version: str, attribute: str, known: Known) -> list[Fact]:
    if runtime := TOOLS.get(tool):
        # Java's come with the name of whose it is: temurin-21.0.4+7.0.LTS.
        text = version.rpartition("-")[2] if runtime == "java" else version
        return [stated_fact(document, _NAME, runtime, text, attribute)]
    if kind := kind_named(tool, known):
        fact = stated_fact(document, _NAME, kind, version, attribute)
        note = _WANTED if fact.version else fact.note
        return [replace(fact, name=tool, note=note, trust=Trust.WANTED)]
    return []
