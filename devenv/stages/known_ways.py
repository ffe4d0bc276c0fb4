"""Which ways data of a kind has from version to version, asked of those who know; none of it is written down here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from devenv.model.kind import Kind
from devenv.model.lock import Lock
from devenv.model.record import record
from devenv.model.resolved import ResolvedService
from devenv.model.upgrade import Refusal, Route
from devenv.stages.load import build_manifest
from devenv.stages.resolve import resolve
from devenv.upgrades import registry


@record
class KnownRoute:
    """The best way from one version to another one, or why there is none. ``kind`` is that of the data."""

    kind: str
    old: str
    new: str
    way: Route | Refusal


def sources(kind: Kind) -> tuple[str, ...]:
    """The kinds whose data can become this kind's, its own first."""
    others = sorted(old for old, new in registry.WAYS if new == kind.name and old != kind.name)
    return (kind.name, *others)


def known_ways(kind: Kind, kinds: Mapping[str, Kind]) -> tuple[KnownRoute, ...]:
    """Between all series in the catalogue whose data is not of one format; ``kinds`` are at least ``sources``."""
    wanted = _services(kind)
    found = []
    for name in sources(kind):
        for old in _services(kinds[name]):
            for new in wanted:
                if _moves(old, new):
                    routes = registry.routes(old, new)
                    way = routes if isinstance(routes, Refusal) else routes[0]
                    found.append(KnownRoute(name, old.version.text, new.version.text, way))
    return tuple(found)


def _moves(old: ResolvedService, new: ResolvedService) -> bool:
    """Whether anybody would go that way: another kind's data, or older data of another format."""
    if old.kind.name != new.kind.name:
        return True
    return old.version.release < new.version.release and old.volumes[0].format != new.volumes[0].format


def _services(kind: Kind) -> list[ResolvedService]:
    """A service of each series that keeps data."""
    made = []
    for version in kind.versions:
        shape = {"project": {"name": "any"}, "services": {"any": {"kind": kind.name, "version": version}}}
        service = resolve(build_manifest(shape, {kind.name: kind}), {kind.name: kind}, Lock()).services["any"]
        made += [service] if service.volumes else []
    return made


@record
class Ways:
    """The same way from each of some versions to each of others."""

    kind: str
    olds: tuple[str, ...]
    news: tuple[str, ...]
    way: Route | Refusal


def together(known: Iterable[KnownRoute]) -> list[Ways]:
    """What is gone by one way, in one piece."""
    by_old: dict[tuple[str, str, str], list[KnownRoute]] = {}
    for item in known:
        by_old.setdefault((item.kind, item.old, _way(item.way)), []).append(item)
    alike: dict[tuple[str, tuple[str, ...], str], list[KnownRoute]] = {}
    for (kind, _, way), items in by_old.items():
        alike.setdefault((kind, tuple(item.new for item in items), way), []).append(items[0])
    return [Ways(key[0], tuple(item.old for item in items), key[1], items[0].way) for key, items in alike.items()]


def in_words(kind: Kind, known: Iterable[KnownRoute]) -> list[str]:
    """For people. ``*`` marks what devenv's own tests do with real servers."""
    given = list(known)
    lines = []
    for source in dict.fromkeys(item.kind for item in given):
        of = [item for item in given if item.kind == source]
        head = "" if source == kind.name else f"{source} "
        if len({_way(item.way) for item in of}) == 1:
            lines.append(f"{head}any → {'any' if head else 'newer'}: {_way(of[0].way)}")
            continue
        lines += [f"{head}{', '.join(item.olds)} → {', '.join(item.news)}: {_way(item.way)}" for item in together(of)]
    return lines


def _way(way: Route | Refusal) -> str:
    if isinstance(way, Refusal):
        return "no way"
    stops = f", by {', '.join(way.stops)}" if way.stops else ""
    return f"{way.way}{stops}{' *' if way.verified else ''}"


def entries(known: Iterable[KnownRoute]) -> list[dict[str, object]]:
    """For programs."""
    return [_entry(item) for item in together(known)]


def _entry(item: Ways) -> dict[str, object]:
    head: dict[str, object] = {"kind": item.kind, "from": list(item.olds), "to": list(item.news)}
    if isinstance(item.way, Refusal):
        return head | {"way": None, "stops": [], "verified": False}
    return head | {"way": str(item.way.way), "stops": list(item.way.stops), "verified": item.way.verified}
