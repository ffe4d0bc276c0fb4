"""Formats that devenv recognises and does not read: each is named, with what to give instead.

They may well speak of services, so that silence would look like "nothing of ours". In a folder nothing fails because of
them; a source that somebody names and that is one of them is a source that could not be read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from devenv.document import Document, at, items, table, text_at
from devenv.model.fact import Note, Reading
from devenv.model.record import record
from devenv.sources.known import Known


@record
class Format:
    """A format by its name; ``instead`` says what devenv reads of the same systems."""

    name: str
    instead: str
    is_of: Callable[[Document], bool]


_CI = "it says what tests run against; give devenv what describes production: a state, manifests or a live server"
_LIVE = "give devenv the server itself: env:NAME, with its address in that variable"
_AZURE = "give devenv what 'az postgres flexible-server show' and its like print"


def recognises(document: Document) -> bool:
    """Whether it is of one of these formats."""
    return _format_of(document) is not None


def parse(documents: Sequence[Document], known: Known) -> Reading:
    """No facts: a note for each document."""
    notes: list[Note] = []
    for document in documents:
        found = _format_of(document)
        said = f"{found.name} is not read: {found.instead}" if found else "is not read"
        notes.append(Note(said, document.file, failed=True, untold=True))
    return Reading(notes=tuple(notes))


def _format_of(document: Document) -> Format | None:
    return next((each for each in FORMATS if each.is_of(document)), None)


def _has(document: Document, test: Callable[[Any], bool]) -> bool:
    return document.format in ("yaml", "json") and any(test(value) for value in document.values)


def _is_circleci(document: Document) -> bool:
    return _has(document, lambda value: bool(table(at(value, "jobs"))) and _has_circleci_job(value))


def _has_circleci_job(value: Any) -> bool:
    jobs = [table(job) for job in table(at(value, "jobs")).values()]
    runs_somewhere = any("docker" in job or "executor" in job or "machine" in job for job in jobs)
    return runs_somewhere and "version" in table(value) and any("steps" in job for job in jobs)


def _is_azure_pipelines(document: Document) -> bool:
    if re.fullmatch(r"azure-pipelines.*\.ya?ml", document.name):
        return True
    return _has(document, lambda value: "pool" in table(value) and _has_any(value, "steps", "stages", "jobs"))


def _has_any(value: Any, *keys: str) -> bool:
    return any(items(at(value, key)) for key in keys)


def _is_drone(document: Document) -> bool:
    return _has(document, lambda value: text_at(value, "kind") == "pipeline" and _has_any(value, "steps", "services"))


def _named(pattern: str) -> Callable[[Document], bool]:
    """Tells a format by its files' path alone."""
    name = re.compile(rf"(?:.*/)?(?:{pattern})")
    return lambda document: name.fullmatch(document.file) is not None


def _is_buildkite(document: Document) -> bool:
    return ".buildkite/" in document.file and _has(document, lambda value: _has_any(value, "steps"))


def _is_woodpecker(document: Document) -> bool:
    named = ".woodpecker" in document.file
    return named and _has(document, lambda value: any(key in table(value) for key in ("steps", "pipeline", "services")))


def _is_arm(document: Document) -> bool:
    return _has(document, lambda value: "deploymentTemplate.json" in text_at(value, "$schema"))


def _is_bicep(document: Document) -> bool:
    return document.name.endswith(".bicep")


def _is_ansible(document: Document) -> bool:
    if re.search(r"(?:^|/)(?:group_vars|host_vars)/", document.file):
        return True
    return _has(document, lambda value: any(_is_play(entry) for entry in items(value)))


def _is_play(entry: Any) -> bool:
    return "hosts" in table(entry) and any(key in table(entry) for key in ("tasks", "roles", "vars"))


def _is_quadlet(document: Document) -> bool:
    return document.name.endswith(".container") and "[Container]" in document.values


FORMATS: tuple[Format, ...] = (
    Format("CircleCI", _CI, _is_circleci),
    Format("Azure Pipelines", _CI, _is_azure_pipelines),
    Format("Drone", _CI, _is_drone),
    Format("Buildkite", _CI, _is_buildkite),
    Format("Woodpecker", _CI, _is_woodpecker),
    Format("Travis CI", _CI, _named(r"\.travis\.ya?ml")),
    Format("Cirrus CI", _CI, _named(r"\.cirrus\.ya?ml")),
    Format("Semaphore", _CI, _named(r"\.semaphore/.+\.ya?ml")),
    Format("Codeship", _CI, _named(r"codeship-(?:services|steps)\.ya?ml")),
    Format("an ARM template", _AZURE, _is_arm),
    Format("Bicep", _AZURE, _is_bicep),
    Format("Ansible", _LIVE, _is_ansible),
    Format("a Podman Quadlet", "give devenv what 'podman kube generate NAME' prints", _is_quadlet),
)
