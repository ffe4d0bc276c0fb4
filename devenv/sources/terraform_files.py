"""The files of Terraform's configuration -> what each folder, which is a module, says; nothing of it worked out.

Override files come last and replace what the others say, attribute by attribute and locals name by name:
https://developer.hashicorp.com/terraform/language/files/override
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from typing import Any

from devenv.document import Document, table, text_at
from devenv.model.fact import Note
from devenv.model.record import record
from devenv.sources import hcl
from devenv.sources.terraform_scope import Call, Module, Unknown
from devenv.sources.terraform_tables import READ

CODE = (".tf", ".tofu", ".tf.json", ".tofu.json")
VALUES = (".tfvars", ".tfvars.json")
#: Files of values that Terraform reads by itself, and those that people name for production.
_READ_BY_ITSELF = re.compile(r"terraform\.tfvars(?:\.json)?|.*\.auto\.tfvars(?:\.json)?")
_OF_PRODUCTION = re.compile(r"(?:.*[._-])?prod(?:uction)?(?:[._-].*)?\.tfvars(?:\.json)?")
_OVERRIDE = re.compile(r"(?:.*_)?override\.(?:tf|tofu)(?:\.json)?")
_LONGEST_PATH = 1000


@record
class Written:
    """A block of a file, parsed: ``name`` is its label, ``type`` a resource's. ``given``: somebody named the file."""

    document: Document
    name: str
    body: Mapping[str, Any]
    type: str = ""
    given: bool = False


@record
class Folder:
    """All that the files of a folder say. ``given`` are those files that somebody named; the others are beside them."""

    path: str
    given: set[str] = field(default_factory=set)
    variables: dict[str, Any] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    locals: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    resources: list[Written] = field(default_factory=list)
    modules: list[Written] = field(default_factory=list)

    def calls(self) -> dict[str, Call]:
        """The modules of this checkout that this one calls, by name."""
        targets = {module.name: (local(self.path, text_at(module.body, "source")), module) for module in self.modules}
        return {name: Call(path, module.body) for name, (path, module) in targets.items() if path is not None}

    def module(self) -> Module:
        """What expressions of this folder may name."""
        attributes = {f"{each.type}.{each.name}": each.body for each in self.resources}
        return Module(self.path, self.variables, self.locals, attributes, self.outputs, self.calls())


def local(folder: str, source: str) -> str | None:
    """The folder of a module that is called by a path; None for one that comes from elsewhere."""
    if not source.startswith(("./", "../")) or len(source) > _LONGEST_PATH or "\0" in source:
        return None
    return posixpath.normpath(posixpath.join(folder, source))


def read_folders(documents: Sequence[Document], notes: list[Note]) -> tuple[dict[str, Folder], dict[str, str]]:
    """The folders by their path, and the texts of the files that expressions name."""
    by_path: dict[str, Document] = {}
    for document in sorted(documents, key=lambda each: each.source):
        by_path.setdefault(posixpath.normpath(document.file), document)
    folders: dict[str, Folder] = {}
    texts: dict[str, str] = {}
    for file, document in sorted(by_path.items(), key=lambda item: (_is_override(item[1]), item[0])):
        if document.source and not document.name.endswith((*CODE, *VALUES)):
            texts[file] = _text(document)
            continue
        path = posixpath.dirname(file) or "."
        folder = folders.setdefault(path, Folder(path))
        if not document.source:
            folder.given.add(document.file)
        if document.name.endswith(VALUES):
            _add_values(folder, document, notes)
        else:
            for kind, labels, body in _blocks(document, notes):
                _add(folder, document, kind, labels, body)
    return folders, texts


def _is_override(document: Document) -> bool:
    return _OVERRIDE.fullmatch(document.name) is not None


def _add_values(folder: Folder, document: Document, notes: list[Note]) -> None:
    """Values that Terraform reads by itself, or that are production's by their name."""
    if not _READ_BY_ITSELF.fullmatch(document.name) and not _OF_PRODUCTION.fullmatch(document.name):
        return
    try:
        folder.values.update(table(document.value) if document.format == "json" else hcl.parse(_text(document)))
    except hcl.NotHcl:
        notes.append(Note("is not HCL that devenv can read", document.file, untold=True))


def _text(document: Document) -> str:
    """The text of a file; of YAML and JSON one that says the same."""
    if document.format == "text":
        return "\n".join(line for line in document.values if isinstance(line, str))
    return "\n---\n".join(json.dumps(value) for value in document.values)


_Found = tuple[str, tuple[str, ...], Any]


def _blocks(document: Document, notes: list[Note]) -> Iterator[_Found]:
    """(kind, labels, body) of those blocks that are read here."""
    if document.format == "json":
        yield from _of_json(table(document.value))
        return
    for block in hcl.blocks(_text(document)):
        is_read = block.kind in ("variable", "locals", "module", "output") or (
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
    for kind in ("variable", "module", "output"):
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


def _add(folder: Folder, document: Document, kind: str, labels: Sequence[str], body: Any) -> None:
    if not isinstance(body, dict):
        return
    if kind == "locals":
        folder.locals.update(body)
    elif kind == "variable" and labels:
        _add_variable(folder, document, labels[0], body)
    elif kind == "output" and labels:
        folder.outputs[labels[0]] = body.get("value")
    elif kind == "module" and labels:
        _add_block(folder, folder.modules, Written(document, labels[0], body))
    elif kind == "resource" and len(labels) > 1:
        _add_block(folder, folder.resources, Written(document, labels[1], body, labels[0]))


def _add_variable(folder: Folder, document: Document, name: str, body: Mapping[str, Any]) -> None:
    if "default" in body or not _is_override(document):
        folder.variables[name] = body.get("default", Unknown(f"var.{name}"))


def _add_block(folder: Folder, blocks: list[Written], block: Written) -> None:
    """Add a block, or lay one of an override file over the block of the same name. The file that says the version is
    the one that people look for."""
    for index, under in enumerate(blocks if _is_override(block.document) else ()):
        if (under.type, under.name) == (block.type, block.name):
            says_version = any("version" in key for key in block.body)
            document = block.document if says_version else under.document
            blocks[index] = replace(under, document=document, body={**under.body, **block.body})
            return
    blocks.append(replace(block, given=block.document.file in folder.given))
