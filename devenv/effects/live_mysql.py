"""Asking MySQL and MariaDB, by PyMySQL, in a transaction that may only read.

Also what a project's own server lacks of what the manifest promises.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from devenv.effects.live_address import Address
from devenv.effects.live_line import Endpoint, LoginRefused, NoAnswer, NoDatabase, broken_by
from devenv.model.promise import Promise

_NAMES = """
sql_mode character_set_server collation_server time_zone lower_case_table_names transaction_isolation tx_isolation
default_storage_engine innodb_strict_mode max_allowed_packet group_concat_max_len explicit_defaults_for_timestamp
default_authentication_plugin authentication_policy local_infile event_scheduler log_bin_trust_function_creators
binlog_format wait_timeout max_connections
"""
#: Settings that change how an application behaves; no other is asked for.
VARIABLES = tuple(_NAMES.split())
_NAMED = ", ".join(f"'{name}'" for name in VARIABLES)
_VALUES = f"SHOW GLOBAL VARIABLES WHERE Variable_name IN ({_NAMED})"
#: Who set a variable: MariaDB since 10.1, MySQL since 5.7.
_ORIGINS = tuple(
    f"SELECT variable_name, {origin} FROM {table} WHERE variable_name IN ({_NAMED})"  # noqa: S608 - of constants
    for origin, table in (
        ("global_value_origin", "information_schema.system_variables"),
        ("variable_source", "performance_schema.variables_info"),
    )
)
#: Who may not see others' privileges sees their own.
_ADMIN = (
    "SELECT COUNT(*) FROM information_schema.user_privileges "
    "WHERE privilege_type IN ('SUPER', 'SHUTDOWN', 'CREATE USER')"
)
#: The library's own numbers for a connection that is gone.
_BROKEN = (0, 2006, 2013)
#: Refusals that are of the login, not of the moment.
_OF_LOGIN = (1044, 1045, 1698, 3118, 4151)
_REFUSALS = {
    1044: "does not let this login into the database",
    1045: "refuses the login",
    1049: "has no such database",
    1040: "has no connection left for this",
    1203: "has no connection left for this",
    1129: "has shut this machine out",
    1130: "does not let this machine connect",
    1698: "refuses the login",
    2026: "speaks no TLS: say plaintext = true where the way to the server can be trusted",
    2059: "wants a way to log in that PyMySQL does not know",
    3118: "has locked this login",
    3159: "wants TLS",
    4151: "has locked this login",
}


def ask(way: Endpoint) -> dict[str, Any]:
    """Raises NoAnswer, OSError."""
    with _connection(way) as connection:
        return _answers(connection, _driver().err.MySQLError)


@contextlib.contextmanager
def _connection(way: Endpoint) -> Iterator[Any]:
    """A connection that is logged in. Raises NoAnswer, OSError, also for what goes wrong while it is used."""
    driver = _driver()
    address, seconds = way.address, way.limits.answer
    with way.line(tls=False) as line:
        try:
            connection = driver.Connection(
                host=address.host,
                port=address.port,
                user=address.user,
                password=address.password.encode(),  # text would be sent as Latin-1
                database=address.database or None,
                # Without this the library takes TLS where it is offered and does not look at the certificate.
                ssl=way.context() if way.strict else None,
                read_timeout=seconds,
                write_timeout=seconds,
                charset="utf8mb4",
                program_name="devenv",
                defer_connect=True,
            )
            connection.connect(line.socket)
            try:
                yield connection
            finally:
                connection.close()
        except driver.err.Error as error:
            raise (broken_by(error) or _refusal(error)) from None
        except RuntimeError:
            raise NoAnswer("wants a login that needs TLS here, or the package cryptography") from None


def lacking(promise: Promise) -> tuple[str, ...]:
    """What is not as promised, in words. Raises NoAnswer or OSError if the server does not answer."""
    found: dict[str, None] = {}
    for user in promise.logins:
        found |= dict.fromkeys(_lacking_for(promise, user))
    return tuple(found)


def _lacking_for(promise: Promise, user: str) -> list[str]:
    """What a user does not find. The first database is named at the login: that is what an application does."""
    where, database = ((promise.host, promise.port),), promise.names[0]
    login = Address("mysql", "mysql", where, tls=False, user=user, password=promise.logins[user], path=quote(database))
    try:
        with _connection(Endpoint(login)) as connection, connection.cursor() as cursor:
            cursor.execute("SHOW DATABASES")
            there = {str(name).lower() for (name,) in cursor.fetchall()}  # lower_case_table_names changes names
            return [f"database {name}" for name in promise.names if name.lower() not in there]
    except NoDatabase:
        return [f"database {database}"]
    except LoginRefused:
        return [f"login of user {user}"]


def _driver() -> Any:
    import pymysql.connections  # type: ignore[import-untyped]
    import pymysql.err  # type: ignore[import-untyped]

    return pymysql.connections


def _answers(connection: Any, refusal: type[Exception]) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute("START TRANSACTION READ ONLY")
        cursor.execute("SELECT VERSION(), @@version_comment")
        version, comment = cursor.fetchone()
        cursor.execute(_VALUES)
        values = {str(name).lower(): str(value) for name, value in cursor.fetchall()}
        origins = None
        for question in _ORIGINS:
            try:
                cursor.execute(question)
            except refusal as error:  # the other server's, or performance_schema is off
                if error.args[0] in _BROKEN:
                    raise
                continue
            origins = {str(name).lower(): str(origin) for name, origin in cursor.fetchall()} or origins
        cursor.execute(_ADMIN)
        (admin,) = cursor.fetchone()
        cursor.execute("ROLLBACK")
    return {"version": version, "comment": comment, "variables": values, "origins": origins, "admin": int(admin) > 0}


def _refusal(error: Exception) -> Exception:
    """By its number alone: the server's words repeat the login."""
    code = error.args[0] if error.args else None
    if code in _BROKEN:
        return ConnectionResetError()
    if code in _REFUSALS:
        kind = NoDatabase if code == 1049 else LoginRefused if code in _OF_LOGIN else NoAnswer
        return kind(_REFUSALS[code])
    return NoAnswer(f"answers with error {code}" if isinstance(code, int) else "does not answer as MySQL does")
