"""Terraform's and OpenTofu's configuration: what somebody wants to run, which nothing in it proves to run.

A folder is a module. Variables have their defaults, what ``*.tfvars`` say of them, and what the module that calls
another gives it. States, plans and everything else outrank what is read here.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from typing import Any

from devenv.document import Document, items, table, text_at
from devenv.model.fact import Companion, Fact, Note, Reading, Trust
from devenv.model.record import record
from devenv.sources import hcl
from devenv.sources.known import Known
from devenv.sources.terraform_contents import content_facts
from devenv.sources.terraform_instances import Placed, instances
from devenv.sources.terraform_modules import TELLING, attributes, made_by
from devenv.sources.terraform_resources import Manner, Resource, service_facts
from devenv.sources.terraform_tables import GROUPS, READ, SERVICES
from devenv.sources.terraform_values import Scope, Unknown, known_only

NAME = "terraform"
_MANNER = Manner(NAME, seen=Trust.WANTED, written=Trust.WANTED)
_CODE = (".tf", ".tofu", ".tf.json", ".tofu.json")
_VALUES = (".tfvars", ".tfvars.json")
#: Files of values that Terraform reads by itself, and those that people name for production.
_READ_BY_ITSELF = re.compile(r"terraform\.tfvars(?:\.json)?|.*\.auto\.tfvars(?:\.json)?")
_OF_PRODUCTION = re.compile(r"(?:.*[._-])?prod(?:uction)?(?:[._-].*)?\.tfvars(?:\.json)?")
#: How a block begins that is Terraform's alone.
_BLOCK = re.compile(r'(?:terraform|(?:provider|module|resource|data|output)\s+"[^"]+"(?:\s+"[^"]+")?)\s*\{')
#: Modules that call one another.
_DEEPEST = 10
_LONGEST_PATH = 1000
WANTED = "wanted by configuration, not proven to run"


def recognises(document: Document) -> bool:
    """Whether it is configuration, or values for it."""
    if document.name.endswith((*_CODE, *_VALUES)):
        return True
    lines = document.values if document.format == "text" else ()
    return any(_BLOCK.match(line) for line in lines if isinstance(line, str))


def parse(documents: Sequence[Document], known: Known) -> Reading:
    """The services of all modules that no other module calls, and of those that they call."""
    notes: list[Note] = []
    folders = _folders(documents, notes)
    called = {target for folder in folders.values() for target in folder.targets()}
    facts: list[Fact] = []
    for path in _roots(folders, called):
        walk = _Walk(folders, notes)
        walk.enter(folders[path], {}, "", 0)
        facts += _facts(walk, known)
    companions = [companion for path in folders for companion in _companions(path, folders)]
    return Reading(tuple(facts), tuple(dict.fromkeys(notes)), companions=tuple(dict.fromkeys(companions)))


@record
class Written:
    """A block of a file, parsed: ``name`` is its label, ``type`` a resource's."""

    document: Document
    name: str
    body: Mapping[str, Any]
    type: str = ""


@record
class _Folder:
    """All that the files of a folder say. ``given`` says whether somebody named one of them."""

    path: str
    given: set[str] = field(default_factory=set)
    variables: dict[str, Any] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    locals: dict[str, Any] = field(default_factory=dict)
    resources: list[Written] = field(default_factory=list)
    modules: list[Written] = field(default_factory=list)

    def targets(self) -> list[str]:
        """The folders of the modules of this checkout that this one calls."""
        paths = [_local(self.path, text_at(module.body, "source")) for module in self.modules]
        return [path for path in paths if path is not None]


def _local(folder: str, source: str) -> str | None:
    """The folder of a module that is called by a path; None for one that comes from elsewhere."""
    if not source.startswith(("./", "../")) or len(source) > _LONGEST_PATH or "\0" in source:
        return None
    return posixpath.normpath(posixpath.join(folder, source))


