from __future__ import annotations

import pytest

from devenv.model.image import ImageRef, parse_image


@pytest.mark.parametrize(
    ("text", "canonical", "familiar"),
    [
        ("postgres:15", "docker.io/library/postgres:15", "postgres:15"),
        ("postgres", "docker.io/library/postgres:latest", "postgres:latest"),
        ("valkey/valkey:8.1", "docker.io/valkey/valkey:8.1", "valkey/valkey:8.1"),
        ("docker.io/postgres:15", "docker.io/library/postgres:15", "postgres:15"),
        ("index.docker.io/library/redis:7", "docker.io/library/redis:7", "redis:7"),
        ("quay.io/org/app:1.2", "quay.io/org/app:1.2", "quay.io/org/app:1.2"),
        ("localhost/app:1", "localhost/app:1", "localhost/app:1"),
        ("host:5000/app", "host:5000/app:latest", "host:5000/app:latest"),
        ("postgres:15@sha256:" + "0" * 64, "docker.io/library/postgres:15", "postgres:15"),
    ],
)
def test_nothing_is_implied(text: str, canonical: str, familiar: str) -> None:
    image = parse_image(text)
    assert (str(image), image.familiar) == (canonical, familiar)
    assert parse_image(canonical) == image


def test_references_have_an_order() -> None:
    assert sorted([ImageRef("b", "x", "1"), ImageRef("a", "x", "2")])[0].registry == "a"
