"""The little of the registry's HTTP API that is needed, with nothing but the standard library.

`docker push` leaves a single manifest under a tag. Docker Hub serves OCI indexes, and devenv pins the index's digest,
so after a push the manifest is said again in OCI's words and wrapped into an index.
"""

from __future__ import annotations

import hashlib
import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"

RECIPE = "org.devenv.tests.recipe"
VERSION = "org.opencontainers.image.version"


class RegistryError(Exception):
    """The registry does not answer, or refused what was asked."""


@dataclass(frozen=True)
class Published:
    """An image that the registry holds."""

    digest: str
    version: str
    size: int


@dataclass(frozen=True)
class Registry:
    """One registry on this machine, spoken to in plain HTTP."""

    address: str

    def answers(self) -> bool:
        try:
            self._request("GET", "")
        except RegistryError:
            return False
        return True

    def tags(self, repository: str) -> tuple[str, ...]:
        """All tags; none when the repository does not exist."""
        try:
            return tuple(self._json(f"{repository}/tags/list")["tags"] or ())
        except RegistryError:
            return ()

    def digest(self, repository: str, tag: str) -> str | None:
        """The digest of the index under a tag; None when there is no index."""
        try:
            headers, body = self._request("GET", f"{repository}/manifests/{tag}", accept=INDEX)
        except RegistryError:
            return None
        return _sha256(body) if headers.get("Content-Type") == INDEX else None

    def published(self, repository: str) -> dict[str, Published]:
        """What a repository holds, by recipe; of two builds of one recipe, the later version of the server."""
        found: dict[str, Published] = {}
        seen: set[str] = set()
        for tag in self.tags(repository):
            digest = self.digest(repository, tag)
            if digest is None or digest in seen:
                continue
            seen.add(digest)
            notes = self._json(f"{repository}/manifests/{digest}", accept=INDEX).get("annotations", {})
            other = found.get(notes.get(RECIPE, ""))
            if RECIPE in notes and (other is None or numbers(other.version) < numbers(notes[VERSION])):
                found[notes[RECIPE]] = Published(digest, notes[VERSION], self.size(repository, digest))
        return found

    def size(self, repository: str, digest: str) -> int:
        """The bytes that a pull transfers."""
        index = self._json(f"{repository}/manifests/{digest}", accept=INDEX)
        manifest = self._json(f"{repository}/manifests/{index['manifests'][0]['digest']}", accept=MANIFEST)
        return sum(layer["size"] for layer in manifest["layers"])

    def publish_index(self, repository: str, pushed_tag: str, *, recipe: str, version: str) -> str:
        """Turn what `docker push` left under a tag into an index under the same tag; gives the index's digest."""
        pushed = self._json(f"{repository}/manifests/{pushed_tag}", accept=DOCKER_MANIFEST)
        config = self._json(f"{repository}/blobs/{pushed['config']['digest']}")
        manifest = _canonical(_as_oci(pushed))
        self._put(repository, _sha256(manifest), manifest, MANIFEST)
        notes = {RECIPE: recipe, VERSION: version}
        index = _canonical(_index(manifest, platform=(config["os"], config["architecture"]), notes=notes))
        self._put(repository, pushed_tag, index, INDEX)
        return _sha256(index)

    def tag(self, repository: str, digest: str, tag: str) -> None:
        """Let one more tag name an index."""
        _, index = self._request("GET", f"{repository}/manifests/{digest}", accept=INDEX)
        self._put(repository, tag, index, INDEX)

    def _put(self, repository: str, reference: str, body: bytes, media_type: str) -> None:
        self._request("PUT", f"{repository}/manifests/{reference}", body=body, content_type=media_type)

    def _json(self, path: str, *, accept: str = "*/*") -> Any:
        return json.loads(self._request("GET", path, accept=accept)[1])

    def _request(
        self, method: str, path: str, *, body: bytes | None = None, accept: str = "*/*", content_type: str = ""
    ) -> tuple[dict[str, str], bytes]:
        headers = {"Accept": accept} | ({"Content-Type": content_type} if content_type else {})
        request = urllib.request.Request(f"http://{self.address}/v2/{path}", data=body, headers=headers, method=method)
        # The registry is on this machine: no proxy, whatever the environment says.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=60) as answer:
                return dict(answer.headers.items()), answer.read()
        except urllib.error.HTTPError as error:
            raise RegistryError(f"{method} {request.full_url}: {error.code} {error.read()[:300]!r}") from error
        except OSError as error:
            raise RegistryError(f"{method} {request.full_url}: {error}") from error


def numbers(version: str) -> tuple[int, ...]:
    """A version in the form that compares."""
    return tuple(int(part) for part in version.split("."))


def _as_oci(pushed: dict[str, Any]) -> dict[str, Any]:
    """The same image in OCI's words: the blobs are the same, only their media types are called otherwise."""
    return {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {**pushed["config"], "mediaType": CONFIG},
        "layers": [{**layer, "mediaType": LAYER} for layer in pushed["layers"]],
    }


def _index(manifest: bytes, *, platform: tuple[str, str], notes: dict[str, str]) -> dict[str, Any]:
    entry = {
        "mediaType": MANIFEST,
        "digest": _sha256(manifest),
        "size": len(manifest),
        "platform": {"os": platform[0], "architecture": platform[1]},
    }
    return {"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry], "annotations": notes}


def _canonical(value: dict[str, Any]) -> bytes:
    """The same bytes, so the same digest, every time."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _sha256(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()
