"""Nomad: jobs as ``nomad job inspect`` tells them, and job files in HCL."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from devenv.document import Document, items, table, text_at
from devenv.model.fact import Evidence, Fact, Note, Reading, Trust
from devenv.sources import hcl
from devenv.sources.command_lines import starts_a_tool
from devenv.sources.image_facts import Sighting, fact_of
from devenv.sources.known import Known

_NAME = "nomad"
_JOB = re.compile(r'\s*job\s+"[^"]*"\s*\{')
_NOT_HCL = "is no HCL that can be read: give what 'nomad job inspect JOB' prints instead"


def recognises(document: Document) -> bool:
    """A job, in JSON or in HCL."""
    if document.format == "text":
        return any(_JOB.match(line) for line in document.values if isinstance(line, str))
    return any(True for _ in _inspected(document.value))


def parse(documents: Sequence[Document], known: Known) -> Reading:
    """Every task whose image is a server's."""
    facts: list[Fact] = []
    notes: list[Note] = []
    for document in documents:
        try:
            sightings = list(_of_hcl(document) if document.format == "text" else _of_json(document))
        except hcl.NotHcl:
            notes.append(Note(_NOT_HCL, document.file, failed=True))
            continue
        for sighting in sightings:
            fact, said = fact_of(sighting, known)
            notes += said
            facts += [fact] if fact else []
    return Reading(tuple(facts), tuple(notes))


def _inspected(value: Any) -> Iterator[Mapping[str, Any]]:
    """The jobs of an answer: ``{"Job": …}``, or with ``-json`` the job alone."""
    for entry in value if isinstance(value, list) else [value]:
        job = table(table(entry).get("Job", entry))
        if isinstance(job.get("TaskGroups"), list):
            yield job


def _of_json(document: Document) -> Iterator[Sighting]:
    trust = Trust.ASKED if document.asked else Trust.RENDERED
    for job in _inspected(document.value):
        for group in items(job.get("TaskGroups")):
            for task in items(table(group).get("Tasks")):
                path = (text_at(job, "ID"), text_at(group, "Name"), text_at(task, "Name"))
                yield from _sighting(document, path, table(task).get("Config"), trust, {})


def _of_hcl(document: Document) -> Iterator[Sighting]:
    """Raises NotHcl."""
    values = hcl.parse("\n".join(line for line in document.values if isinstance(line, str)))
    variables = {
        name: text
        for name, variable in _blocks(values, "variable")
        if (text := text_at(variable, "default")) and "${" not in text
    }
    for job_name, job in _blocks(values, "job"):
        groups = [*_blocks(job, "group"), ("", job)]  # a task may stand in a job without a group
        for group_name, group in groups:
            for task_name, task in _blocks(group, "task"):
                for config in items(table(task).get("config")):
                    path = tuple(part for part in (job_name, group_name, task_name) if part)
                    yield from _sighting(document, path, config, Trust.DECLARED, variables)


def _blocks(value: Any, kind: str) -> Iterator[tuple[str, Any]]:
    """(label, content) of the blocks of a kind: ``[{label: content}, …]``."""
    for block in items(table(value).get(kind)):
        for label, content in table(block).items():
            yield str(label), content


def _sighting(
    document: Document, path: Sequence[str], config: Any, trust: Trust, variables: Mapping[str, str]
) -> Iterator[Sighting]:
    reference = text_at(config, "image")
    if not reference:
        return
    # What HCL fills in is written as a shell's variable, which ``image_facts`` knows to fill in or to name.
    reference = re.sub(r"\$\{\s*(?:var\.|local\.)?([\w.-]+)\s*\}", lambda match: f"${{{_plain(match[1])}}}", reference)
    known = {_plain(name): value for name, value in variables.items()}
    words = [text_at(config, "command"), *(text_at(word) for word in items(table(config).get("args")))]
    words = [word for word in words if word]
    if starts_a_tool(words):
        return
    evidence = Evidence(_NAME, document.file, ".".join(path), "image", document.day)
    yield Sighting(reference, evidence, trust, path[-1], words, known)


def _plain(name: str) -> str:
    return re.sub(r"\W", "_", name)
