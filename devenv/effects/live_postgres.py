"""Asking PostgreSQL, by pg8000: one transaction that may only read, and leaves nothing behind in a pool's session.

Also what a project's own server lacks of what the manifest promises.
"""

from __future__ import annotations

import contextlib
import re
import struct
from collections.abc import Iterator
from typing import Any

from devenv.effects.live_address import Address
from devenv.effects.live_line import Endpoint, Line, LoginRefused, NoAnswer, NoDatabase, broken_by
from devenv.model.promise import Promise

_NAMES = """
timezone datestyle intervalstyle lc_messages lc_monetary lc_numeric lc_time default_text_search_config
default_transaction_isolation statement_timeout lock_timeout idle_in_transaction_session_timeout
standard_conforming_strings bytea_output search_path row_security jit wal_level max_connections
max_prepared_transactions max_replication_slots max_wal_senders shared_preload_libraries session_preload_libraries
password_encryption default_toast_compression log_min_duration_statement cron.database_name rds.logical_replication
"""
#: Settings that change how an application behaves; no other is asked for.
SETTINGS = tuple(_NAMES.split())
_NAMED = ", ".join(f"'{name}'" for name in SETTINGS)
#: What somebody has set, for the server or for the database; and for the login, behind which that is hidden.
_SETTINGS = f"""
SELECT name, setting, source IN ('user', 'database user') FROM pg_settings
WHERE source IN ('configuration file', 'command line', 'environment variable', 'global', 'database', 'user',
'database user') AND (lower(name) IN ({_NAMED}) OR name LIKE 'pg_stat_statements.%') ORDER BY name
"""  # noqa: S608 - of constants
#: As JSON, since older servers lack some of the columns.
_DATABASE = """
SELECT pg_encoding_to_char(d.encoding), d.datcollate, d.datctype, j ->> 'datlocprovider',
       coalesce(j ->> 'datlocale', j ->> 'daticulocale')
FROM pg_database d CROSS JOIN LATERAL to_jsonb(d) j WHERE d.datname = current_database()
"""
_SSL_REQUEST = struct.pack("!ii", 8, 80877103)
#: What else speaks this protocol, and knows these questions not or answers them with PostgreSQL's own number.
_OTHERS = ("Redshift", "CockroachDB", "-YB-", "Greenplum", "Materialize", "CrateDB", "QuestDB")
_REFUSALS = {
    "28": "refuses the login",
    "3D": "has no such database",
    "42501": "does not let this login read what is asked",
    "53": "has no connection left for this",
    "57014": "took too long for an answer",
    "57": "is starting or stopping",
    "08P01": "does not understand the login: a pool before it may want its database and user named",
}


def ask(way: Endpoint) -> dict[str, Any]:
    """Raises NoAnswer, OSError."""
    with _connection(way) as connection:
        return _answers(connection, int(way.limits.answer * 1000))


@contextlib.contextmanager
def _connection(way: Endpoint) -> Iterator[Any]:
    """A connection that is logged in. Raises NoAnswer, OSError, also for what goes wrong while it is used."""
    driver, exceptions = _driver()
    address = way.address
    if not address.user:
        raise NoAnswer("the address names no user")
    if re.search(r"[\x00-\x1f\x7f]", address.password):
        raise NoAnswer("the password holds control characters, which pg8000 cannot send")
    with way.line(tls=False) as line:
        _start_tls(line, way)
        try:
            connection = driver.Connection(
                address.user,
                host=address.host,
                port=address.port,
                database=address.database or None,
                password=address.password,
                application_name="devenv",
                sock=line.socket,
                ssl_context=False,
            )
            try:
                yield connection
            finally:
                with contextlib.suppress(exceptions.Error):
                    connection.close()
        except exceptions.Error as error:
            raise _reason(error, exceptions.DatabaseError) from None


#: An extension without a control file is a library, which nobody creates, and pg_cron can only be in the one database
#: that its setting names.
_NOT_CREATED = """
SELECT name FROM pg_available_extensions WHERE installed_version IS NULL
AND (name <> 'pg_cron' OR current_database() = current_setting('cron.database_name', true))
"""


