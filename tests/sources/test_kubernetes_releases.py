from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from devenv.document import Document, decode
from devenv.model.fact import Evidence, Fact, Note, Precision, Status, Trust
from devenv.sources.known import Known
from devenv.sources.kubernetes import parse, recognises

DAY = "2026-11-24"
PATCH, NONE = Precision.PATCH, Precision.NONE
KNOWN = Known(
    {"postgres": "postgres", "bitnami/postgresql": "postgres", "redis": "redis", "bitnami/redis": "redis"},
    {"postgresql": (("14.0.3", "16.2.0"), ("15.2.11", "16.3.0")), "redis": (("18.0.0", "7.2.0"), ("19.3.4", "7.2.5"))},
)
INSTALLS = "chart postgresql 14.2.3 installs 16.2"


def yaml(text: str) -> Document:
    return decode("apps.yaml", text.encode(), day=DAY)


def fact(kind: str, version: str, precision: Precision, address: str, attribute: str, **more: Any) -> Fact:
    more.setdefault("status", Status.ACTUAL if version else Status.UNKNOWN)
    more.setdefault("trust", Trust.DECLARED)
    more.setdefault("name", address.rpartition("/")[2])
    return Fact(kind, Evidence("kubernetes", "apps.yaml", address, attribute, DAY), version, precision, **more)


FLUX = """
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: db, namespace: prod}
spec:
  chart: {spec: {chart: postgresql, version: VERSION, sourceRef: {kind: HelmRepository, name: charts}}}
  values: VALUES
"""


def flux(version: str = "14.2.3", values: str = "{}", rest: str = "") -> Document:
    return yaml(FLUX.replace("VERSION", version).replace("VALUES", values) + rest)


def test_flux_by_the_table() -> None:
    reading = parse([flux(values="{auth: {password: canary}, primary: {extendedConfiguration: 'jit = off'}}")], KNOWN)
    where = ("prod/HelmRelease/db", "spec.chart.spec.version")
    assert reading.facts == (fact("postgres", "16.2", PATCH, *where, settings={"jit": "off"}, note=INSTALLS),)
    assert reading.notes == ()
    assert "canary" not in repr(reading)


def test_flux_where_the_values_name_an_image() -> None:
    (found,) = parse([flux(values="{image: {tag: 16.4.0-debian-12-r0}}")], KNOWN).facts
    assert found == fact("postgres", "16.4", PATCH, "prod/HelmRelease/db", "image.tag")


def test_flux_with_a_repository_that_is_somebody_elses() -> None:
    repository = """---
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {name: charts}
spec: {url: "https://me:canary@example.com/charts"}
"""
    reading = parse([flux(rest=repository)], KNOWN)
    said = "chart postgresql does not say which version it installs; 'helm list -o json' does"
    where = ("prod/HelmRelease/db", "spec.chart.spec.version")
    assert reading.facts == (fact("postgres", "", NONE, *where, note=said),)
    assert "canary" not in repr(reading)
    bitnami = repository.replace("me:canary@example.com/charts", "charts.bitnami.com/bitnami")
    assert parse([flux(rest=bitnami)], KNOWN).facts[0].version == "16.2"


def test_flux_as_it_is_installed() -> None:
    status = "status: {history: [{chartName: postgresql, chartVersion: 15.5.0, appVersion: 16.3.0}]}\n"
    assert parse([flux(rest=status)], KNOWN).facts == (
        fact("postgres", "16.3", PATCH, "prod/HelmRelease/db", "status.history[0].appVersion"),
    )


def test_ranges_and_variables() -> None:
    said = "chart postgresql does not say which version it installs; 'helm list -o json' does"
    where = ("prod/HelmRelease/db", "spec.chart.spec.version")
    assert parse([flux("14.x")], KNOWN).facts == (fact("postgres", "", NONE, *where, note=said),)
    assert parse([flux("'${CHART:=14.2.3}'")], KNOWN).facts == (fact("postgres", "16.2", PATCH, *where, note=INSTALLS),)
    unresolved = parse([flux("'${CHART}'")], KNOWN)
    assert unresolved.facts == (fact("postgres", "", NONE, *where, note=said),)
    assert unresolved.notes == (
        Note(
            "the variable CHART is not filled in, so the version is unknown", "apps.yaml", address="prod/HelmRelease/db"
        ),
    )
    tag = parse([flux(values="{image: {tag: '${TAG}'}}")], KNOWN)
    assert tag.facts == (fact("postgres", "16.2", PATCH, *where, note=INSTALLS),)
    assert tag.notes == (
        Note(
            "the variable TAG is not filled in, so the version is unknown", "apps.yaml", address="prod/HelmRelease/db"
        ),
    )


