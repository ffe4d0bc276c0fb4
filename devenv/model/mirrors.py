"""Where images are reached on one machine: a fact of that machine, so never part of a committed file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from devenv.model.image import DOCKER_HUB, ImageRef
from devenv.model.problem import Problem
from devenv.model.record import record

#: Where Docker Hub's registry really answers; docker.io itself is only a name.
HUB_HOST = "registry-1.docker.io"


@record
class Mirrors:
    """The mirrors of this machine, each ``host[:port][/path]``.

    ``prefix`` (DEVENV_REGISTRY_MIRROR, "" for none) covers every image: those of docker.io are
    ``<prefix>/<repository>``, those of another registry ``<prefix>/<registry>/<repository>``. ``registries`` gives a
    registry its own prefix (``<prefix>/<repository>``) and wins; "" there asks that registry itself.
    """

    prefix: str = ""
    registries: Mapping[str, str] = field(default_factory=dict)

    def base(self, registry: str) -> str:
        """What stands for ``registry`` in an image's name on this machine: ``127.0.0.1:5055``, ``harbor.corp/hub``.

        Two kinds of registry are not put below ``prefix``. One with a port (or localhost) cannot be: a colon is not
        allowed in a repository's path. And the mirror's own host holds its own images where their names say.
        """
        own = self.registries.get(registry)
        if own is not None:
            return _trimmed(own) or registry
        prefix = _trimmed(self.prefix)
        if registry == DOCKER_HUB:
            return prefix or registry
        if not prefix or ":" in registry or registry in ("localhost", prefix.partition("/")[0]):
            return registry
        return f"{prefix}/{registry}"

    def covers(self, registry: str) -> bool:
        """Whether images of this registry come from somewhere else on this machine."""
        return self.base(registry) != registry

    def locate(self, image: ImageRef) -> tuple[str, str]:
        """The registry (``host[:port]``) and the repository path to ask for this image on this machine."""
        host, _, path = f"{self.base(image.registry)}/{image.repository}".partition("/")
        return (HUB_HOST if host == DOCKER_HUB else host), path

    def problems(self) -> tuple[Problem, ...]:
        """What cannot work, whatever the network says: a mirror whose first part Docker would not take for a host."""
        named = [("DEVENV_REGISTRY_MIRROR", self.prefix)]
        named += [(f"mirror of {registry}", mirror) for registry, mirror in sorted(self.registries.items())]
        return tuple(
            Problem(
                f"'{mirror}' does not begin with a registry's host",
                "a mirror is host[:port][/path], and its host has a dot or a port: mirror.example.com, 127.0.0.1:5000",
                key=key,
            )
            for key, mirror in named
            if _trimmed(mirror) and not _is_host(_trimmed(mirror).partition("/")[0])
        )


def _trimmed(mirror: str) -> str:
    # People copy addresses from browsers; an image's name has neither a scheme nor a slash at its end.
    return mirror.strip().removeprefix("https://").removeprefix("http://").rstrip("/")


def _is_host(text: str) -> bool:
    """The rule of ``parse_image``; anything else would be read as a repository of docker.io."""
    return "." in text or ":" in text or text == "localhost"
