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

from devenv.document import Document, items, text_at
from devenv.model.fact import Companion, Fact, Note, Reading, Trust
from devenv.model.record import record
from devenv.sources.known import Known
from devenv.sources.terraform_contents import content_facts
from devenv.sources.terraform_files import CODE, VALUES, Folder, Written, local, read_folders
from devenv.sources.terraform_instances import Placed, instances
from devenv.sources.terraform_modules import TELLING, attributes, made_by
from devenv.sources.terraform_resources import Manner, Resource, service_facts
from devenv.sources.terraform_scope import Checkout, Scope, Unknown
from devenv.sources.terraform_tables import GROUPS, SERVICES
from devenv.sources.terraform_values import known_only

NAME = "terraform"
_MANNER = Manner(NAME, seen=Trust.WANTED, written=Trust.WANTED)
#: How a block begins that is Terraform's alone.
_BLOCK = re.compile(r'(?:terraform|(?:provider|module|resource|data|output)\s+"[^"]+"(?:\s+"[^"]+")?)\s*\{')
#: Modules that call one another.
_DEEPEST = 10
WANTED = "wanted by configuration, not proven to run"


def recognises(document: Document) -> bool:
    """Whether it is configuration, or values for it."""
    if document.name.endswith((*CODE, *VALUES)):
        return True
    lines = document.values if document.format == "text" else ()
    return any(_BLOCK.match(line) for line in lines if isinstance(line, str))


def parse(documents: Sequence[Document], known: Known) -> Reading:
    """The services of all modules that no other module calls, and of those that they call."""
    notes: list[Note] = []
    folders, texts = read_folders(documents, notes)
    called = {call.path for folder in folders.values() for call in folder.calls().values()}
    checkout = Checkout({path: folder.module() for path, folder in folders.items()}, texts)
    facts: list[Fact] = []
    for path in _roots(folders, called):
        walk = _Walk(folders, checkout, notes)
        walk.enter(folders[path], {}, "", 0)
        facts += _facts(walk, known)
    companions = [companion for path in folders for companion in _companions(path, folders)]
    companions += [Companion(path, NAME) for path in checkout.wanted]
    return Reading(tuple(facts), tuple(dict.fromkeys(notes)), companions=tuple(dict.fromkeys(companions)))


def _roots(folders: Mapping[str, Folder], called: set[str]) -> list[str]:
    """The folders that are configurations of their own: somebody named a file of theirs, and no other calls them. A
    module that is kept among others and that nobody calls makes nothing."""
    roots = [path for path, folder in folders.items() if folder.given and path not in called]
    uncalled = [path for path in roots if "modules" in path.split("/")]
    return [path for path in roots if path not in uncalled] or roots


def _companions(path: str, folders: Mapping[str, Folder]) -> Iterator[Companion]:
    """What stands beside the files that were named, and the modules that they call."""
    folder = folders[path]
    if folder.given:
        endings: tuple[str, ...] = (*CODE, *VALUES)
        yield from (Companion(_pattern(path, ending), NAME) for ending in endings)
    for call in folder.calls().values():
        yield from (Companion(_pattern(call.path, ending), NAME) for ending in CODE)


def _pattern(folder: str, ending: str) -> str:
    plain = re.sub(r"([*?[])", r"[\1]", folder)
    return posixpath.join(plain, f"*{ending}") if plain != "." else f"*{ending}"


@record
class _Walk:
    """One configuration with the modules that it calls: what comes of it. ``unknown`` says of a resource's address
    which attributes depend on what nobody here knows."""

    folders: Mapping[str, Folder]
    checkout: Checkout
    notes: list[Note]
    resources: list[Resource] = field(default_factory=list)
    unknown: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def enter(self, folder: Folder, arguments: Mapping[str, Any], prefix: str, depth: int) -> None:
        """Take up the resources of a module, which its caller gives ``arguments``."""
        variables = {**folder.variables, **(folder.values if depth == 0 else {}), **arguments}
        scope = Scope(self.checkout, self.checkout.modules[folder.path], variables)
        for written in folder.resources:
            if depth or written.given:
                for placed in instances(written.type, written.name, written.body, scope):
                    self._take(written.document, written.type, prefix, placed)
        for module in folder.modules:
            if depth or module.given:
                self._call(folder, module, scope, prefix, depth)

    def _call(self, folder: Folder, module: Written, scope: Scope, prefix: str, depth: int) -> None:
        source = text_at(module.body, "source")
        target = local(folder.path, source)
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
