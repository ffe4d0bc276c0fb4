"""CI's descriptions of the services that tests run against: GitHub Actions and GitLab CI."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from devenv.document import Document, at, items, table, text_at
from devenv.model.fact import Evidence, Fact, Note, Reading, Trust
from devenv.sources.image_facts import Sighting, fact_of
from devenv.sources.known import Known

NAME = "ci"
#: Keys of a GitLab file that are no jobs.
_NO_JOBS = frozenset(["default", "stages", "include", "variables", "workflow", "image", "services", "cache", "spec"])
#: What only a job of GitLab's has.
_OF_A_JOB = ("script", "stage", "extends", "before_script", "trigger")


def recognises(document: Document) -> bool:
    """Whether a document is a workflow of GitHub's or a file of GitLab CI."""
    return any(_is_github(value) or _is_gitlab(value) for value in document.values)


def _is_github(value: Any) -> bool:
    jobs = table(at(value, "jobs")).values()
    return any("runs-on" in table(job) or isinstance(table(job).get("uses"), str) for job in jobs)


def _is_gitlab(value: Any) -> bool:
    if any(key in table(value) for key in ("apiVersion", "jobs", "kind")):
        return False
    return any(_is_job(name, job) for name, job in table(value).items())


def _is_job(name: object, job: Any) -> bool:
    return name not in _NO_JOBS and any(key in table(job) for key in _OF_A_JOB)


def parse(documents: Sequence[Document], known: Known) -> Reading:
    """The services of all jobs; one that several jobs have alike is one fact."""
    facts: dict[tuple[str, ...], Fact] = {}
    notes: dict[Note, None] = {}
    for document in documents:
        for sighting in _sightings(document):
            fact, said = fact_of(sighting, known)
            notes.update(dict.fromkeys(said))
            if fact:
                facts.setdefault((document.file, fact.kind, fact.name, fact.version, fact.variant), fact)
    return Reading(tuple(facts.values()), tuple(notes))


def _sightings(document: Document) -> Iterator[Sighting]:
    for value in document.values:
        found = _of_github(value) if _is_github(value) else _of_gitlab(value)
        for name, address, service in found:
            image = (
                text_at(service, "image") or text_at(service, "name") or (service if isinstance(service, str) else "")
            )
            if image:
                yield Sighting(
                    image,
                    Evidence(NAME, document.file, address, "image", document.day),
                    Trust.RENDERED,
                    name or _named(image),
                    [word for word in items(at(service, "command")) if isinstance(word, str)],
                    _variables(value),
                )


def _of_github(value: Any) -> Iterator[tuple[str, str, Any]]:
    """(name, address, service) of all services and of the containers that jobs themselves run in."""
    for job_name, job in table(at(value, "jobs")).items():
        yield "", f"jobs.{job_name}.container", at(job, "container")
        for name, service in table(at(job, "services")).items():
            yield str(name), f"jobs.{job_name}.services.{name}", service


def _of_gitlab(value: Any) -> Iterator[tuple[str, str, Any]]:
    places = [("", value), ("default.", at(value, "default"))]
    places += [(f"{name}.", job) for name, job in table(value).items() if _is_job(name, job)]
    for prefix, place in places:
        for index, service in enumerate(items(at(place, "services"))):
            yield text_at(service, "alias"), f"{prefix}services[{index}]", service


def _named(image: str) -> str:
    """What CI calls a service without a name: the last part of its image's."""
    last = re.split(r"[:@]", image.rpartition("/")[2])[0]
    return last if re.fullmatch(r"[\w.-]+", last) else ""


def _variables(value: Any) -> Mapping[str, str]:
    """What a GitLab file itself says of its variables. They fill in images and go nowhere else."""
    given = table(at(value, "variables"))
    return {str(name): text_at(given, name) or text_at(given, name, "value") for name in given}
