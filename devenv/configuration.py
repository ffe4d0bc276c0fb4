"""The user's own configuration, for all projects on this machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from devenv import tomldoc
from devenv.effects import files
from devenv.effects.world import World
from devenv.errors import ManifestError
from devenv.model.image import ImageRef
from devenv.model.mirrors import Mirrors
from devenv.model.problem import Problem, Where
from devenv.targets.compose import registry_variable


def configured_mirrors(world: World) -> Mirrors | None:
    """Where this machine gets images: ``DEVENV_REGISTRY_MIRROR``, then the user's own configuration; None: not said.

    A variable that is set to nothing says that there is no mirror.
    """
    path = config_path(world)
    config = _parsed_config(path)
    unknown = [key for key in config if key not in _CONFIGURED]
    if unknown:
        raise ManifestError([_unknown_key(path, key) for key in unknown])
    registries = config.get("registries", {})
    prefix = world.env.get("DEVENV_REGISTRY_MIRROR", config.get("mirror"))
    if prefix is None and not registries:
        return None
    prefix = prefix or ""
    if not isinstance(registries, dict) or not isinstance(prefix, str):
        hint = 'mirror = "host/prefix" and [registries] "quay.io" = "host/prefix"'
        raise ManifestError(Problem("has the wrong shape", hint, Where(str(path))))
    mirrors = Mirrors(prefix, {name: str(value) for name, value in registries.items()})
    if problems := mirrors.problems():
        raise ManifestError(problems)
    return mirrors


def kept_mirrors(kept: Mapping[str, str], images: Iterable[ImageRef]) -> Mirrors:
    """The mirrors of the last ``up``: a shell without the variable must not fetch from elsewhere what is here."""
    used = {image.registry for image in images}
    return Mirrors("", {name: base for name in used if (base := kept.get(registry_variable(name)))})


#: What the user's own configuration can say.
_CONFIGURED = ["mirror", "registries"]


def _unknown_key(path: Path, key: str) -> Problem:
    from devenv.schema.issue import did_you_mean

    where = Where(str(path), tomldoc.locate(files.read_text(path) or "", (key,)))
    return Problem("unknown key", did_you_mean(key, _CONFIGURED) or "known here: mirror, registries", where, key)


def config_path(world: World) -> Path:
    """The user's own configuration, for all projects: ``DEVENV_CONFIG`` or the platform's place for it."""
    if world.env.get("DEVENV_CONFIG"):
        return Path(world.env["DEVENV_CONFIG"])
    from platformdirs import user_config_path

    return user_config_path("devenv", appauthor=False) / "config.toml"


def _parsed_config(path: Path) -> dict[str, Any]:
    try:
        return tomldoc.parse(files.read_text(path) or "")
    except tomldoc.TomlError as error:
        raise ManifestError(Problem(f"not valid TOML: {error.message}", where=Where(str(path), error.line))) from error
