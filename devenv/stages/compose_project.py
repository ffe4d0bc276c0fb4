"""What Compose calls the project of a Compose file that is not devenv's."""

from __future__ import annotations

import re

from devenv import yamlio

#: The names by which Compose finds a file, the first one first.
FILES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
_NOT_IN_A_NAME = re.compile(r"[^a-z0-9_-]")


def project_name(text: str, folder: str) -> str:
    """The ``name`` that a Compose file states, else its folder's, as Compose writes it.

    https://docs.docker.com/compose/how-tos/project-name/
    """
    stated = _stated_name(text)
    return stated or _NOT_IN_A_NAME.sub("", folder.lower()).lstrip("_-")


def _stated_name(text: str) -> str:
    try:
        document = yamlio.parse(text)
    except yamlio.YamlError:
        return ""
    name = document.get("name") if isinstance(document, dict) else None
    return name if isinstance(name, str) else ""
