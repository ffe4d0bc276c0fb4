"""Containers that only use a server, though their image is a server's: jobs, checks, migrations, backups."""

from __future__ import annotations

import re
from collections.abc import Sequence

from devenv.sources.command_lines import starts_a_tool

#: What such a container is called, and what stands above it where a file describes it: ``waitForDatabase.image``.
_TASK = re.compile(
    r"(?:extra)?init[-_]?containers?"
    r"|(?:(?:db|database|schema)[-_]?)?migrat(?:e|ions?|or)(?:[-_]?job)?"
    r"|(?:(?:pg|db|database|postgres|postgresql|mysql|mariadb|redis|mongo|mongodb)[-_]?)?(?:backups?|dump(?:all)?|restore)"
    r"|volume[-_]?permissions?|psql|pg[-_]?is[-_]?ready|pgdump(?:all)?",
    re.IGNORECASE,
)
#: ``wait-for-db``, ``waitForDatabase``, not ``waiter``.
_WAITING = re.compile(r"(?:k8s-)?[Ww]ait(?:[-_]?[Ff]or)?(?:[-_A-Z].*)?")
#: What only stands above several of them: as a name of a service it could be any.
_TASKS = re.compile(r"(?:cron[-_]?)?jobs?|(?:helm[-_]?)?hooks?|tests?", re.IGNORECASE)


def is_client(name: str, place: Sequence[str], words: Sequence[str]) -> bool:
    """Whether a container only uses a server: by its name, by what it stands in, or by the command it is started with.

    ``place`` are the keys above it.
    """
    if starts_a_tool(words) or _is_task(name):
        return True
    return any(_is_task(key) or _TASKS.fullmatch(key) for key in place)


def _is_task(name: str) -> bool:
    return bool(_TASK.fullmatch(name) or _WAITING.fullmatch(name))
