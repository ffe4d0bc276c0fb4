"""Charts that Flux and Argo CD install."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from devenv import yamlio
from devenv.document import at, items, text_at
from devenv.model.fact import Fact, Note, Trust
from devenv.sources.charts import Chart, among_values, chart_fact
from devenv.sources.image_facts import Sighting, fact_of
from devenv.sources.known import Known
from devenv.sources.kubernetes_objects import Cluster, Object

#: Values as text that are longer are nobody's.
_LONGEST = 1024 * 1024
Found = tuple[Fact | None, tuple[Note, ...]]


def is_release(item: Object) -> bool:
    """Whether an object asks for a chart to be installed."""
    return item.kind in _READERS and item.group.endswith(("fluxcd.io", "argoproj.io", "cattle.io"))


def release_facts(item: Object, cluster: Cluster, known: Known) -> Iterator[Found]:
    """The service that a release is, and those whose images are among its values."""
    for chart in _READERS[item.kind](item, cluster):
        fact, notes = chart_fact(chart, known)
        yield fact, notes
        if fact is None:
            yield from among_values(chart, known)
    for index, text in enumerate(_kustomized(item)):
        name, _, image = text.rpartition("=")
        evidence = item.evidence(f"spec.source.kustomize.images[{index}]")
        yield fact_of(Sighting(image, evidence, item.trust, name.rpartition("/")[2] or item.name), known)


def trust_of(item: Object) -> Trust:
    """A chart's version says less surely what runs than a manifest does."""
    return Trust.ASKED if item.live else Trust.DECLARED


def _of_flux(item: Object, cluster: Cluster) -> Iterator[Chart]:
    """``spec.chart.spec``, in Flux 1 ``spec.chart``; a live one also has what the installed chart said of itself."""
    newest = at(item.value, "status", "history", 0)
    spec = at(item.value, "spec", "chart", "spec")
    path = "spec.chart.spec.version"
    if spec is None:
        spec, path = at(item.value, "spec", "chart"), "spec.chart.version"
    name, version = text_at(spec, "chart") or text_at(spec, "name"), text_at(spec, "version")
    address, evidence = text_at(spec, "repository") or _repository(spec, item, cluster), item.evidence(path)
    if source := _referred(item, cluster):
        address, _, name = text_at(source.value, "spec", "url").rpartition("/")
        version, evidence = text_at(source.value, "spec", "ref", "tag"), source.evidence("spec.ref.tag")
    app = text_at(newest, "appVersion")
    values = at(item.value, "spec", "values")
    yield Chart(
        text_at(newest, "chartName") or name.rpartition("/")[2],
        text_at(newest, "chartVersion") or version,
        item.evidence("status.history[0].appVersion") if app else evidence,
        trust_of(item),
        item.name,
        address,
        app,
        values,
        item.evidence("spec.values"),
    )


def _referred(item: Object, cluster: Cluster) -> Object | None:
    """The ``OCIRepository`` that is a release's chart, if it is here."""
    reference = at(item.value, "spec", "chartRef")
    if text_at(reference, "kind") != "OCIRepository":
        return None
    places = [other for other in cluster.by_kind.get("OCIRepository", ()) if other.name == text_at(reference, "name")]
    wanted = text_at(reference, "namespace") or item.namespace
    return next((other for other in places if other.namespace == wanted), places[0] if places else None)


def _repository(spec: Any, item: Object, cluster: Cluster) -> str:
    """The address of the repository that a release names, if it is here."""
    name = text_at(spec, "sourceRef", "name")
    places = cluster.by_kind.get("HelmRepository", ())  # often in a namespace of their own
    found = next((other for other in places if other.name == name), None) if name else None
    return text_at(found.value, "spec", "url") if found else ""


def _of_argo(item: Object, cluster: Cluster) -> Iterator[Chart]:
    """``spec.source`` or ``spec.sources``; an ApplicationSet has a template of it."""
    prefix = ("spec", "template", "spec") if item.kind == "ApplicationSet" else ("spec",)
    single = at(item.value, *prefix, "source")
    several = items(at(item.value, *prefix, "sources"))
    for source, key in [(single, "source"), *((other, f"sources[{n}]") for n, other in enumerate(several))]:
        place = ".".join((*prefix, key))
        if text_at(source, "chart"):
            yield Chart(
                text_at(source, "chart").rpartition("/")[2],
                text_at(source, "targetRevision"),
                item.evidence(f"{place}.targetRevision"),
                trust_of(item),
                text_at(source, "helm", "releaseName") or item.name,
                text_at(source, "repoURL"),
                values=_values_of_argo(at(source, "helm")),
                values_at=item.evidence(f"{place}.helm"),
            )


def _values_of_argo(helm: Any) -> Any:
    """``valuesObject``, else ``values`` as text, with ``parameters`` on top."""
    values = at(helm, "valuesObject")
    if not isinstance(values, dict):
        values = _parsed(text_at(helm, "values"))
    values = dict(values) if isinstance(values, dict) else {}
    for parameter in items(at(helm, "parameters")):
        _put(values, text_at(parameter, "name").split("."), text_at(parameter, "value"))
    return values


def _parsed(text: str) -> Any:
    try:
        return yamlio.parse_texts(text)[0][0] if 0 < len(text) <= _LONGEST else None
    except (yamlio.YamlError, IndexError):
        return None


def _put(values: dict[str, Any], path: list[str], value: str) -> None:
    for key in path[:-1]:
        inner = values.get(key)
        values[key] = inner = dict(inner) if isinstance(inner, dict) else {}
        values = inner
    values[path[-1]] = value


def _of_k3s(item: Object, cluster: Cluster) -> Iterator[Chart]:
    """K3s's own ``HelmChart``, with its values as text."""
    yield Chart(
        text_at(item.value, "spec", "chart").rpartition("/")[2],
        text_at(item.value, "spec", "version"),
        item.evidence("spec.version"),
        trust_of(item),
        item.name,
        text_at(item.value, "spec", "repo"),
        values=_parsed(text_at(item.value, "spec", "valuesContent")),
        values_at=item.evidence("spec.valuesContent"),
    )


def _kustomized(item: Object) -> list[str]:
    """Argo CD's overrides of images: ``postgres:15.4``, ``postgres=mirror/postgres:15.4``."""
    images = items(at(item.value, "spec", "source", "kustomize", "images"))
    return [image for image in images if isinstance(image, str)]


_READERS = {
    "HelmRelease": _of_flux,
    "Application": _of_argo,
    "ApplicationSet": _of_argo,
    "HelmChart": _of_k3s,
}