def test_an_applications_chart_with_services_below_it() -> None:
    values = """
    web: {image: {repository: acme/web, tag: "1"}}
    cache: {image: {repository: redis, tag: 7.2.4-alpine}, commonConfiguration: "appendonly yes"}
    off: {enabled: false, image: {repository: redis, tag: "6.0"}}
"""
    text = FLUX.replace("postgresql", "shop").replace("VERSION", "1.0.0").replace("VALUES", values)
    assert parse([yaml(text)], KNOWN).facts == (
        fact(
            "redis", "7.2.4", PATCH, "prod/HelmRelease/db", "spec.values.cache.image", name="cache", variant="alpine",
            settings={"appendonly": "yes"},
        ),
    )  # fmt: skip


def test_flux_1() -> None:
    text = """
apiVersion: helm.fluxcd.io/v1
kind: HelmRelease
metadata: {name: db}
spec: {chart: {repository: "https://charts.bitnami.com/bitnami", name: postgresql, version: 14.2.3}}
"""
    assert parse([yaml(text)], KNOWN).facts == (
        fact("postgres", "16.2", PATCH, "HelmRelease/db", "spec.chart.version", note=INSTALLS),
    )


@pytest.mark.parametrize(
    ("helm", "version", "attribute", "note"),
    [
        ("{}", "16.2", "spec.source.targetRevision", INSTALLS),
        ("{valuesObject: {image: {tag: '16.4.0'}}}", "16.4", "image.tag", ""),
        ("{values: 'image: {tag: 16.4.0}'}", "16.4", "image.tag", ""),
        ("{values: 'image: {tag: [', parameters: x}", "16.2", "spec.source.targetRevision", INSTALLS),
        ("{values: 'image: {tag: 16.4.0}', parameters: [{name: image.tag, value: 16.1.0}]}", "16.1", "image.tag", ""),
    ],
)
def test_argo(helm: str, version: str, attribute: str, note: str) -> None:
    text = f"""
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: db, namespace: argocd}}
spec:
  source:
    chart: postgresql
    repoURL: registry-1.docker.io/bitnamicharts
    targetRevision: 14.2.3
    helm: {helm}
"""
    assert parse([yaml(text)], KNOWN).facts == (
        fact("postgres", version, PATCH, "argocd/Application/db", attribute, note=note),
    )


def test_argo_with_several_sources_and_sets_of_applications() -> None:
    text = """
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: data}
spec:
  template:
    spec:
      sources:
        - {repoURL: "https://example.com/git", path: x}
        - {chart: postgresql, targetRevision: 14.2.3, helm: {releaseName: main}}
        - {chart: redis, targetRevision: "{{ version }}"}
"""
    reading = parse([yaml(text)], KNOWN)
    place = "spec.template.spec.sources"
    said = "chart redis does not say which version it installs; 'helm list -o json' does"
    assert reading.facts == (
        fact(
            "postgres", "16.2", PATCH, "ApplicationSet/data", f"{place}[1].targetRevision", name="main", note=INSTALLS
        ),
        fact("redis", "", NONE, "ApplicationSet/data", f"{place}[2].targetRevision", note=said),
    )
    assert reading.notes == (
        Note(
            "the variable version is not filled in, so the version is unknown",
            "apps.yaml",
            address="ApplicationSet/data",
        ),
    )


def test_argos_own_overrides_of_images() -> None:
    text = """
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: shop}
spec: {source: {path: k8s, kustomize: {images: ["postgres:16.3", "db=example.com/library/redis:7.2.4", "acme/web:1"]}}}
"""
    where = "spec.source.kustomize.images"
    assert parse([yaml(text)], KNOWN).facts == (
        fact("postgres", "16.3", PATCH, "Application/shop", f"{where}[0]", trust=Trust.RENDERED),
        fact("redis", "7.2.4", PATCH, "Application/shop", f"{where}[1]", name="db", trust=Trust.RENDERED),
    )


