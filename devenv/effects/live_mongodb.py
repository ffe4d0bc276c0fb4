"""Asking MongoDB, by PyMongo: two commands that read."""

from __future__ import annotations

from typing import Any

from devenv.effects.live_line import Endpoint, NoAnswer, wants_plain_text

_REFUSALS = {
    8000: "refuses the login",
    11: "refuses the login",
    13: "does not let this login ask buildInfo: name a user in the address",
    18: "refuses the login",
}
#: Services that speak MongoDB's protocol and are none, by the end of their hosts' names.
_LIKE = {".docdb.amazonaws.com": "documentdb", ".cosmos.azure.com": "cosmosdb", ".firestore.goog": "firestore"}


def ask(way: Endpoint) -> dict[str, Any]:
    """Raises NoAnswer, OSError."""
    driver, errors = _driver()
    address = way.address
    tls = address.tls or way.strict or "true" in (address.options.get("tls"), address.options.get("ssl"))
    if way.strict and "false" in (address.options.get("tls"), address.options.get("ssl")):
        raise NoAnswer(wants_plain_text(address.scheme))
    if len(address.hosts) == 1 and address.scheme == "mongodb":
        with way.line(tls=tls):  # what is wrong here is not told by the library, which tries on and on
            pass
    try:
        with driver.MongoClient(**_options(way, tls=tls)) as client:
            return _answers(client.admin, address.host, errors.PyMongoError)
    except errors.OperationFailure as error:
        raise NoAnswer(_REFUSALS.get(error.code or 0, f"answers with error {error.code}")) from None
    except errors.ConfigurationError:
        raise NoAnswer(
            "the options of the address do not go together, or its host has no record of MongoDB's"
        ) from None
    except errors.PyMongoError:
        raise NoAnswer("cannot be reached: is the address right, and does every member of the set answer?") from None


def _driver() -> tuple[Any, Any]:
    try:
        import pymongo
        import pymongo.errors
    except ImportError:
        raise NoAnswer("asking MongoDB needs pymongo: pip install pymongo") from None
    return pymongo, pymongo.errors


def _options(way: Endpoint, *, tls: bool) -> dict[str, Any]:
    """Built by hand: what the address says of safety does not count, and nothing of it gets into an error's text."""
    address, limits = way.address, way.limits
    options: dict[str, Any] = {
        "host": [f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in address.hosts],
        "appname": "devenv",
        "connectTimeoutMS": int(limits.connect * 1000),
        "socketTimeoutMS": int(limits.answer * 1000),
        "serverSelectionTimeoutMS": int(limits.connect * 1000),
        "readPreference": "secondaryPreferred",
        "retryReads": False,
        "tls": tls,
    }
    if address.scheme == "mongodb+srv":
        options["host"] = f"mongodb+srv://{address.host}"
    elif len(address.hosts) == 1 and "replicaSet" not in address.options:
        options["directConnection"] = True
    if tls and way.tls_ca:
        options["tlsCAFile"] = way.tls_ca
    if tls and not way.strict:
        options["tlsAllowInvalidCertificates"] = True
    if tls and way.near:
        options["tlsAllowInvalidHostnames"] = True
    if address.user:
        options |= {"username": address.user, "password": address.password}
        options["authSource"] = address.options.get("authSource") or address.database or "admin"
    for name in ("authMechanism", "replicaSet"):
        if name in address.options:
            options[name] = address.options[name]
    return options


def _answers(admin: Any, host: str, failure: type[Exception]) -> dict[str, Any]:
    build = admin.command("buildInfo")
    found = {
        "version": build.get("version"),
        "like": next(
            (kind for end, kind in _LIKE.items() if host.endswith(end)), "ferretdb" if "ferretdb" in build else ""
        ),
        "features": None,
    }
    try:
        parameter = admin.command({"getParameter": 1, "featureCompatibilityVersion": 1})
        found["features"] = parameter["featureCompatibilityVersion"]["version"]
    except (failure, KeyError, TypeError):  # which takes the role clusterMonitor
        pass
    return found
