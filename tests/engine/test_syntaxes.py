"""What devenv writes into servers' own configuration files is read by the server as it was meant: one server a syntax."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from devenv.templating import nats_value, redis_word
from tests.engine import clients, messaging
from tests.engine.conftest import Standin
from tests.engine.project import MIRROR, Project, docker
from tests.engine.test_first_connection import newest
from tests.engine.test_plain_compose import answer

#: What one syntax or another takes for its own, and every control character.
ODD = (
    " ",
    "a b",
    '"',
    "'",
    "\\",
    "\\n",
    "\\x41",
    "a\\",
    "#",
    "$HOME",
    "${HOME}",
    "%00",
    "*",
    "{}",
    "[1]",
    "//",
    "ü€😀",
    "\u0085\u00a0\u2028\ufeff",
    "1",
    "true",
    "8MB",
    "-1",
    *(f"a{chr(number)}b" for number in (*range(1, 32), 127)),
)


@contextmanager
def serving(image: str, port: int, path: str, text: str, folder: Path, *words: str) -> Iterator[str]:
    """A server with one configuration file; where it is reached."""
    source = folder / "file.conf"
    source.write_text(text, encoding="utf-8")
    source.chmod(0o644)
    container = docker("create", "--publish", f"127.0.0.1::{port}", image, *words).strip()
    try:
        docker("cp", str(source), f"{container}:{path}")
        docker("start", container)
        yield docker("port", container, str(port)).strip()
    finally:
        docker("rm", "--force", "--volumes", container)


def reference(repository: str, item: Standin) -> str:
    return f"{MIRROR}/{repository}:{item.version}" + (f"-{item.variant}" if item.variant else "")


@pytest.mark.parametrize(("kind", "repository"), [("redis", "library/redis"), ("valkey", "valkey/valkey")])
def test_redis(standins: tuple[Standin, ...], tmp_path: Path, kind: str, repository: str) -> None:
    lines = [f"user user{index} on {redis_word('>' + odd)} +@all\n" for index, odd in enumerate(ODD)]
    image, place = reference(repository, newest(standins, kind)), "/usr/local/etc/own.conf"
    with serving(image, 6379, place, "".join(lines), tmp_path, f"{kind}-server", place) as address:
        for index, odd in enumerate(ODD):
            url = Project.as_user(f"redis://{address}/0", f"user{index}", odd)
            assert answer(partial(clients.redis_version, url)), odd


def test_nats(standins: tuple[Standin, ...], tmp_path: Path) -> None:
    users = [f"{{user: user{index}, password: {nats_value(odd)}}}\n" for index, odd in enumerate(ODD)]
    text = f"authorization {{ users: [\n{''.join(users)}] }}\n"
    image = reference("library/nats", newest(standins, "nats"))
    with serving(image, 4222, "/own.conf", text, tmp_path, "--config", "/own.conf") as address:
        for index, odd in enumerate(ODD):
            url = Project.as_user(f"nats://{address}", f"user{index}", odd)
            assert answer(partial(messaging.nats_do, url, _version)), odd


async def _version(client: object) -> str:
    return str(client._server_info["version"])  # type: ignore[attr-defined]