def test_k3s() -> None:
    text = """
apiVersion: helm.cattle.io/v1
kind: HelmChart
metadata: {name: db}
spec: {chart: bitnami/postgresql, version: 14.2.3, valuesContent: "primary: {extendedConfiguration: jit = off}"}
"""
    assert parse([yaml(text)], KNOWN).facts == (
        fact("postgres", "16.2", PATCH, "HelmChart/db", "spec.version", settings={"jit": "off"}, note=INSTALLS),
    )


def test_objects_of_others_with_the_same_kind() -> None:
    text = (
        "apiVersion: app.k8s.io/v1beta1\nkind: Application\nspec: {source: {chart: postgresql, targetRevision: 14.2.3}}"
    )
    assert parse([yaml(text)], KNOWN).facts == ()


@pytest.mark.parametrize("namespace", ["prod", "flux-system"])
def test_flux_with_a_chart_of_an_oci_repository(namespace: str) -> None:
    document = yaml(f"""
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {{name: db, namespace: prod}}
spec: {{chartRef: {{kind: OCIRepository, name: charts}}, values: {{auth: {{password: canary}}}}}}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: {{name: charts, namespace: {namespace}}}
spec: {{url: "oci://registry-1.docker.io/bitnamicharts/postgresql", ref: {{tag: 14.2.3}}}}
""")
    reading = parse([document], KNOWN)
    address = f"{namespace}/OCIRepository/charts"
    assert reading.facts == (fact("postgres", "16.2", PATCH, address, "spec.ref.tag", name="db", note=INSTALLS),)
    assert "canary" not in repr(reading)


def test_charts_of_a_kustomization() -> None:
    text = """
helmCharts:
  - {name: postgresql, repo: "oci://registry-1.docker.io/bitnamicharts", version: 14.2.3, releaseName: db}
  - {name: redis, repo: "https://charts.bitnami.com/bitnami", version: 18.0.0, valuesInline: {image: {tag: 7.2.4}}}
  - {name: shop, version: 1.0.0, releaseName: shop, valuesInline: {app: {image: "postgres:15.4"}}}
"""
    document = decode("prod/kustomization.yaml", text.encode(), day=DAY)
    assert recognises(document)
    found = [(each.kind, each.version, each.name) for each in parse([document], KNOWN).facts]
    assert found == [("postgres", "16.2", "db"), ("redis", "7.2.4", "redis"), ("postgres", "15.4", "shop")]


VALUES = "image: {tag: 7.0.15}\nauth: {password: canary}\n"


@pytest.mark.parametrize(
    ("rest", "version", "file"),
    [
        ("", "7.0.15", "values.yaml"),
        ("valuesInline: {image: {tag: 7.2.4}}", "7.2.4", "kustomization.yaml"),
        ("valuesInline: {image: {tag: 7.2.4}}, valuesMerge: merge", "7.0.15", "values.yaml"),
        ("valuesInline: {auth: {enabled: false}}, valuesMerge: override", "7.0.15", "values.yaml"),
        ("additionalValuesFiles: [more/prod.yaml]", "7.4.1", "more/prod.yaml"),
    ],
)
def test_files_of_values_of_a_kustomizations_charts(rest: str, version: str, file: str) -> None:
    chart = "name: redis, repo: 'https://charts.bitnami.com/bitnami', version: 18.0.0, valuesFile: values.yaml"
    text = f"helmCharts: [{{{chart}, {rest}}}]\n"
    documents = [decode("prod/kustomization.yaml", text.encode(), day=DAY)]
    asked_for = {companion.path for companion in parse(documents, KNOWN).companions}
    beside = {"prod/values.yaml": VALUES, "prod/more/prod.yaml": "image: {tag: 7.4.1}"}
    assert "prod/values.yaml" in asked_for <= beside.keys()
    documents += [replace(decode(path, beside[path].encode(), day=DAY), source="kubernetes") for path in asked_for]
    reading = parse(documents, KNOWN)
    assert [(each.kind, each.version, each.evidence.file) for each in reading.facts] == [
        ("redis", version, f"prod/{file}")
    ]
    assert "canary" not in repr(reading)


@pytest.mark.parametrize("path", ["/etc/passwd", "a*.yaml", "[a]", "{a: b}"])
def test_files_of_values_that_are_not_asked_for(path: str) -> None:
    text = f"helmCharts: [{{name: redis, version: 18.0.0, valuesFile: {path!r}}}]\n"
    text = text.replace("'{a: b}'", "{a: b}")
    assert parse([decode("prod/kustomization.yaml", text.encode())], KNOWN).companions == ()
