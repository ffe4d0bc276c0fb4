"""References to container images, always in their full canonical form."""

from __future__ import annotations

from dataclasses import dataclass

DOCKER_HUB = "docker.io"


@dataclass(frozen=True, slots=True, order=True)
class ImageRef:
    """One image by name: registry host, repository below it, tag.

    Canonical means that nothing is implied: ``postgres:15`` is ``docker.io/library/postgres:15``. A mirror is never
    part of a reference: it is how a machine reaches it, not what it is.
    """

    registry: str
    repository: str
    tag: str

    def __str__(self) -> str:
        return f"{self.registry}/{self.repository}:{self.tag}"

    @property
    def familiar(self) -> str:
        """The name as people write it: ``postgres:15`` for ``docker.io/library/postgres:15``."""
        if self.registry != DOCKER_HUB:
            return str(self)
        return f"{self.repository.removeprefix('library/')}:{self.tag}"


def parse_image(text: str) -> ImageRef:
    """``postgres:15``, ``quay.io/org/app:1.2`` or ``localhost:5000/app`` -> ImageRef; a missing tag is ``latest``.

    The rule that tells a registry from a repository is the one of the distribution project: the part before the first
    slash is a registry if it holds a dot or a colon, or is ``localhost``. A digest, if there is one, is not kept:
    digests live in the lock.
    """
    name, _, _digest = text.partition("@")
    head, slash, rest = name.partition("/")
    if slash and ("." in head or ":" in head or head == "localhost"):
        registry, path = head, rest
    else:
        registry, path = DOCKER_HUB, name
    if registry in ("index.docker.io", "registry-1.docker.io"):
        registry = DOCKER_HUB
    last = path.rpartition("/")[2]
    repository, tag = path.rsplit(":", 1) if ":" in last else (path, "latest")
    if registry == DOCKER_HUB and "/" not in repository:
        repository = f"library/{repository}"
    return ImageRef(registry, repository, tag)
