"""A project's first ``devenv.toml``: its name, where production is read, and what to say in it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from devenv.model.production import Place
from devenv.stages.naming import label

_HEAD = """\
# What production runs: 'devenv up' brings the same to this machine. 'devenv catalog' lists the kinds of services,
# 'devenv catalog KIND' what one takes and provides, 'devenv check' checks this file.
[project]
name = {name}
"""
_NAME = re.compile(r'^name = "([^"\\]+)"$', re.MULTILINE)
_SOURCES = """
[environments.production]             # 'devenv sync' reads it and edits this file
sources = [
{sources}]
"""
_SERVICES = """
# [services.db]
# kind = "postgres"
# version = "17.2"                    # production's, as exact as you know it
"""
_ENV = """
# [env]                               # the variables that the application reads in production
# DATABASE_URL = "{{ services.db.url }}"
"""
_TO_READ = """
# [environments.production]           # where production is described: 'devenv sync' reads it and edits this file
# sources = [{ path = "infra/prod.tfstate" }]
"""


def first_manifest(name: str, sources: Sequence[Place]) -> str:
    """Its text. Services are added to it by whoever has read ``sources``; without any it shows how to write them."""
    head = _HEAD.format(name=_text(name))
    if not sources:
        return head + _SERVICES + _ENV + _TO_READ
    return head + _SOURCES.format(sources="".join(f"    {_source(place)},\n" for place in sources)) + _ENV


#: A source to show how one is written, where nobody has named one.
_EXAMPLE = Place(path="infra/prod.tfstate")


def sources_hint(environment: str, sources: Sequence[Place] = (), *, has_sources: bool = False) -> str:
    """What to write into the manifest so that an environment has these sources, on lines of their own.

    ``has_sources``: it has others already.
    """
    entries = ", ".join(_source(place) for place in sources or (_EXAMPLE,))
    if has_sources:
        return f"Add to sources in [environments.{environment}]:\n  {entries}"
    lines = [f"Say where {environment} is described, in devenv.toml:"]
    lines += [f"[environments.{environment}]", f"sources = [{entries}]"]
    return "\n  ".join(lines)


def untouched_name(text: str) -> str:
    """The project's name in a manifest that is as it was first written without sources: nothing is lost where it is
    written again. "" if somebody edited more than the name."""
    match = _NAME.search(text)
    if match and text == first_manifest(match[1], ()):
        return match[1]
    return ""


def project_name(folder: str) -> str:
    """A project's name after its folder's."""
    return label(folder) or label(f"project-{folder}")


def _source(place: Place) -> str:
    key, value = ("url_env", place.url_env) if place.url_env else ("path", place.path)
    service = f", service = {_text(place.service)}" if place.service else ""
    return f"{{ {key} = {_text(value)}{service} }}"


def _text(value: str) -> str:
    """Every JSON text of printable characters is one of TOML's."""
    return json.dumps(value, ensure_ascii=False)
