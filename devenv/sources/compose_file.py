"""Compose files and Swarm's stacks, what ``docker compose config`` makes of them, and what an engine runs now.

Of a service only its image, its command and what it extends are looked at; its environment never is.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from devenv.document import Document, at, items, table, text_at
from devenv.model.fact import Companion, Evidence, Fact, Note, Reading, Status, Trust
from devenv.model.record import record
from devenv.sources import env_file
from devenv.sources.command_lines import starts_a_tool
from devenv.sources.dockerfile import Dockerfile, read_dockerfile
from devenv.sources.image_facts import Sighting, fact_of
from devenv.sources.images import Unresolved, kind_named, read_image
from devenv.sources.known import Known
from devenv.sources.runtimes import RUNTIMES
from devenv.sources.variables import GAP, with_gaps

NAME = "compose"
#: How often a service may extend one that extends another.
_DEEPEST = 20
#: What is taken over from the service that another extends.
_INHERITED = ("image", "build", "command", "entrypoint", "deploy", "scale")
#: A text that is longer is no command line.
_LONGEST = 20_000
_LONGEST_PATH = 1000
_NO_DOCKERFILE = "is built from a Dockerfile that is not here, so devenv cannot tell what it is"
#: A build that is known to be a service, by its name, and no more.
_UNKNOWN_BUILD = Fact(
    "",
    Evidence(NAME, ""),
    status=Status.UNKNOWN,
    note="it is built from a Dockerfile, which says the version; ask the server itself",
    trust=Trust.RENDERED,
)


def recognises(document: Document) -> bool:
    """Whether a document is a Compose file or what ``docker service inspect`` or ``docker inspect`` prints."""
    return any(_is_compose(value, document) or _is_inspected(value) for value in document.values)


def _is_compose(value: Any, document: Document) -> bool:
    if "apiVersion" in table(value) or "jobs" in table(value):
        return False
    services = [table(entry) for entry in table(at(value, "services")).values()]
    if any(isinstance(entry.get("image"), dict) for entry in services):
        return False  # a chart's values
    if any(isinstance(entry.get("image"), str) or "build" in entry or "extends" in entry for entry in services):
        return True
    return bool(items(at(value, "include"))) and "compose" in document.name.lower()


def _is_inspected(value: Any) -> bool:
    return any(_running(entry) for entry in items(value)[:1])


def parse(documents: Sequence[Document], known: Known) -> Reading:
    """The services of all files. A file that others only take services from is no stack of its own."""
    files = {posixpath.normpath(document.file): document for document in documents}
    described = [document for document in documents if not document.source]
    taken = {path for document in documents for path in _extended_files(document)}
    facts: list[Fact] = []
    notes: list[Note] = []
    wants: dict[str, None] = {}
    companions: dict[str, None] = {}
    for document in described:
        found = _Stack(document, files, known, _variables(document, files, known))
        if posixpath.normpath(document.file) not in taken:
            for fact, said in found.services():
                facts += [fact] if fact else []
                notes += said
        included, said = _included(document)
        notes += said
        wants.update(dict.fromkeys(path for path in (*_extended_files(document), *included) if path not in files))
        companions.update(dict.fromkeys(_companions(document)))
    beside = tuple(Companion(path, NAME) for path in companions)
    return Reading(tuple(facts), tuple(notes), tuple(wants), beside)


def _variables(document: Document, files: Mapping[str, Document], known: Known) -> Mapping[str, str]:
    """What fills in a document: the source's own file of variables, else the ``.env`` beside it. Never the environment
    of whoever runs devenv, since evidence is the same on every machine."""
    if known.variables is not None:
        return known.variables
    beside = files.get(_beside(document, ".env"))
    return env_file.variables(beside) if beside else {}


def _companions(document: Document) -> list[str]:
    """Files that may be beside a document: its variables, and the Dockerfiles of what is built."""
    services = [service for value in document.values for service in table(at(value, "services")).values()]
    builds = [build for service in services if (build := at(service, "build")) is not None]
    paths = [_dockerfile_path(document, build) for build in builds]
    return [_beside(document, ".env"), *(path for path in paths if path)]


def _dockerfile_path(document: Document, build: Any) -> str:
    """Where the Dockerfile of a build is, relative to what people know; "" for one that is not on this machine."""
    if text_at(build, "dockerfile_inline"):
        return ""
    context = build if isinstance(build, str) else text_at(build, "context")
    folder = _beside(document, context or ".")
    name = text_at(build, "dockerfile") or "Dockerfile"
    if not folder or "$" in name or "\0" in name or len(name) > _LONGEST_PATH:
        return ""
    return posixpath.normpath(posixpath.join(folder, name))


def _arguments(written: Any) -> dict[str, str]:
    """``args`` of a build, as a table or as a list of ``NAME=value``; those without a value are left out."""
    if isinstance(written, dict):
        return {str(name): text_at(written, name) for name in written if text_at(written, name)}
    texts = [text for text in items(written) if isinstance(text, str) and "=" in text]
    return dict(text.split("=", 1) for text in texts)


def _extended_files(document: Document) -> list[str]:
    """Further files that services are taken from."""
    services = [service for value in document.values for service in table(at(value, "services")).values()]
    named = [text_at(service, "extends", "file") for service in services]
    own = posixpath.normpath(document.file)
    return [path for name in named if name and (path := _beside(document, name)) and path != own]


def _included(document: Document) -> tuple[list[str], tuple[Note, ...]]:
    entries = [entry for value in document.values for entry in items(at(value, "include"))]
    names: list[str] = []
    for entry in entries:
        path = at(entry, "path") if isinstance(entry, dict) else entry
        names += [name for name in (path if isinstance(path, list) else [path]) if isinstance(name, str)]
    far = [name for name in names if not _beside(document, name)]
    notes = (Note("includes files that are not beside it; give devenv those too", document.file, failed=True),)
    return [path for name in names if (path := _beside(document, name))], notes if far else ()


def _beside(document: Document, name: str) -> str:
    """A path as people know it, from one that is relative to a document; "" for what is no path here."""
    if "$" in name or "\0" in name or ":" in name or len(name) > _LONGEST_PATH:
        return ""
    return posixpath.normpath(posixpath.join(posixpath.dirname(document.file), name))


@record
class _Stack:
    """The services of one document; ``files`` are all there are, by their path, and ``variables`` those of the file of
    variables that Compose would read."""

    document: Document
    files: Mapping[str, Document]
    known: Known
    variables: Mapping[str, str]

    def services(self) -> Iterator[tuple[Fact | None, tuple[Note, ...]]]:
        """A fact for each that is a service devenv knows, and what is to be said."""
        for value in self.document.values:
            for entry in items(value):
                yield self._inspected(entry)
            for name, service in table(at(value, "services")).items():
                whole = self._whole(self.document, service, set())
                if _replicas(whole) != "0":
                    yield self._described(str(name), whole)

    def _whole(self, document: Document, service: Any, seen: set[tuple[str, str]]) -> dict[str, Any]:
        """A service with what it takes over from those that it extends."""
        own = {key: table(service)[key] for key in _INHERITED if table(service).get(key) is not None}
        extends = at(service, "extends")
        name = extends if isinstance(extends, str) else text_at(extends, "service")
        path = text_at(extends, "file")
        other = self.files.get(_beside(document, path)) if path else document
        if other is None or not name or (other.file, name) in seen or len(seen) > _DEEPEST:
            return own
        seen.add((other.file, name))
        return {**self._whole(other, at(other.value, "services", name), seen), **own}

    def _described(self, name: str, service: Mapping[str, Any]) -> tuple[Fact | None, tuple[Note, ...]]:
        words = [*_words(service.get("entrypoint")), *_words(service.get("command"))]
        if starts_a_tool(words):
            return None, ()
        evidence = Evidence(NAME, self.document.file, f"services.{name}", "image", self.document.day)
        image = text_at(service, "image")
        if service.get("build") is not None:
            return self._built(name, image, service["build"], words)
        return fact_of(Sighting(image, evidence, Trust.RENDERED, name, words, self.variables), self.known)

    def _built(self, name: str, image: str, build: Any, words: Sequence[str]) -> tuple[Fact | None, tuple[Note, ...]]:
        """An image that is built here is what its Dockerfile begins with: its tag is the builder's own."""
        address = f"services.{name}"
        evidence = Evidence(NAME, self.document.file, address, "build", self.document.day)
        kind = self._kind_of_build(name, image)
        found = self._dockerfile(build)
        if found is None:
            if not kind:
                return None, (Note(_NO_DOCKERFILE, self.document.file, address=address, untold=True),)
            return replace(_UNKNOWN_BUILD, kind=kind, evidence=evidence, name=name), ()
        file, dockerfile = found
        given = _arguments(at(build, "args"))
        arguments = {**dockerfile.arguments, **{key: with_gaps(text, self.variables) for key, text in given.items()}}
        seen = replace(evidence, file=file, attribute="FROM")
        base = dockerfile.base(text_at(build, "target"))
        fact, notes = fact_of(Sighting(base, seen, Trust.RENDERED, name, words, arguments), self.known)
        if fact and (fact.kind not in RUNTIMES or not kind):
            return fact, notes
        return (replace(_UNKNOWN_BUILD, kind=kind, evidence=evidence, name=name) if kind else None), ()

    def _kind_of_build(self, name: str, image: str) -> str:
        """What a build is by the name of its image, or else of its service; "" where neither says."""
        try:
            found = read_image(image, self.known, self.variables) if image else None
        except Unresolved as error:
            kind = error.kind
        else:
            kind = found.kind if found else ""
        return kind or kind_named(name, self.known)

    def _dockerfile(self, build: Any) -> tuple[str, Dockerfile] | None:
        """The Dockerfile of a build, and where it stands; None where there is none that can be read."""
        inline = text_at(build, "dockerfile_inline")
        if inline:
            return self.document.file, read_dockerfile(inline.splitlines())
        path = _dockerfile_path(self.document, build)
        document = self.files.get(path) if path else None
        return (path, read_dockerfile(document.values)) if document else None

    def _inspected(self, entry: Any) -> tuple[Fact | None, tuple[Note, ...]]:
        """What ``docker service inspect`` or ``docker inspect`` says of one service or container."""
        running = _running(entry)
        if running is None or starts_a_tool(running.words):
            return None, ()
        evidence = Evidence(NAME, self.document.file, running.name, running.attribute, self.document.day)
        return fact_of(Sighting(running.image, evidence, Trust.ASKED, running.name, running.words), self.known)


