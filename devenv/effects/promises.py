"""Trying what the manifest promises inside servers, in their own protocols, as an application would.

Drivers load where they are used: importing one takes longer than all that ``devenv status`` does.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial

from devenv.effects.at_once import all_at_once
from devenv.effects.containers import execute
from devenv.effects.probe import until_ready
from devenv.model.probe import Command, Question
from devenv.model.promise import Promise, Trial

#: Seconds that plugins have to start: older servers let clients in before.
_PATIENCE = 2.0
#: Any answer will do: a page that needs a login is a page.
_PAGE = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
#: Protocols for which no driver is imported.
QUICK = frozenset(["amqp"])


def tried(promise: Promise) -> Trial:
    """Try it now. Never raises: what cannot be tried is an answer too."""
    from devenv.effects.live_line import NoAnswer

    try:
        return Trial(lacking=_lacking(promise))
    except NoAnswer as error:
        return Trial(untried=str(error))
    except OSError as error:
        return Trial(untried=error.strerror or str(error))


def tried_all(promises: Mapping[str, Promise]) -> dict[str, Trial]:
    """Try several, all at the same time."""
    return all_at_once({name: partial(tried, promise) for name, promise in promises.items()})


def tried_inside(container: str, command: Command) -> Trial:
    """Try it by a program in the server's own container. Raises Unreachable."""
    done = execute(container, command)
    if done.code != 0:
        last_line = (done.stderr or done.stdout).strip().rpartition("\n")[2]
        return Trial(untried=last_line or f"the program that looks ended with code {done.code}")
    return Trial(lacking=tuple(line for line in done.stdout.splitlines() if line))


def _lacking(promise: Promise) -> tuple[str, ...]:
    if promise.protocol == "postgres":
        from devenv.effects.live_postgres import lacking as of_postgres

        return of_postgres(promise)
    if promise.protocol == "mysql":
        from devenv.effects.live_mysql import lacking as of_mysql

        return of_mysql(promise)
    if promise.protocol == "clickhouse":
        from devenv.effects.live_clickhouse import lacking as of_clickhouse

        return of_clickhouse(promise)
    return _of_rabbitmq(promise)


def _of_rabbitmq(promise: Promise) -> tuple[str, ...]:
    from devenv.effects.amqp_login import refusal

    (application, password), *others = promise.logins.items()
    wanted = [(application, password, name) for name in promise.names]
    wanted += [(user, secret, promise.names[0]) for user, secret in others]
    found = []
    for user, secret, vhost in wanted:
        if refusal((promise.host, promise.port), user, secret, vhost):
            found.append(f"login of user {user} to virtual host {vhost}")
    end = time.monotonic() + _PATIENCE
    for name, port in promise.pages.items():
        page = Question(promise.host, port, _PAGE, "^HTTP/")
        answer = until_ready(page, stop=lambda: time.monotonic() > end, pause=time.sleep)
        if not answer.ready:
            found.append(f"plugin of port {name}")
    return tuple(found)
