"""What the command lines of clouds print: JSON, ``gcloud`` as YAML too, and ``heroku pg:info`` as lines."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from devenv.document import Document, items, table, text_at
from devenv.model.fact import Evidence, Fact, Note, Reading, Status, Trust
from devenv.sources.cloud_answers import ANSWERS, CONFIGURATIONS, GOOGLE, AnswerShape
from devenv.sources.known import Known
from devenv.sources.terraform_contents import content_facts
from devenv.sources.terraform_resources import Manner, Resource, held, service_facts
from devenv.sources.terraform_tables import GROUPS, SERVICES
from devenv.sources.upstream import upstream

NAME = "cloud"
_MANNER = Manner(NAME, seen=Trust.ASKED, written=Trust.ASKED)


def recognises(document: Document) -> bool:
    """Whether it is an answer of a kind that is known, or a list of parameters."""
    if document.format == "text":
        return any(_PG_VERSION.match(line) for line in document.values[:_LINES] if isinstance(line, str))
    document = _as_json(document)
    if document.format != "json":
        return False
    if _pg_info(document.value):
        return True
    return _answer(document) is not None or _is_parameters(document.value) or bool(_configuration(document.value))


def parse(documents: Sequence[Document], known: Known) -> Reading:
    """Every service that was answered, and what it is going to become."""
    documents = [_as_json(document) for document in documents]
    found = [(answer, resource) for document in documents for answer, resource in _found(document)]
    resources = [resource for _, resource in found]
    groups, notes = _groups(documents, resources)
    services, unnamed = service_facts([*resources, *groups], _MANNER)
    others, unread = content_facts(resources, known, _MANNER)
    coming, _ = service_facts([*_coming(found), *groups], _MANNER)
    planned = [replace(fact, status=Status.PLANNED, note=fact.note or _WAITS) for fact in coming if fact.version]
    facts = [fact for document in documents for fact in _heroku(document)]
    return Reading((*services, *others, *facts, *planned), tuple(dict.fromkeys((*notes, *unnamed, *unread))))


def _as_json(document: Document) -> Document:
    """What gcloud prints where nobody asks for JSON: YAML, a document for each instance."""
    is_gcloud = document.format == "yaml" and all(
        any(answer.fits(value) for answer in GOOGLE) for value in document.values
    )
    return replace(document, format="json", values=(list(document.values),)) if is_gcloud else document


_WAITS = "waits for its maintenance window"


def _answer(document: Document) -> AnswerShape | None:
    return next((answer for answer in ANSWERS if _entries(answer, document.value) is not None), None)


def _entries(answer: AnswerShape, value: Any) -> list[Any] | None:
    """The entries of an answer, which may be none; None for what is no such answer."""
    if answer.key and answer.key not in table(value):
        return None
    entries = table(value)[answer.key] if answer.key else value
    listed = entries if isinstance(entries, list) else [entries]
    fitting = [entry for entry in listed if answer.fits(entry)]
    return fitting if fitting or (answer.key and listed == []) else None


def _found(document: Document) -> Iterator[tuple[AnswerShape, Resource]]:
    """An answer's own entries; of a list of several kinds each in its way."""
    for answer in ANSWERS:
        for entry in _entries(answer, document.value) or ():
            yield answer, Resource(document, _address(answer, entry), answer.type, entry, answer.word)


def _address(answer: AnswerShape, entry: Any) -> str:
    row = SERVICES.get(answer.type)
    paths = row.names if row else ("family",)
    return next((text for path in paths if (text := text_at([held(entry, answer.word(path))], 0))), "")


def _coming(found: Sequence[tuple[AnswerShape, Resource]]) -> Iterator[Resource]:
    """What waits to be applied: the same with the version that it will have."""
    for answer, resource in found:
        if answer.pending and text_at([held(resource.values, answer.pending)], 0):
            yield replace(resource, word=answer.word_to_come)


_PG_VERSION = re.compile(r"PG Version:\s+(?P<version>\S+)")
_HEADING = re.compile(r"=== (?P<names>[\w-]+(?:,\s*[\w-]+)*)")
_FOLLOWING = re.compile(r"Following:\s+(?P<name>[\w-]+)\s*$")
#: A heading and what belongs to it are at the top.
_LINES = 200


