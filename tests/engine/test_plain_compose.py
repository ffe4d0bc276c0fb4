"""What is generated stands alone: `docker compose up` by hand gives the same services as `devenv up`."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from tests.engine import clients
from tests.engine.conftest import Make, Standin
from tests.engine.dialects import DIALECTS, PASSWORD, elsewhere
from tests.engine.project import MIRROR, Project, own_port
from tests.engine.test_first_connection import newest

KINDS = tuple(sorted(DIALECTS))
PATIENCE = 400


def table(item: Standin) -> str:
    head = f'[services.{item.kind}]\nkind = "{item.kind}"\nversion = "{item.version}"\nvariant = "{item.variant}"\n'
    return head + DIALECTS[item.kind].changed


def ports_of(project: Project) -> dict[str, str]:
    """A free port for each variable of the Compose file: the usual ones may be somebody else's here."""
    text = (project.root / ".devenv/compose.yaml").read_text()
    return {name: str(own_port()) for name in sorted(set(re.findall(r"DEVENV_\w+_PORT", text)))}


def compose_up(project: Project, variables: dict[str, str]) -> None:
    """By hand, as in a clone where devenv never ran: no ``.devenv/.env`` is read."""
    command = ["docker", "compose", "-f", str(project.root / ".devenv/compose.yaml"), "up", "--detach"]
    environment = os.environ | variables | {"COMPOSE_PROJECT_NAME": project.name, "DEVENV_REGISTRY": MIRROR}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr


def answer(ask: Callable[[], Any]) -> Any:
    """What a question gives as soon as it gives anything: nobody waits for the server here but whoever asks."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return ask()
        except Exception:
            if time.monotonic() > until:
                raise
            time.sleep(0.5)


def promises(kind: str, url: str) -> list[Any]:
    """What a service has of what the manifest promises: a setting, a further database and user, extensions."""
    dialect = DIALECTS[kind]
    found = [dialect.setting(url)]
    if dialect.second:
        found.append(dialect.version(elsewhere(url, dialect.second)))
    if dialect.user:
        found.append(dialect.version(Project.as_user(url, dialect.user, PASSWORD)))
    if kind == "postgres":
        extension = "SELECT extname FROM pg_extension WHERE extname = 'pg_trgm'"
        found += [clients.postgres(place, extension) for place in (url, elsewhere(url, dialect.second))]
    return found


def wanted(kind: str, version: str) -> list[Any]:
    dialect = DIALECTS[kind]
    asked_elsewhere = [version for place in (dialect.second, dialect.user) if place]
    return [dialect.wanted, *asked_elsewhere, *(["pg_trgm", "pg_trgm"] if kind == "postgres" else [])]


def test_up_by_plain_compose_is_up_by_devenv(project: Make, standins: tuple[Standin, ...]) -> None:
    """The other half, that `devenv up` gives all this, is in test_kinds."""
    images = {kind: newest(standins, kind) for kind in KINDS}
    own = project("")
    urls = [f'{kind.upper()} = "{{{{ services.{kind}.url }}}}"' for kind in KINDS]
    own.write("\n\n".join([*map(table, images.values()), "[env]", *urls]))
    own.run("lock")
    own.run("render")
    ports = ports_of(own)
    compose_up(own, ports)
    own.file(".devenv/.env", "".join(f"{name}={port}\n" for name, port in ports.items()))
    env = own.json("env")["env"]
    found = {kind: answer(partial(promises, kind, env[kind.upper()])) for kind in KINDS}
    assert found == {kind: wanted(kind, item.version) for kind, item in images.items()}
