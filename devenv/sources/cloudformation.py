"""CloudFormation templates, CDK's output among them: what somebody wants AWS to have."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any

from devenv.document import Document, items, table, text_at
from devenv.model.fact import Note, Reading, Trust
from devenv.model.record import record
from devenv.sources.cloudformation_types import NAMES, NEEDED, OWN, TYPES, Type
from devenv.sources.known import Known
from devenv.sources.terraform_contents import content_facts
from devenv.sources.terraform_resources import Manner, Resource, service_facts

NAME = "cloudformation"
_MANNER = Manner(NAME, seen=Trust.DECLARED, written=Trust.DECLARED)


#: What is read of a container: its environment is not so much as looked at.
_OF_CONTAINERS = ("Name", "Image", "Command", "EntryPoint")
_DEEPEST = 20


def recognises(document: Document) -> bool:
    """Whether it has resources of AWS' types."""
    resources = table(table(document.value).get("Resources"))
    return any(text_at(entry, "Type").startswith("AWS::") for entry in resources.values())


def parse(documents: Sequence[Document], known: Known) -> Reading:
    """Every service that templates want."""
    notes: list[Note] = []
    resources = [resource for document in documents for resource in _Template(document, notes).resources()]
    services, unnamed = service_facts(resources, _MANNER)
    others, unread = content_facts(resources, known, _MANNER)
    return Reading((*services, *others), tuple(dict.fromkeys((*notes, *unnamed, *unread))))


@record
class _Template:
    """One template; what it does not fill in itself is noted."""

    document: Document
    notes: list[Note] = field(default_factory=list)

    @property
    def _all(self) -> Mapping[str, Any]:
        return table(table(self.document.value).get("Resources"))

    def resources(self) -> Iterator[Resource]:
        for name, entry in self._all.items():
            if kind := TYPES.get(text_at(entry, "Type")):
                values = self._values(name, kind, table(table(entry).get("Properties")))
                yield Resource(self.document, name, kind.type, values, kind.word)

    def _values(self, name: str, kind: Type, properties: Mapping[str, Any]) -> dict[str, Any]:
        """The properties that are read, filled in; its name in the template where it has no other."""
        values = {}
        for head in {word.partition(".")[0]: None for word in kind.words.values() if word}:
            value = properties.get(head)
            if head == "ContainerDefinitions":
                value = [{key: table(entry).get(key) for key in _OF_CONTAINERS} for entry in items(value)]
            filled = self._filled(f"{name}.{head}", value, 0)
            if head == kind.encoded and isinstance(value, str):
                filled = _decoded(value)
            values[head] = filled
        for path in OWN & set(kind.words):
            if not self._is_foreign(kind, path):
                values[kind.words[path]] = self._name_of(name)
        return values

    def _is_foreign(self, kind: Type, path: str) -> bool:
        """Members name their cluster as a cluster names itself."""
        return path == "cluster_identifier" and "identifier" in kind.words

    def _name_of(self, name: str) -> str:
        """What a resource is called once it is there, or at least in the template."""
        entry = self._all.get(name)
        kind = TYPES.get(text_at(entry, "Type"))
        words = [word for word in NAMES if kind and word in kind.words.values()]
        given = self._filled("", table(table(entry).get("Properties")).get(words[0]), 0) if words else None
        return given if isinstance(given, str) and given else name

    def _filled(self, place: str, value: Any, depth: int) -> Any:
        """A value without references; None for what only AWS can tell."""
        if depth > _DEEPEST:
            return None
        if isinstance(value, list):
            return [self._filled(place, inner, depth + 1) for inner in value]
        if isinstance(value, str) and "{{resolve:" in value:
            self._unknown(place, "is looked up by AWS when it deploys")
            return None
        if not isinstance(value, dict):
            return value
        function, given = next(iter(value.items()), ("", None))
        function = "!Ref" if function == "Ref" else str(function).replace("Fn::", "!")
        if len(value) != 1 or not function.startswith("!"):
            return {str(key): self._filled(f"{place}.{key}", inner, depth + 1) for key, inner in value.items()}
        return self._called(place, function, given, depth)

    def _called(self, place: str, function: str, given: Any, depth: int) -> Any:
        """The value of a function of CloudFormation's."""
        if function == "!Ref" and isinstance(given, str):
            return self._referred(place, given, {})
        if function == "!GetAtt":
            return self._referred(place, str(items(given)[0] if items(given) else given).partition(".")[0], {})
        if function == "!Sub":
            pair = items(given) or [given]
            own = table(pair[1]) if len(pair) > 1 else {}
            own = {name: self._filled(place, inner, depth + 1) for name, inner in own.items()}
            return self._substituted(place, pair[0], own)
        if function == "!Base64":
            return self._filled(place, given, depth + 1)
        self._unknown(place, f"is worked out by AWS ({function[:30]})")
        return None

    def _substituted(self, place: str, text: Any, own: Mapping[str, Any]) -> str | None:
        if not isinstance(text, str):
            return None
        found = {name: self._referred(place, name, own) for name in re.findall(r"\$\{([\w:.]+)\}", text)}
        if any(value is None for value in found.values()):
            return None
        done = re.sub(r"\$\{([\w:.]+)\}", lambda match: str(found[match[1]]), str(text))
        return done.replace("${!", "${")

    def _referred(self, place: str, name: str, own: Mapping[str, Any]) -> str | None:
        """What a name stands for: a variable of the text itself, a parameter's default, a resource."""
        if isinstance(own.get(name), str):
            return text_at(own, name)
        head = name.partition(".")[0]
        if head in self._all:
            return self._name_of(head) if place else head
        parameter = table(table(self.document.value).get("Parameters")).get(name)
        is_plain = not text_at(parameter, "Type").startswith("AWS::SSM::")  # whose default is a name to look up
        if is_plain and text_at(parameter, "NoEcho").lower() != "true" and (said := text_at(parameter, "Default")):
            return said
        if name != "AWS::NoValue":
            self._unknown(place, f"unresolved variable {name}", failed="Version" not in place)
        return None

    def _unknown(self, place: str, said: str, *, failed: bool = True) -> None:
        address, _, head = place.partition(".")
        if head.rpartition(".")[2] in NEEDED:
            self.notes.append(Note(f"{head}: {said}", self.document.file, address=address, failed=failed))


def _decoded(text: str) -> str:
    """Base64 as text; a text that is none is what it is."""
    try:
        return base64.b64decode(text, validate=True).decode()
    except ValueError:
        return text
