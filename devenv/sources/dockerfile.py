"""Dockerfiles: from which image what is built comes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import field

from devenv.model.record import record

_FROM = re.compile(r"(?i)^\s*FROM\s+(?:--\S+\s+)*(?P<image>\S+)(?:\s+AS\s+(?P<stage>\S+))?\s*$")
_ARG = re.compile(r"(?i)^\s*ARG\s+(?P<name>\w+)=[\"']?(?P<value>[^\"'\s]*)")
#: Lines that anybody has.
_LINES = 5000


@record
class Dockerfile:
    """``images`` are those of its stages, in their order; ``stages`` maps a stage's name to its image, ``arguments``
    an ARG to its default."""

    images: tuple[str, ...] = ()
    stages: Mapping[str, str] = field(default_factory=dict)
    arguments: Mapping[str, str] = field(default_factory=dict)

    def base(self, target: str = "") -> str:
        """The image that a stage comes down to, the last one's where none is named; "" where there is no such."""
        image = self.images[-1] if self.images else ""
        if target:
            image = self.stages.get(target.lower(), "")
        for _ in self.stages:
            image = self.stages.get(image.lower(), image)
        return image


def read_dockerfile(lines: Iterable[object]) -> Dockerfile:
    """What the lines of a Dockerfile say of images."""
    images: list[str] = []
    stages: dict[str, str] = {}
    arguments: dict[str, str] = {}
    for line in list(lines)[:_LINES]:
        text = str(line)
        if match := _ARG.match(text):
            arguments.setdefault(match["name"], match["value"])
        elif match := _FROM.match(text):
            images.append(match["image"])
            if match["stage"]:
                stages[match["stage"].lower()] = match["image"]
    return Dockerfile(tuple(images), stages, arguments)
