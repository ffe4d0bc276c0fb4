from __future__ import annotations

from devenv.document import Document, decode
from devenv.model.fact import Evidence, Note
from devenv.sources.known import Known
from devenv.sources.kubernetes import parse, recognises

KNOWN = Known({"postgres": "postgres", "redis": "redis"})
BASE = """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec: {template: {spec: {containers: [{image: "postgres:14.1"}, {image: "acme/web:1"}]}}}
"""


def document(file: str, text: str) -> Document:
    return decode(file, text.encode())


def kustomization(folder: str, text: str) -> Document:
    return document(f"{folder}/kustomization.yaml", text)


def versions(*documents: Document) -> list[tuple[str, str, str]]:
    return [(fact.name, fact.version, str(fact.evidence.file)) for fact in parse(documents, KNOWN).facts]


def test_an_override_applies_to_what_its_kustomization_holds() -> None:
    base = kustomization("base", "resources: [db.yaml]")
    overlay = kustomization("prod", "resources: [../base]\nimages: [{name: postgres, newTag: '16.3'}]")
    objects = document("base/db.yaml", BASE)
    other = document("other/db.yaml", BASE.replace("name: db", "name: other"))
    assert all(recognises(item) for item in (base, overlay))
    assert versions(base, overlay, objects, other) == [
        ("db", "16.3", "prod/kustomization.yaml"),
        ("other", "14.1", "other/db.yaml"),
    ]
    (evidence, _) = (fact.evidence for fact in parse([base, overlay, objects, other], KNOWN).facts)
    assert evidence == Evidence("kubernetes", "prod/kustomization.yaml", "", "images[0].newTag")


def test_inner_overrides_come_before_outer_ones() -> None:
    base = kustomization(
        "base", "resources: [db.yaml]\nimages: [{name: postgres, newName: mirror.example.com/postgres, newTag: '15.1'}]"
    )
    overlay = kustomization("prod", "bases: [../base]\nimages: [{name: mirror.example.com/postgres, newTag: '16.3'}]")
    assert versions(document("base/db.yaml", BASE), overlay, base) == [("db", "16.3", "prod/kustomization.yaml")]


def test_a_new_name_keeps_the_tag() -> None:
    overlay = kustomization(
        "prod", "resources: [db.yaml]\nimages: [{name: postgres, newName: mirror.example.com/library/postgres}]"
    )
    assert versions(document("prod/db.yaml", BASE), overlay) == [("db", "14.1", "prod/kustomization.yaml")]


def test_a_digest_takes_the_tag_away() -> None:
    overlay = kustomization("prod", f"resources: [db.yaml]\nimages: [{{name: postgres, digest: 'sha256:{'0' * 64}'}}]")
    assert versions(document("prod/db.yaml", BASE), overlay) == [("db", "", "prod/kustomization.yaml")]


def test_an_override_in_the_same_stream() -> None:
    text = f"resources: [x.yaml]\nimages: [{{name: postgres, newTag: '16.3'}}]\n---{BASE}"
    assert versions(document("all.yaml", text)) == [("db", "16.3", "all.yaml")]


def test_kustomizations_that_do_not_agree() -> None:
    documents = [
        document("base/db.yaml", BASE),
        kustomization("base", "resources: [db.yaml]"),
        kustomization("prod", "resources: [../base]\nimages: [{name: postgres, newTag: '16.3'}]"),
        kustomization(
            "stage", "resources: [../base]\nimages: [{name: postgres, newTag: '17.1'}, {name: acme/web, newTag: '2'}]"
        ),
    ]
    reading = parse(documents, KNOWN)
    said = "several kustomizations set its image differently: name production's alone"
    assert reading.facts == ()
    assert reading.notes == (Note(said, "base/db.yaml", address="StatefulSet/db", failed=True),)


def test_an_override_of_what_is_elsewhere_speaks_for_itself() -> None:
    overlay = kustomization(
        "prod",
        "resources: [../base, x.yaml, 'https://example.com/x', 'github.com/a/b?ref=v1']\nimages: [{name: postgres, newTag: '16.3'}]",
    )
    reading = parse([overlay], KNOWN)
    assert [(fact.kind, fact.version, fact.name) for fact in reading.facts] == [("postgres", "16.3", "postgres")]
    assert reading.wants == ("base/kustomization.yaml", "prod/x.yaml")


def test_patches_are_told_of() -> None:
    overlay = kustomization("prod", "resources: [db.yaml]\npatches: [{path: x.yaml}]")
    said = "its patches are not applied: give devenv what 'kustomize build' prints"
    assert parse([overlay, document("prod/db.yaml", BASE)], KNOWN).notes == (Note(said, "prod/kustomization.yaml"),)
    assert parse([overlay], KNOWN).notes == ()


def test_circles_end() -> None:
    one = kustomization("a", "resources: [../b, .]\nimages: [{name: postgres, newTag: '16.3'}]")
    other = kustomization("b", "resources: [../a]")
    assert versions(one, other, document("a/db.yaml", BASE)) == [("db", "14.1", "a/db.yaml")]
