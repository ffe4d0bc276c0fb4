"""Kubernetes: manifests, what renders them, and what ``kubectl get -o json`` prints."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from devenv.document import Document, items, table
from devenv.model.fact import Companion, Fact, Note, Reading
from devenv.sources.known import Known
from devenv.sources.kubeblocks import is_kubeblocks, kubeblocks_facts
from devenv.sources.kubernetes_images import Overrides
from devenv.sources.kubernetes_managed import managed_facts
from devenv.sources.kubernetes_objects import NAME, Cluster, Object, is_kustomization, objects_in
from devenv.sources.kubernetes_releases import is_release, release_facts
from devenv.sources.kubernetes_workloads import is_workload, workload_facts
from devenv.sources.kustomize_charts import kustomized_charts, values_files
from devenv.sources.operators import operator_of
from devenv.sources.operators_facts import operator_fact

__all__ = ["NAME", "parse", "recognises"]


def recognises(document: Document) -> bool:
    """Whether a document holds objects of Kubernetes, or is a kustomization."""
    return any(_is_object(entry) for value in document.values for entry in (items(value)[:1] or (value,)))


def _is_object(value: Any) -> bool:
    entry = table(value)
    named = isinstance(entry.get("apiVersion"), str) and isinstance(entry.get("kind"), str)
    return named or is_kustomization(entry)


def parse(documents: Sequence[Document], known: Known) -> Reading:
    """The services that workloads, operators and releases run; all objects of a source may speak of one another."""
    files = {posixpath.normpath(document.file): document for document in documents}
    values = {path: document for path, document in files.items() if document.source}
    objects = tuple(objects_in(document for document in documents if not document.source))
    cluster, overrides = Cluster.of(objects), Overrides.of(objects)
    facts: list[Fact] = []
    notes: dict[Note, None] = {}
    for fact, said in _found(objects, cluster, overrides, values, known):
        facts += [fact] if fact else []
        notes.update(dict.fromkeys(said))
    if facts:
        notes.update(dict.fromkeys(overrides.patched()))
    paths = [path for item in objects if is_kustomization(item.value) for path in values_files(item)]
    companions = tuple(Companion(path, NAME) for path in dict.fromkeys(paths))
    return Reading(tuple(facts), tuple(notes), tuple(dict.fromkeys(overrides.missing(files))), companions)


def _found(
    objects: Sequence[Object],
    cluster: Cluster,
    overrides: Overrides,
    values: Mapping[str, Document],
    known: Known,
) -> Iterator[tuple[Fact | None, tuple[Note, ...]]]:
    for item in objects:
        if row := operator_of(item):
            yield operator_fact(item, row, cluster, known)
        elif is_kubeblocks(item):
            for fact in kubeblocks_facts(item, known):
                yield fact, ()
        elif is_release(item):
            yield from release_facts(item, cluster, known)
        elif is_workload(item):
            yield from workload_facts(item, cluster, overrides, known)
        elif is_kustomization(item.value):
            yield from kustomized_charts(item, values, known)
    managed, unclear = managed_facts(objects)
    for fact in managed:
        yield fact, ()
    yield None, tuple(unclear)
    yield from overrides.alone(objects, known)
