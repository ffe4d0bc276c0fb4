"""Charts that a kustomization inflates: ``helmCharts``, with their values inline and in files beside it.

https://kubectl.docs.kubernetes.io/references/kustomize/builtins/#_helmchartinflationgenerator_
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from devenv.document import Document, at, items, text_at
from devenv.model.fact import Evidence
from devenv.sources.charts import Chart, among_values, chart_fact
from devenv.sources.helm_values import merged
from devenv.sources.known import Known
from devenv.sources.kubernetes_objects import NAME, Object
from devenv.sources.kubernetes_releases import Found, trust_of

_LONGEST_PATH = 1000
#: Values, and where they stand.
_Layer = tuple[Any, Evidence]


def kustomized_charts(item: Object, files: Mapping[str, Document], known: Known) -> Iterator[Found]:
    """The services of a kustomization's charts; ``files`` are those of values by their path."""
    for index, entry in enumerate(items(at(item.value, "helmCharts"))):
        layers = _layers(item, index, files)
        values: Any = None
        for layer, _ in layers:
            values = merged(values, layer)
        chart = Chart(
            text_at(entry, "name"),
            text_at(entry, "version"),
            item.evidence(f"helmCharts[{index}].version"),
            trust_of(item),
            text_at(entry, "releaseName") or text_at(entry, "name"),
            text_at(entry, "repo"),
            values=values,
            values_at=_says_tag(layers),
        )
        fact, notes = chart_fact(chart, known)
        yield fact, notes
        if fact is None:
            yield from among_values(chart, known)


def values_files(item: Object) -> Iterator[str]:
    """The paths of all files of values that a kustomization's charts are given."""
    for entry in items(at(item.value, "helmCharts")):
        yield from _paths(item, [at(entry, "valuesFile"), *items(at(entry, "additionalValuesFiles"))])


def _paths(item: Object, names: Sequence[Any]) -> Iterator[str]:
    folder = posixpath.dirname(item.document.file)
    for name in names:
        is_plain = isinstance(name, str) and len(name) <= _LONGEST_PATH and not re.search(r"[\0*?\[]|^/", name)
        if name and is_plain:
            yield posixpath.normpath(posixpath.join(folder, name))


def _layers(item: Object, index: int, files: Mapping[str, Document]) -> list[_Layer]:
    """The values of a chart, the least important first. ``valuesMerge`` says whether those that stand inline count more
    than the file's (``override``, the default), less (``merge``), or alone (``replace``)."""
    entry = at(item.value, "helmCharts", index)
    path = f"helmCharts[{index}].valuesInline"
    inline: list[_Layer] = [(at(entry, "valuesInline"), item.evidence(path))] if at(entry, "valuesInline") else []
    own = _of_files(_paths(item, [at(entry, "valuesFile")]), files)
    more = _of_files(_paths(item, items(at(entry, "additionalValuesFiles"))), files)
    how = text_at(entry, "valuesMerge")
    if inline and how == "replace":
        return [*inline, *more]
    return [*inline, *own, *more] if how == "merge" else [*own, *inline, *more]


def _of_files(paths: Iterator[str], files: Mapping[str, Document]) -> list[_Layer]:
    found = [files[path] for path in paths if path in files]
    return [
        (document.value, Evidence(NAME, document.file, attribute="image.tag", date=document.day)) for document in found
    ]


def _says_tag(layers: Sequence[_Layer]) -> Evidence | None:
    """The evidence of the layer that decides on the image; of the last one where none names it."""
    deciding = [evidence for values, evidence in layers if at(values, "image", "tag") is not None]
    candidates = deciding or [evidence for _, evidence in layers]
    return candidates[-1] if candidates else None
