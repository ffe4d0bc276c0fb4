"""Helmfile: the releases that it installs, each a chart with values of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from devenv.document import Document, at, items, table, text_at
from devenv.model.fact import Evidence, Fact, Note, Trust
from devenv.sources.charts import Chart, among_values, chart_fact
from devenv.sources.known import Known

_NAME = "helm"


def is_helmfile(value: Any) -> bool:
    """Whether a table lists releases of charts."""
    releases = items(at(value, "releases"))
    return bool(releases) and all(text_at(entry, "name") and text_at(entry, "chart") for entry in releases)


def helmfile_facts(document: Document, known: Known) -> Iterator[tuple[Fact | None, tuple[Note, ...]]]:
    """The service that each release is, or those whose images are among its values."""
    for value in document.values:
        places = {text_at(entry, "name"): text_at(entry, "url") for entry in items(at(value, "repositories"))}
        for index, entry in enumerate(items(at(value, "releases"))):
            if text_at(entry, "installed").lower() in ("false", "no", "off"):
                continue
            chart = _chart(document, index, entry, places)
            fact, notes = chart_fact(chart, known)
            yield fact, notes
            if fact is None:
                yield from among_values(chart, known)


def _chart(document: Document, index: int, entry: Any, places: dict[str, str]) -> Chart:
    repository, _, name = text_at(entry, "chart").rpartition("/")
    release = text_at(entry, "name")
    address = "/".join(part for part in (text_at(entry, "namespace"), release) if part)
    values: dict[str, Any] = {}
    for given in items(at(entry, "values")):
        values |= table(given)  # files of values are documents of their own
    return Chart(
        name,
        text_at(entry, "version"),
        Evidence(_NAME, document.file, address, f"releases[{index}].version", document.day),
        Trust.DECLARED,
        release,
        places.get(repository) or repository,
        values=values or None,
        values_at=Evidence(_NAME, document.file, address, f"releases[{index}].values", document.day),
    )