def _heroku(document: Document) -> Iterator[Fact]:
    """``heroku pg:info``: for each database a heading with all its names, then lines. A follower names the database
    that it follows by any of them, with or without the ``_URL`` at its end."""
    facts: list[Fact] = []
    names: list[str] = []
    primaries: dict[str, str] = {}
    for line in document.values if document.format == "text" else _pg_info(document.value):
        if heading := _HEADING.match(line):
            names = re.split(r",\s*", heading["names"])
            primaries.update((_without_url(name), names[0]) for name in names)
        elif match := _PG_VERSION.match(line):
            told = upstream("postgres", match["version"])
            name = names[0] if names else ""
            evidence = Evidence(NAME, document.file, name, "PG Version", document.day)
            status = Status.ACTUAL if told.version else Status.UNKNOWN
            fact = Fact(told.kind, evidence, told.version, told.precision, name=name, status=status, trust=Trust.ASKED)
            facts.append(fact)
        elif facts and names[:1] == [facts[-1].name] and (follower := _FOLLOWING.match(line)):
            facts[-1] = replace(facts[-1], part_of=follower["name"])
    for fact in facts:
        yield replace(fact, part_of=primaries.get(_without_url(fact.part_of), fact.part_of))


def _pg_info(value: Any) -> list[str]:
    """The lines that ``heroku pg:info`` would print of what it prints as JSON; none of anything else."""
    lines: list[str] = []
    for entry in value if isinstance(value, list) else [value]:
        told = {text_at(line, "name"): text_at(line, "values", 0) for line in items(table(entry).get("info"))}
        if "PG Version" in told:
            own = [text_at([name], 0) for name in items(table(entry).get("config_vars"))]
            names = [name for name in (*own, text_at(entry, "addon", "name")) if re.fullmatch(r"[\w-]+", name)]
            lines += [f"=== {', '.join(names) or 'DATABASE_URL'}", f"PG Version: {told['PG Version']}"]
            lines += [f"Following: {told['Following']}"] if "Following" in told else []
    return lines


def _without_url(name: str) -> str:
    return name.removesuffix("_URL")


#: In a command that asks for parameters, the name of their group.
_GROUP = re.compile(r"--(?:db-|db-cluster-|cache-)?parameter-group-name[ =](?P<name>[\w.-]+)")


def _is_parameters(value: Any) -> bool:
    listed = items(table(value).get("Parameters"))
    return bool(listed) and all("ParameterName" in table(entry) and "Source" in table(entry) for entry in listed[:3])


def _configuration(value: Any) -> tuple[str, str, str] | None:
    """(Terraform's type, id, text) of a broker's configuration, which is in Base64."""
    for kind, name, text in CONFIGURATIONS:
        if text_at(value, name) and text_at(value, text):
            return kind, text_at(value, name), text_at(value, text)
    return None


def _groups(documents: Sequence[Document], resources: Sequence[Resource]) -> tuple[list[Resource], list[Note]]:
    """What somebody set, as resources that services call by name."""
    groups: list[Resource] = []
    notes: list[Note] = []
    for document in documents:
        if found := _configuration(document.value):
            kind, name, text = found
            how = GROUPS[kind]
            values: dict[str, Any] = {how.name: name, how.settings[0]: _decoded(text)}
            groups.append(Resource(document, name, kind, values))
        elif _is_parameters(document.value):
            own = _parameters(document, resources)
            groups += own
            if not own:
                said = "does not say whose these are: give devenv the command that names their group"
                notes.append(Note(said, document.file, failed=True))
    return groups, notes


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except ValueError:
        return ""


def _parameters(document: Document, resources: Sequence[Resource]) -> list[Resource]:
    """``describe-db-parameters`` and its like name no group. The command that asked does, else there is only one."""
    said = _GROUP.search(document.file)
    called = {
        (SERVICES[resource.type].vendor, path, name)
        for resource in resources
        if resource.type in SERVICES
        for path in SERVICES[resource.type].groups
        if (name := resource.text(path)) and (said is None or said["name"] == name)
    }
    if len({name for _, _, name in called}) != 1:
        return []
    chosen = [entry for entry in items(table(document.value).get("Parameters")) if text_at(entry, "Source") == "user"]
    types = {
        kind
        for vendor, path, _ in called
        for kind, group in GROUPS.items()
        if group.vendor == vendor and group.settings == ("parameter",) and (not group.called or path in group.called)
    }
    name = next(iter(called))[2]
    return [Resource(document, name, kind, {"name": name, "parameter": chosen}) for kind in sorted(types)]
