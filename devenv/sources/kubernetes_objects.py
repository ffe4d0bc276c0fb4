"""Kubernetes objects, one by one, out of files, lists and what ``kubectl get`` prints. Secrets do not come out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from devenv.document import Document, at, items, table, text_at
from devenv.model.fact import Evidence, Trust
from devenv.model.record import record

NAME = "kubernetes"
#: A controller's controller's controller: a Pod's, a ReplicaSet's, a Deployment's, an operator's object's.
_HIGHEST = 6
_KUSTOMIZE_KEYS = """
apiVersion kind metadata resources bases components images namespace namePrefix nameSuffix commonLabels labels
commonAnnotations patches patchesStrategicMerge patchesJson6902 configMapGenerator secretGenerator generatorOptions
replicas vars replacements crds helmCharts helmGlobals transformers generators validators openapi configurations
buildMetadata sortOptions
"""
_OF_KUSTOMIZE = frozenset(_KUSTOMIZE_KEYS.split())


@record
class Object:
    """One object. ``listed``: it came in a list, as ``kubectl get`` prints several."""

    document: Document
    value: Mapping[str, Any]
    listed: bool = False

    @property
    def kind(self) -> str:
        """``StatefulSet``"""
        return text_at(self.value, "kind")

    @property
    def group(self) -> str:
        """``apps``; "" for the first of all groups."""
        group, slash, _ = text_at(self.value, "apiVersion").partition("/")
        return group if slash else ""

    @property
    def name(self) -> str:
        """``db``"""
        return text_at(self.value, "metadata", "name")

    @property
    def namespace(self) -> str:
        """``prod``; "" where that is left to the command that applies the object."""
        return text_at(self.value, "metadata", "namespace")

    @property
    def address(self) -> str:
        """``prod/StatefulSet/db``"""
        return "/".join(part for part in (self.namespace, self.kind, self.name) if part)

    @property
    def live(self) -> bool:
        """Whether a cluster answered this: only what is in one has a uid. Commands also print what they render."""
        asked = self.document.format == "json" and (self.document.asked or self.listed)
        return asked or bool(text_at(self.value, "metadata", "uid"))

    @property
    def trust(self) -> Trust:
        """How much what it says is to be believed."""
        return Trust.ASKED if self.live else Trust.RENDERED

    def evidence(self, attribute: str) -> Evidence:
        """Evidence that this object is, for what one of its attributes says."""
        return Evidence(NAME, self.document.file, self.address, attribute, self.document.day)

    def label(self, name: str) -> str:
        """The value of one of its labels; "" for one that it has not."""
        return text_at(self.value, "metadata", "labels", name)


def objects_in(documents: Iterable[Document]) -> Iterator[Object]:
    """All objects but Secrets, which are left before anything else of them is looked at."""
    for document in documents:
        for value in document.values:
            for entry in items(value) or (value,):
                yield from _objects(document, table(entry))


def _objects(document: Document, value: Mapping[str, Any]) -> Iterator[Object]:
    kind = text_at(value, "kind")
    of = kind.removesuffix("List")
    if "Secret" in (kind, of) or not (kind or is_kustomization(value)):
        return
    if of == kind or not isinstance(value.get("items"), list):
        yield Object(document, value)
        return
    for entry in items(value.get("items")):
        if isinstance(entry, dict) and entry.get("kind", of) != "Secret":
            # The lists of the API itself say only once what they are lists of.
            yield Object(document, {"apiVersion": value.get("apiVersion"), "kind": of, **entry}, listed=True)


def is_kustomization(value: Any) -> bool:
    """Whether a table is a kustomization, which need not say that it is."""
    if "kustomize.config.k8s.io" in text_at(value, "apiVersion"):
        return True
    lists = (at(value, key) for key in ("resources", "bases", "components", "images", "helmCharts"))
    return any(isinstance(found, list) for found in lists) and all(key in _OF_KUSTOMIZE for key in value)


@record
class Cluster:
    """All objects at once, to find what one says of another."""

    by_name: Mapping[tuple[str, str, str], Object]
    by_kind: Mapping[str, Sequence[Object]]

    @staticmethod
    def of(objects: Sequence[Object]) -> Cluster:
        """The first of several with one name is the one that is found by it."""
        by_name: dict[tuple[str, str, str], Object] = {}
        by_kind: dict[str, list[Object]] = {}
        for item in objects:
            by_name.setdefault((item.namespace, item.kind, item.name), item)
            by_kind.setdefault(item.kind, []).append(item)
        return Cluster(by_name, by_kind)

    def find(self, kind: str, name: str, near: Object) -> Object | None:
        """An object of the same namespace, or of none: files often leave it to the command that applies them."""
        for namespace in dict.fromkeys((near.namespace, "")):
            if found := self.by_name.get((namespace, kind, name)):
                return found
        return None

    def config(self, name: str, near: Object) -> Mapping[str, Any]:
        """The files of a ConfigMap."""
        found = self.find("ConfigMap", name, near) if name else None
        return table(found.value.get("data")) if found else {}

    def of_kind(self, kind: str, group: str, namespace: str) -> Iterator[Object]:
        """All objects of a kind in a namespace."""
        for item in self.by_kind.get(kind, ()):
            if item.group == group and item.namespace in (namespace, ""):
                yield item

    def owners(self, item: Object) -> Iterator[tuple[str, str]]:
        """(kind, name) of whatever made an object, and of what made that, as far as it is known."""
        for _ in range(_HIGHEST):
            references = [table(entry) for entry in items(at(item.value, "metadata", "ownerReferences"))]
            reference = next((entry for entry in references if text_at(entry, "controller") != "false"), None)
            kind, name = text_at(reference, "kind"), text_at(reference, "name")
            if not kind or not name:
                return
            yield kind, name
            above = self.find(kind, name, item)
            if above is None and kind == "ReplicaSet" and "-" in name:
                yield "Deployment", name.rpartition("-")[0]  # by the name that a Deployment gives it
            if above is None or above is item:
                return
            item = above
