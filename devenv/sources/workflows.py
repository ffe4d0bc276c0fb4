"""CI's descriptions of the services that tests run against: GitHub Actions, GitLab CI and Bitbucket Pipelines.

They describe the environment ``ci`` and no other (``devenv.sources.registry``): what tests run against says nothing of
what production runs.
"""

from __future__ import annotations

import itertools
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
#: What Bitbucket runs pipelines for: https://support.atlassian.com/bitbucket-cloud/docs/pipeline-start-conditions/
_PIPELINES = ("default", "branches", "pull-requests", "custom", "tags")

#: An axis of a matrix, as images name it.
_AXIS = re.compile(r"\$\{\{-?\s{0,9}matrix\.([\w-]+)")
#: More combinations, and more jobs that extend one another, are no description of what production runs.
_MOST, _DEEPEST = 64, 11


def recognises(document: Document) -> bool:
    """Whether a document is a workflow or an action of GitHub's, a file of GitLab CI, or of Bitbucket Pipelines."""
    return any(test(value) for value in document.values for test in (_is_github, _is_action, _is_bitbucket, _is_gitlab))


def _is_github(value: Any) -> bool:
    jobs = table(at(value, "jobs")).values()
    return any("runs-on" in table(job) or isinstance(table(job).get("uses"), str) for job in jobs)


def _is_action(value: Any) -> bool:
    """A step that workflows use: it has an image of its own, and no services."""
    return isinstance(at(value, "runs", "using"), str)


def _is_bitbucket(value: Any) -> bool:
    pipelines = table(at(value, "pipelines"))
    return any(kind in pipelines for kind in _PIPELINES)


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
        for name, address, service, variables in _services(value):
            image = _image(service)
            if image:
                yield Sighting(
                    image,
                    Evidence(NAME, document.file, address, "image", document.day),
                    Trust.RENDERED,
                    name or _named(image),
                    [word for word in items(at(service, "command")) if isinstance(word, str)],
                    variables,
                )


_Found = Iterator[tuple[str, str, Any, Mapping[str, str]]]


def _services(value: Any) -> _Found:
    if _is_github(value):
        return _of_github(value)
    if _is_bitbucket(value):
        return _of_bitbucket(value)
    return _of_gitlab(value)


def _image(service: Any) -> str:
    """``postgres:15``, ``{image: postgres:15}``, ``{image: {name: postgres:15}}`` or ``{name: postgres:15}``."""
    if isinstance(service, str):
        return service
    return text_at(service, "image") or text_at(service, "image", "name") or text_at(service, "name")


def _of_github(value: Any) -> _Found:
    """(name, address, service, variables) of all services and of the containers that jobs themselves run in, once for
    each value of a matrix that they name."""
    for job_name, job in table(at(value, "jobs")).items():
        known = _environment(value) | _environment(job)
        places = [("", f"jobs.{job_name}.container", at(job, "container"))]
        places += [(str(n), f"jobs.{job_name}.services.{n}", s) for n, s in table(at(job, "services")).items()]
        for name, address, service in places:
            image = service if isinstance(service, str) else text_at(service, "image")
            for cell in _cells(at(job, "strategy", "matrix"), image):
                yield name, address, service, known | cell


def _environment(value: Any) -> dict[str, str]:
    """What a workflow or a job itself says of ``env.NAME``. It fills in images and goes nowhere else."""
    given = table(at(value, "env"))
    return {f"env.{name}": text_at(given, name) for name in given}


def _cells(matrix: Any, image: str) -> list[dict[str, str]]:
    """What a matrix that is written out gives an image: one table of variables for each combination of the axes that
    the image names, and for each entry of ``include`` that has them all."""
    named = set(_AXIS.findall(image))
    if not named:
        return [{}]
    axes = [[_flat(name, entry) for entry in items(at(matrix, name))] for name in sorted(named)]
    product = itertools.islice(itertools.product(*axes), _MOST)
    whole = [table(entry) for entry in items(at(matrix, "include"))[:_MOST] if named <= table(entry).keys()]
    rows = [*product, *([_flat(name, entry[name]) for name in sorted(named)] for entry in whole)]
    cells = [dict(itertools.chain.from_iterable(row)) for row in rows]
    return cells or [{}]


def _flat(name: str, value: Any) -> list[tuple[str, str]]:
    """``matrix.db``, or ``matrix.db.image`` and its like where an axis is made of tables."""
    if isinstance(value, dict):
        return [(f"matrix.{name}.{key}", text_at(value, key)) for key in value]
    return [(f"matrix.{name}", text_at([value], 0))]


def _of_bitbucket(value: Any) -> _Found:
    for name, service in table(at(value, "definitions", "services")).items():
        yield str(name), f"definitions.services.{name}", table(service), {}


def _of_gitlab(value: Any) -> _Found:
    variables = _variables(value)
    places = [("", value), ("default.", at(value, "default"))]
    for name, job in table(value).items():
        if _is_job(name, job):
            places += [(f"{holder}.", at(value, holder)) for holder in _holders(value, str(name), 0)]
    for prefix, place in places:
        for index, service in enumerate(items(at(place, "services"))):
            yield text_at(service, "alias"), f"{prefix}services[{index}]", service, variables


def _holders(value: Any, name: str, deep: int) -> list[str]:
    """The job whose services another one has: itself, else the last of those that it extends."""
    job = at(value, name)
    if "services" in table(job) or deep > _DEEPEST:
        return [name]
    extended = at(job, "extends")
    parents = [extended] if isinstance(extended, str) else [text for text in items(extended) if isinstance(text, str)]
    found = (holders for parent in reversed(parents) if (holders := _holders(value, parent, deep + 1)))
    return next(found, [])


def _named(image: str) -> str:
    """What CI calls a service without a name: the last part of its image's."""
    last = re.split(r"[:@]", image.rpartition("/")[2])[0]
    return last if re.fullmatch(r"[\w.-]+", last) else ""


def _variables(value: Any) -> Mapping[str, str]:
    """What a GitLab file itself says of its variables. They fill in images and go nowhere else."""
    given = table(at(value, "variables"))
    return {str(name): text_at(given, name) or text_at(given, name, "value") for name in given}
