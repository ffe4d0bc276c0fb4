"""``up`` returns when services serve: the very first connection after it succeeds, every time."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.engine import clients
from tests.engine.conftest import Make, Standin
from tests.engine.dialects import DIALECTS, elsewhere
from tests.engine.project import Project

ROUNDS = 3
#: Entry points of these run a temporary server first, or take long to boot, or load their data.
KINDS = ("postgres", "mysql", "mariadb", "redis", "rabbitmq")
PAUSE = 5

#: An init script that keeps the temporary server busy, put beside what devenv writes, as people do it.
OVERRIDE = """
services:
  it:
    configs:
      - source: slow
        target: /docker-entrypoint-initdb.d/50-slow.sql
configs:
  slow:
    content: |
      CREATE TABLE slow (a int);
      SELECT {sleep};
      INSERT INTO slow VALUES (1);
"""


def newest(standins: tuple[Standin, ...], kind: str) -> Standin:
    of_kind = [item for item in standins if item.kind == kind]
    return max(of_kind, key=lambda item: [int(part) for part in item.version.split(".")])


def manifest(item: Standin, options: str = "") -> str:
    variant = f'variant = "{item.variant}"\n' if item.variant else ""
    return f'[services.it]\nkind = "{item.kind}"\nversion = "{item.version}"\n{variant}{options}'


def at_once(make: Make, kinds: tuple[str, ...], each: Callable[[Project, str], Any]) -> dict[str, Any]:
    """Do the same for several kinds side by side, each in a project of its own: a busy machine is the harder test."""
    made = {kind: make("") for kind in kinds}
    with ThreadPoolExecutor(len(kinds)) as pool:
        return dict(zip(kinds, pool.map(lambda kind: each(made[kind], kind), kinds), strict=True))


def test_it_succeeds_on_empty_data_every_time(project: Make, standins: tuple[Standin, ...]) -> None:
    def rounds(own: Project, kind: str) -> list[str]:
        """With all that the image does not make itself: further databases, users, settings."""
        own.write(manifest(newest(standins, kind), DIALECTS[kind].changed))
        ended = []
        for _ in range(ROUNDS):
            own.up()
            url, second = own.url("it"), DIALECTS[kind].second
            ended.append(first_connection(elsewhere(url, second) if second else url, DIALECTS[kind].write))
            own.run("reset", "it", "--yes")
        return ended

    assert at_once(project, KINDS, rounds) == dict.fromkeys(KINDS, ["succeeded"] * ROUNDS)


def first_connection(url: str, write: Callable[[str], None]) -> str:
    try:
        write(url)
    except Exception as error:
        return repr(error)
    return "succeeded"


def test_up_does_not_take_the_temporary_server_for_the_real_one(project: Make, standins: tuple[Standin, ...]) -> None:
    ask = {"postgres": clients.postgres, "mysql": clients.mysql, "mariadb": clients.mysql}
    kinds = tuple(ask)

    def slow(own: Project, kind: str) -> Any:
        own.write(manifest(newest(standins, kind), DIALECTS[kind].first))
        own.file(
            ".devenv/compose.override.yaml", OVERRIDE.format(sleep=f"{'pg_' * (kind == 'postgres')}sleep({PAUSE})")
        )
        start = time.monotonic()
        own.up()
        return time.monotonic() - start >= PAUSE, ask[kind](own.url("it"), "SELECT a FROM slow")

    assert at_once(project, kinds, slow) == dict.fromkeys(kinds, (True, 1))


def test_up_waits_until_data_is_loaded(project: Make, standins: tuple[Standin, ...]) -> None:
    """A server that loads its data takes connections and refuses every command."""
    fill = "for i = ARGV[1], ARGV[1] + 19999 do redis.call('set', 'key' .. i, 'value') end"  # as much as one waits for

    def loaded(own: Project, kind: str) -> Any:
        own.write(manifest(newest(standins, kind)))
        own.up()
        with clients.redis_client(own.url("it")) as client:
            for first in range(1, 600_000, 20_000):
                client.eval(fill, 0, first)
        own.run("down")
        own.up()
        with clients.redis_client(own.url("it")) as client:
            return client.get("key600000")

    assert at_once(project, ("redis", "valkey"), loaded) == {"redis": "value", "valkey": "value"}
