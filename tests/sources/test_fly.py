from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.document import Document, decode
from devenv.model.fact import Evidence, Fact, Note, Precision, Trust
from devenv.sources.fly import parse, recognises
from devenv.sources.known import Known

KNOWN = Known({"redis": "redis"})
NONE = "names no database: 'fly image show --json -a' with the name of the database's app tells its version"
ANYTHING = st.recursive(
    st.none() | st.integers() | st.text(max_size=5) | st.sampled_from(["flyio/postgres-flex:15.3", "redis"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["app", "build", "image", "services", "Registry", "Repository", "Tag", "experimental", "cmd"]
            ),
            inner,
        )
    ),
    max_leaves=20,
)


def toml(text: str) -> Document:
    return decode("fly.toml", text.encode())


def machine(tag: str, repository: str = "flyio/postgres-flex", **more: str) -> dict[str, str]:
    return {"MachineID": f"m{tag}", "Registry": "docker-hub-mirror.fly.io", "Repository": repository, "Tag": tag} | more


def test_an_image_of_fly_toml() -> None:
    text = """
app = "shop-db"
primary_region = "ams"
[build]
image = "flyio/postgres-flex:15.3@sha256:44b698752cf113110f2fa72443d7fe452b48228aafbb0d93045ef1e3282360a6"
[env]
PASSWORD = "c4n4ry"
"""
    assert recognises(toml(text))
    reading = parse([toml(text)], KNOWN)
    assert reading.facts == (
        Fact(
            kind="postgres",
            evidence=Evidence("fly", "fly.toml", "build", "image"),
            version="15.3",
            precision=Precision.PATCH,
            name="shop-db",
        ),
    )
    assert reading.notes == ()
    assert "c4n4ry" not in repr(reading)


@pytest.mark.parametrize("build", ['image = "ghcr.io/acme/shop:1"', 'dockerfile = "Dockerfile"', "image = 7"])
def test_an_app_of_somebody_s_own(build: str) -> None:
    document = toml(f'app = "shop"\nprimary_region = "ams"\n[build]\n{build}\n')
    reading = parse([document], KNOWN)
    assert reading.facts == ()
    assert reading.notes == (Note(NONE, "fly.toml"),)


@pytest.mark.parametrize(("asked", "trust"), [(True, Trust.ASKED), (False, Trust.RECORDED)])
def test_images_that_run(asked: bool, trust: Trust) -> None:
    shown = [machine("15.3", Version="v0.0.41"), machine("15.3"), machine("15.6"), machine("1", "acme/app")]
    document = decode("fly image show", json.dumps(shown).encode(), asked=asked)
    assert recognises(document)
    assert parse([document], KNOWN).facts == tuple(
        Fact(
            kind="postgres",
            evidence=Evidence("fly", "fly image show", f"m{version}", "Tag"),
            version=version,
            precision=Precision.PATCH,
            trust=trust,
        )
        for version in ("15.3", "15.6")
    )


def test_one_machine_alone() -> None:
    document = decode("x", json.dumps(machine("17.2")).encode())
    assert recognises(document)
    assert [fact.version for fact in parse([document], KNOWN).facts] == ["17.2"]


@pytest.mark.parametrize(
    "document",
    [
        toml('app = "x"'),
        toml("primary_region = 'ams'"),
        decode("x.json", b'[{"Repository": "postgres", "Tag": "16"}]'),
        decode("x.json", b"[]"),
    ],
)
def test_what_is_none_of_theirs(document: Document) -> None:
    assert not recognises(document)


@given(value=ANYTHING, form=st.sampled_from(["toml", "json"]))
def test_whatever_is_written_is_read(value: Any, form: Any) -> None:
    document = Document("fly.toml", form, (value,))
    recognises(document)
    parse([document], KNOWN)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (
            "Image Details\nREGISTRY            \tREPOSITORY         \tTAG  \tVERSION\tDIGEST\n"
            "registry-1.docker.io\tflyio/postgres-flex\t15.3 \tv0.0.41\tsha256:x\n",
            "[0]",
        ),
        (
            "Image Details\n  MACHINE ID     | REGISTRY             | REPOSITORY          | TAG  | VERSION\n"
            "  148e           | registry-1.docker.io | flyio/postgres-flex | 15.3 | v0.0.41\n",
            "148e",
        ),
    ],
)
def test_a_table_of_images(text: str, address: str) -> None:
    document = decode("image.txt", text.encode())
    assert recognises(document)
    reading = parse([document], KNOWN)
    assert [(fact.kind, fact.version, fact.evidence.address) for fact in reading.facts] == [
        ("postgres", "15.3", address)
    ]
