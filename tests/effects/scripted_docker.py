"""A docker of a few lines of shell, and plans that are carried out with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
import python_on_whales

from devenv.console import Progress
from devenv.effects.apply import Material, apply
from devenv.effects.compose import Stack
from devenv.effects.store import Store
from devenv.model.plan import Action, Plan, Step
from tests.making import tree

_PROGRAM = """\
#!/bin/sh
echo "$*" >> "$(dirname "$0")/calls"
case "$*" in
  "compose version"*) echo 5.0.0 ;;
{cases}esac
"""


def scripted(folder: Path, monkeypatch: pytest.MonkeyPatch, cases: str, **files: str) -> Path:
    """Put a docker on the PATH that does what ``cases`` of a shell's ``case`` say, with ``files`` beside it.

    The words of every call are written to the file that is returned.
    """
    place = tree(folder / "bin", {"docker": _PROGRAM.format(cases=cases), "calls": "", **files})
    (place / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", f"{place}:/usr/bin:/bin")
    # The library looks for docker once in a process.
    monkeypatch.setattr(python_on_whales.docker.client_config, "_client_call_with_path", None)
    return place / "calls"


def bring(folder: Path, steps: Sequence[tuple[Action, str]], images: Mapping[str, str] | None = None) -> Store:
    """Carry out these steps of an ``up``; each service has an image of its own name unless ``images`` says otherwise."""
    root = tree(folder / "shop", {".devenv/.env": "", ".devenv/compose.yaml": ""})
    store = Store(folder / "state", root)
    services = dict.fromkeys(subject for _, subject in steps)
    material = Material(
        root=root,
        files={},
        images={name: name for name in services} | dict(images or {}),
        platforms=dict.fromkeys(services, ""),
        leaving={},
        paused={},
        half_made=(),
        stack=Stack("shop", root / ".devenv", (root / ".devenv" / "compose.yaml",)),
        logs=store.folder,
        copy=lambda services, progress: None,
        make_volumes=lambda services: None,
    )
    plan = Plan(tuple(Step(action, subject, "") for action, subject in steps))
    apply(plan, material, verb="up", store=store, progress=Progress())
    return store


def started(calls: Path) -> set[str]:
    """The services that Compose was told to start."""
    lines = calls.read_text().splitlines()
    named = [line.partition(" --pull never ")[2] for line in lines if " up " in line]
    return {service for text in named for service in text.split()}
