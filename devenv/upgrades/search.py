"""Elasticsearch and OpenSearch: in place within a major, to the next one from the last release of a major, and only
with indices that the major before made (services.md §2.1, §2.9)."""

from __future__ import annotations

from collections.abc import Mapping

from devenv.model.resolved import ResolvedService
from devenv.model.upgrade import Refusal, start_empty
from devenv.upgrades.in_place import InPlace, Routes, Ways, by

#: Major -> the first release that the next major takes data from, and the release to go by.
_ELASTIC: Mapping[int, tuple[tuple[int, int], str]] = {
    5: ((5, 6), "5.6.16"),
    6: ((6, 8), "6.8.23"),
    7: ((7, 17), "7.17.28"),
    8: ((8, 18), "8.19.5"),
}
_OPEN: Mapping[int, tuple[tuple[int, int], str]] = {
    1: ((1, 3), "1.3.20"),
    2: ((2, 19), "2.19.1"),
}


def _stops(old: ResolvedService, new: ResolvedService, lasts: Mapping[int, tuple[tuple[int, int], str]]) -> list[str]:
    """The last release of every major that is left, but of the first one only where its data is older than that."""
    first, last = old.version.part(0) or 0, new.version.part(0) or 0
    return [
        stop
        for major, (least, stop) in lasts.items()
        if first <= major < last and (major > first or old.version.release[:2] < least)
    ]


def _elasticsearch(old: ResolvedService, new: ResolvedService) -> Routes:
    return by(*_stops(old, new, _ELASTIC), fixed=40)


def _opensearch(old: ResolvedService, new: ResolvedService) -> Routes:
    return by(*_stops(old, new, _OPEN), fixed=40)


def _across(old: ResolvedService, new: ResolvedService) -> Routes:
    """OpenSearch came of Elasticsearch 7.10: 1.x takes over 6.8 to 7.10, 2.x what is of 7."""
    least, named = ((7, 0), "7.0") if (new.version.part(0) or 0) >= 2 else ((6, 8), "6.8")
    if (new.version.part(0) or 0) >= 3 or not least <= old.version.release[:2] <= (7, 10):
        return Refusal(
            f"data of Elasticsearch {old.version} is nothing that OpenSearch {new.version} opens",
            f"OpenSearch 1 and 2 take over what is of {named} to 7.10; otherwise load it anew:\n  {start_empty(new)}",
        )
    return by(fixed=40, note="users and rights are Elasticsearch's own, and stay behind")


def _login(service: ResolvedService) -> Mapping[str, str]:
    user = {"elasticsearch": "elastic", "opensearch": "admin"}[service.kind.name]
    password = str(service.options.get("password") or "")
    return {
        "DEVENV_LOGIN": f"{user}:{password}" if password else "",
        "DEVENV_KIND": service.kind.name,
        "DEVENV_VERSION": service.version.text,
    }


def _search(ways: Ways) -> InPlace:
    return InPlace(
        ways,
        census="search/census.sh",
        leave=("see whether a newer major reads every index", "search/readable.sh"),
        values=_login,
    )


ELASTICSEARCH, OPENSEARCH, ACROSS = _search(_elasticsearch), _search(_opensearch), _search(_across)
