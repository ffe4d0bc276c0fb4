"""Asking live servers of production what they are: read-only, by TLS, with an end to patience, and without a secret.

What is asked is in one module a protocol; what the answers mean is read by ``devenv.sources.live``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from devenv.document import Document, Unreadable
from devenv.effects import (
    live_amqp,
    live_clickhouse,
    live_memcached,
    live_mongodb,
    live_mysql,
    live_nats,
    live_postgres,
    live_rabbitmq,
    live_redis,
    live_search,
)
from devenv.effects.live_address import Malformed, parse
from devenv.effects.live_line import Endpoint, Limits, NoAnswer, why
from devenv.model.fact import Note

Ask = Callable[[Endpoint], dict[str, Any]]
_ASK: Mapping[str, Ask] = {
    "amqp": live_amqp.ask,
    "clickhouse": live_clickhouse.ask,
    "memcached": live_memcached.ask,
    "mongodb": live_mongodb.ask,
    "mysql": live_mysql.ask,
    "nats": live_nats.ask,
    "postgres": live_postgres.ask,
    "rabbitmq": live_rabbitmq.ask,
    "redis": live_redis.ask,
    "search": live_search.ask,
}


def ask(
    address_name: str,
    address: str,
    *,
    service: str,
    day: str,
    tls_ca: str = "",
    plaintext: bool = False,
    limits: Limits | None = None,
) -> Document:
    """What a server answers. ``address_name`` is the environment variable that ``address`` is from, by which alone
    people are told of it; ``service`` is the manifest's service that it serves.

    Plain text is spoken to this machine, and elsewhere only if ``plaintext``. Raises Unreadable.
    """
    shown, limits = f"${address_name}", limits or Limits()
    try:
        way = Endpoint(parse(address), tls_ca, plaintext, limits)
        answers = _in_time(_ASK[way.address.protocol], way)
    except (Malformed, NoAnswer) as error:
        raise Unreadable(Note(str(error), shown, failed=True)) from None
    except OSError as error:
        raise Unreadable(Note(why(error, limits), shown, failed=True)) from None
    except Exception:  # noqa: BLE001 - libraries meet anything in what strangers send, and their words may hold the login
        raise Unreadable(Note("does not answer as its scheme says", shown, failed=True)) from None
    value = {"live": way.address.protocol, "service": service, **answers}
    return Document(shown, "json", (value,), asked=True, day=day)


def _in_time(act: Ask, way: Endpoint) -> dict[str, Any]:
    """Do it in a thread of its own, which is left behind when time is up: not even a name's lookup can be ended."""
    done: list[dict[str, Any]] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            done.append(act(way))
        except BaseException as error:  # noqa: BLE001 - told in the thread that waits
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(way.limits.total)
    if done:
        return done[0]
    if failed:
        raise failed[0]
    for line in way.opened:
        line.cut()
    raise NoAnswer(f"did not answer all that was asked within {way.limits.total:g} s")