def lacking(promise: Promise) -> tuple[str, ...]:
    """What is not as promised, in words. Raises NoAnswer or OSError if the server does not answer."""
    application, *others = promise.logins
    found: dict[str, None] = {}
    for database in promise.names if promise.extensions else promise.names[:1]:
        found |= dict.fromkeys(_lacking_in(promise, application, database))
    for user in others:
        found |= dict.fromkeys(_lacking_in(promise, user, promise.names[0]))
    return tuple(found)


def _lacking_in(promise: Promise, user: str, database: str) -> list[str]:
    where = ((promise.host, promise.port),)
    login = Address("postgres", "postgres", where, tls=False, user=user, password=promise.logins[user], path=database)
    try:
        with _connection(Endpoint(login)) as connection:
            databases = {name for (name,) in connection.run("SELECT datname FROM pg_database")}
            not_created = {name for (name,) in connection.run(_NOT_CREATED)} if promise.extensions else set()
    except NoDatabase:
        return [f"database {database}"]
    except LoginRefused:
        return [f"login of user {user}"]
    found = [f"database {name}" for name in promise.names if name not in databases]
    found += [f"extension {name} in database {database}" for name in promise.extensions if name in not_created]
    return found


def _driver() -> tuple[Any, Any]:
    import pg8000.exceptions  # type: ignore[import-untyped]
    import pg8000.native  # type: ignore[import-untyped]

    return pg8000.native, pg8000.exceptions


def _start_tls(line: Line, way: Endpoint) -> None:
    """By hand: the library's own way does not say what went wrong."""
    line.send(_SSL_REQUEST)
    answer = line.exactly(1)
    if answer == b"S":
        line.start_tls()
    elif way.strict:
        raise NoAnswer("speaks no TLS: say plaintext = true where the way to the server can be trusted")


def _answers(connection: Any, milliseconds: int) -> dict[str, Any]:
    version = connection.run("SELECT version()")[0][0]
    found: dict[str, Any] = {"version": version}
    if any(name in version for name in _OTHERS):
        return found
    connection.run("BEGIN READ ONLY")
    # First of all: limits of our own would hide the server's.
    rows = connection.run(_SETTINGS)
    connection.run(f"SET LOCAL statement_timeout = {milliseconds}")
    connection.run(f"SET LOCAL lock_timeout = {milliseconds}")
    encoding, collate, ctype, provider, locale = connection.run(_DATABASE)[0]
    found |= {
        "version_num": connection.run("SELECT current_setting('server_version_num')")[0][0],
        "superuser": connection.run("SELECT current_setting('is_superuser')")[0][0] == "on",
        "settings": {name: value for name, value, hidden in rows if not hidden},
        "hidden": [name for name, _, hidden in rows if hidden],
        "extensions": dict(connection.run("SELECT extname, extversion FROM pg_extension")),
        "database": {
            "encoding": encoding,
            "collate": collate,
            "ctype": ctype,
            "provider": provider,
            "locale": locale,
        },
    }
    connection.run("ROLLBACK")
    return found


def _reason(error: Exception, refusal: type[Exception]) -> Exception:
    """What the server said is told by its code alone: its words may repeat the login."""
    cause: BaseException | None = error
    while cause is not None:
        said = cause.args[0] if isinstance(cause, refusal) and cause.args else None
        if isinstance(said, dict):
            return _refusal(str(said.get("C", "")))
        cause = cause.__cause__ or cause.__context__
    if "network error" in str(error):
        return broken_by(error) or ConnectionResetError()
    if str(error).startswith("Authentication method"):
        return NoAnswer("wants a way to log in that pg8000 does not know")
    return NoAnswer("does not answer as PostgreSQL does")


def _refusal(code: str) -> NoAnswer:
    kind = {"28": LoginRefused, "3D": NoDatabase}.get(code[:2], NoAnswer)
    return kind(_refused(code))


def _refused(code: str) -> str:
    known = (text for start, text in _REFUSALS.items() if code.startswith(start))
    return next(known, f"answers with error {code if code.isalnum() and len(code) == 5 else 'unknown'}")
