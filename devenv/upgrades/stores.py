"""ClickHouse, Mailpit, MongoDB: a newer server takes over what an older one wrote, some by stops on the way."""

from __future__ import annotations

from collections.abc import Mapping

from devenv.model.resolved import ResolvedService
from devenv.upgrades.in_place import InPlace, Routes, by

# --- ClickHouse: two releases a year are kept for long, .3 and .8

_LONG = (3, 8)
#: Months between two releases that are tried with each other (services.md §2.1).
_YEAR = 12


def _clickhouse(old: ResolvedService, new: ResolvedService) -> Routes:
    """By releases that are kept for long, no step longer than a year."""
    now, end, stops = _month(old), _month(new), []
    while end - now > _YEAR:
        reach = [month for month in range(now + 1, now + _YEAR + 1) if (month - 1) % 12 + 1 in _LONG]
        now = reach[-1]
        stops.append(f"{(now - 1) // 12}.{(now - 1) % 12 + 1}")
    return by(*stops, fixed=8, note="by releases that are kept for long" if stops else "")


def _month(service: ResolvedService) -> int:
    """A release as a number of months: 24.8 is the 8th of year 24."""
    year, month = (*service.version.release, 1)[:2]
    return year * 12 + month


def _login(service: ResolvedService) -> Mapping[str, str]:
    return {
        "DEVENV_USER": str(service.options.get("user") or ""),
        "DEVENV_PASSWORD": str(service.options.get("password") or ""),
    }


CLICKHOUSE = InPlace(_clickhouse, census="clickhouse/census.sh", values=_login)

# --- Mailpit: SQLite, whose tables it brings up to date when it starts


def _mailpit(old: ResolvedService, new: ResolvedService) -> Routes:
    return by(fixed=3)


MAILPIT = InPlace(_mailpit, census="mailpit/census.sh")

# --- MongoDB: every major in turn, each with the feature compatibility version raised before the next

_MAJORS = ((3, 6), (4, 0), (4, 2), (4, 4), *((major, 0) for major in range(5, 100)))


def _mongodb(old: ResolvedService, new: ResolvedService) -> Routes:
    """All majors between; from 8.0 on a release in between is reached directly (services.md §2.8)."""
    first, last = old.version.release[:2], new.version.release[:2]
    return by(*(f"{major}.{minor}" for major, minor in _MAJORS if first < (major, minor) < last), fixed=12)


def _compatibility(service: ResolvedService) -> Mapping[str, str]:
    """``setFeatureCompatibilityVersion`` wants to be confirmed from 7.0 on."""
    major, minor = (*service.version.release, 0)[:2]
    return {"DEVENV_FCV": f"{major}.{minor}", "DEVENV_CONFIRM": ", confirm: true" if major >= 7 else ""}


MONGODB = InPlace(
    _mongodb,
    census="mongodb/census.sh",
    settle=("let the data be as {version} writes it", "mongodb/compatible.sh"),
    values=_compatibility,
)