@record
class _Running:
    name: str
    image: str
    attribute: str
    words: tuple[str, ...]


def _running(entry: Any) -> _Running | None:
    """A service of Swarm's or a container of an engine's."""
    spec = at(entry, "Spec", "TaskTemplate", "ContainerSpec")
    if image := text_at(spec, "Image"):
        if text_at(entry, "Spec", "Mode", "Replicated", "Replicas") == "0":
            image = ""
        name = text_at(entry, "Spec", "Name")
        stack = text_at(entry, "Spec", "Labels", "com.docker.stack.namespace")
        name = name.removeprefix(f"{stack}_") if stack else name
        return _Running(
            name,
            image,
            "Spec.TaskTemplate.ContainerSpec.Image",
            (*_texts(at(spec, "Command")), *_texts(at(spec, "Args"))),
        )
    if image := text_at(entry, "Config", "Image"):
        name = text_at(entry, "Config", "Labels", "com.docker.compose.service") or text_at(entry, "Name").lstrip("/")
        return _Running(name, image, "Config.Image", _texts(at(entry, "Config", "Cmd")))
    return None


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(item for item in items(value) if isinstance(item, str))


def _replicas(service: Mapping[str, Any]) -> str:
    return text_at(service, "deploy", "replicas") or text_at(service, "scale")


def _words(command: Any) -> list[str]:
    """A command's words, a text's as a shell would split it, each filled in; what cannot be is a bare dollar sign."""
    if isinstance(command, str) and len(command) <= _LONGEST:
        try:
            command = shlex.split(command)
        except ValueError:  # a quotation that never ends
            return []
    return [_filled(word) for word in items(command) if isinstance(word, str) and len(word) <= _LONGEST]


def _filled(word: str) -> str:
    return re.sub(f"{GAP}[^{GAP}]*{GAP}", "$", with_gaps(word))