def _roots(folders: Mapping[str, _Folder], called: set[str]) -> list[str]:
    """The folders that are configurations of their own: somebody named a file of theirs, and no other calls them. A
    module that is kept among others and that nobody calls makes nothing."""
    roots = [path for path, folder in folders.items() if folder.given and path not in called]
    uncalled = [path for path in roots if "modules" in path.split("/")]
    return [path for path in roots if path not in uncalled] or roots


def _companions(path: str, folders: Mapping[str, _Folder]) -> Iterator[Companion]:
    """What stands beside the files that were named, and the modules that they call."""
    folder = folders[path]
    if folder.given:
        endings: tuple[str, ...] = (*_CODE, *_VALUES)
        yield from (Companion(_pattern(path, ending), NAME) for ending in endings)
    for target in folder.targets():
        yield from (Companion(_pattern(target, ending), NAME) for ending in _CODE)


def _pattern(folder: str, ending: str) -> str:
    plain = re.sub(r"([*?[])", r"[\1]", folder)
    return posixpath.join(plain, f"*{ending}") if plain != "." else f"*{ending}"


def _folders(documents: Sequence[Document], notes: list[Note]) -> dict[str, _Folder]:
    folders: dict[str, _Folder] = {}
    seen: set[str] = set()
    for document in sorted(documents, key=lambda each: (each.file, each.source)):
        file = posixpath.normpath(document.file)
        if file in seen:
            continue
        seen.add(file)
        path = posixpath.dirname(file) or "."
        folder = folders.setdefault(path, _Folder(path))
        if not document.source:
            folder.given.add(document.file)
        if document.name.endswith(_VALUES):
            _add_values(folder, document, notes)
        else:
            for kind, labels, body in _blocks(document, notes):
                _add(folder, document, kind, labels, body)
    return folders


def _add_values(folder: _Folder, document: Document, notes: list[Note]) -> None:
    """Values that Terraform reads by itself, or that are production's by their name."""
    if not _READ_BY_ITSELF.fullmatch(document.name) and not _OF_PRODUCTION.fullmatch(document.name):
        return
    try:
        folder.values.update(table(document.value) if document.format == "json" else hcl.parse(_text(document)))
    except hcl.NotHcl:
        notes.append(Note("is not HCL that devenv can read", document.file, untold=True))


def _text(document: Document) -> str:
    return "\n".join(line for line in document.values if isinstance(line, str))


_Found = tuple[str, tuple[str, ...], Any]


def _blocks(document: Document, notes: list[Note]) -> Iterator[_Found]:
    """(kind, labels, body) of those blocks that are read here."""
    if document.format == "json":
        yield from _of_json(table(document.value))
        return
    for block in hcl.blocks(_text(document)):
        is_read = block.kind in ("variable", "locals", "module") or (
            block.kind == "resource" and block.labels[:1] and block.labels[0] in READ
        )
        if not is_read:
            continue
        try:
            yield block.kind, block.labels, block.body()
        except hcl.NotHcl as error:
            address = ".".join(block.labels)
            notes.append(Note(f"this block {error}", document.file, block.line, address, untold=True))


def _of_json(value: Mapping[str, Any]) -> Iterator[_Found]:
    """The same of configuration that is written as JSON."""
    for kind in ("variable", "module"):
        for name, body in table(value.get(kind)).items():
            yield kind, (name,), body
    for entry in _listed(value.get("locals")):
        yield "locals", (), entry
    for resource_type, named in table(value.get("resource")).items():
        for name, body in table(named).items():
            if resource_type in READ:
                yield "resource", (resource_type, name), (_listed(body) or [{}])[0]


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [value]


def _add(folder: _Folder, document: Document, kind: str, labels: Sequence[str], body: Any) -> None:
    if not isinstance(body, dict):
        return
    if kind == "locals":
        folder.locals.update(body)
    elif kind == "variable" and labels:
        folder.variables[labels[0]] = body.get("default", Unknown(f"var.{labels[0]}"))
    elif kind == "module" and labels:
        folder.modules.append(Written(document, labels[0], body))
    elif kind == "resource" and len(labels) > 1:
        folder.resources.append(Written(document, labels[1], body, labels[0]))


