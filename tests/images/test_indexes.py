"""What the registry serves is what Docker Hub serves: an index, under tags that tell the truth."""

from __future__ import annotations

import hashlib
import json
import urllib.request
from typing import Any

import pytest

from tests.images.containers import REGISTRY, built

pytestmark = pytest.mark.engine


INDEX = "application/vnd.oci.image.index.v1+json"


@pytest.mark.parametrize("row", [pytest.param(row, id=f"{row['repository']}:{row['tags'][0]}") for row in built()])
def test_tags_name_an_index(row: dict[str, Any]) -> None:
    for tag in row["tags"]:
        url = f"http://{REGISTRY}/v2/{row['repository']}/manifests/{tag}"
        with urllib.request.urlopen(urllib.request.Request(url, headers={"Accept": INDEX}), timeout=10) as answer:
            body = answer.read()
            assert answer.headers["Content-Type"] == INDEX
        assert "sha256:" + hashlib.sha256(body).hexdigest() == row["digest"]
        assert [entry["platform"]["os"] for entry in json.loads(body)["manifests"]] == ["linux"]
        series = tag.partition("-")[0]
        assert f"{row['version']}.".startswith(f"{series}.")