@record
class _Walk:
    """One configuration with the modules that it calls: what comes of it. ``unknown`` says of a resource's address
    which attributes depend on what nobody here knows."""

    folders: Mapping[str, _Folder]
    notes: list[Note]
    resources: list[Resource] = field(default_factory=list)
    unknown: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def enter(self, folder: _Folder, arguments: Mapping[str, Any], prefix: str, depth: int) -> None:
        """Take up the resources of a module, which its caller gives ``arguments``."""
        variables = {**folder.variables, **(folder.values if depth == 0 else {}), **arguments}
        attributes_of = {f"{each.type}.{each.name}": each.body for each in folder.resources}
        scope = Scope(variables, folder.locals, attributes_of)
        for written in folder.resources:
            if depth or written.document.file in folder.given:
                for placed in instances(written.type, written.name, written.body, scope):
                    self._take(written.document, written.type, prefix, placed)
        for module in folder.modules:
            if depth or module.document.file in folder.given:
                self._call(folder, module, scope, prefix, depth)

    def _call(self, folder: _Folder, module: Written, scope: Scope, prefix: str, depth: int) -> None:
        source = text_at(module.body, "source")
        target = _local(folder.path, source)
        for placed in instances("module", module.name, module.body, scope):
            if target is not None:
                if target in self.folders and depth < _DEEPEST:
                    self.enter(self.folders[target], placed.values, f"{prefix}{placed.address}.", depth + 1)
            elif made := made_by(source):
                values = attributes(made, placed.values)
                self._take(module.document, made.type, prefix, replace(placed, values=values))
                self._group(module.document, made.parameters, prefix, placed)
            elif TELLING & placed.values.keys():
                said = f"comes from a module that devenv does not know, so its version is unknown: {_STATE}"
                self.notes.append(Note(said, module.document.file, address=prefix + placed.address, untold=True))

    def _take(self, document: Document, kind: str, prefix: str, placed: Placed) -> None:
        address = prefix + placed.address
        values = placed.values
        self.unknown[address] = {key: value.name for key, value in values.items() if isinstance(value, Unknown)}
        values = known_only(dict(values))
        row, group = SERVICES.get(kind), GROUPS.get(kind)
        if row and not any(text_at(values, name) for name in row.names):
            values[row.names[0]] = placed.called
        if group:
            values.setdefault(group.name, placed.called)
        values.setdefault("id", placed.called)
        self.resources.append(Resource(document, address, kind, values))

    def _group(self, document: Document, kind: str, prefix: str, placed: Placed) -> None:
        """The group of parameters that a module makes beside its server."""
        parameters = items(placed.values.get("parameters", placed.values.get("parameter")))
        if not kind or not parameters:
            return
        server = self.resources[-1]
        name = f"{prefix}{placed.address}"
        values = {"name": name, "parameter": known_only(parameters)}
        self.resources[-1] = replace(server, values={**server.values, "parameter_group_name": name})
        self.resources.append(Resource(document, name, kind, values))


_STATE = "give devenv the state ('terraform show -json') too"


def _facts(walk: _Walk, known: Known) -> list[Fact]:
    services, unnamed = service_facts(walk.resources, _MANNER)
    others, unread = content_facts(walk.resources, known, _MANNER)
    # What is not said here is said elsewhere, if by anybody: nothing failed.
    walk.notes.extend(replace(note, failed=False, untold=True) for note in (*unnamed, *unread))
    return [_with_doubt(fact, walk) for fact in (*services, *others)]


def _with_doubt(fact: Fact, walk: _Walk) -> Fact:
    if fact.version:
        return replace(fact, note="; ".join(part for part in (fact.note, WANTED) if part))
    unknown = walk.unknown.get(fact.evidence.address, {})
    reasons = [name for attribute, name in unknown.items() if "version" in attribute]
    note = f"its version depends on {reasons[0]}, which these files do not say: {_STATE}" if reasons else fact.note
    return replace(fact, note=note)
