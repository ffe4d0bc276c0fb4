"""Every way that data can be moved: one row for each pair of kinds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from devenv.model.resolved import ResolvedService
from devenv.model.upgrade import Recipe, Refusal, Route, start_empty
from devenv.upgrades import brokers, in_place, mariadb, mysql, postgres, rabbitmq, redis, search, stores


class UpgradeModule(Protocol):
    """A module of this package."""

    def routes(self, old: ResolvedService, new: ResolvedService) -> tuple[Route, ...] | Refusal: ...

    def recipe(
        self, way: Route, old: ResolvedService, new: ResolvedService, hops: Sequence[ResolvedService]
    ) -> Recipe: ...


#: (kind of the data, kind that is to serve it) -> who knows how.
WAYS: Mapping[tuple[str, str], UpgradeModule] = {
    ("postgres", "postgres"): postgres,
    ("rabbitmq", "rabbitmq"): rabbitmq,
    ("redis", "redis"): redis,
    ("valkey", "valkey"): redis,
    ("redis", "valkey"): redis,
    ("valkey", "redis"): redis,
    ("mariadb", "mariadb"): mariadb,
    ("mysql", "mariadb"): mariadb,
    ("mysql", "mysql"): mysql,
    ("mariadb", "mysql"): mysql,
    ("mongodb", "mongodb"): stores.MONGODB,
    ("clickhouse", "clickhouse"): stores.CLICKHOUSE,
    ("mailpit", "mailpit"): stores.MAILPIT,
    ("kafka", "kafka"): brokers.KAFKA,
    ("nats", "nats"): brokers.NATS,
    ("mosquitto", "mosquitto"): brokers.MOSQUITTO,
    ("elasticsearch", "elasticsearch"): search.ELASTICSEARCH,
    ("opensearch", "opensearch"): search.OPENSEARCH,
    ("elasticsearch", "opensearch"): search.ACROSS,
}


class Portable(Protocol):
    """A module that moves data as what every version and every processor reads, rather than as a server's own files.
    The volume of the role ``dump`` holds that."""

    def pack(self, service: ResolvedService) -> Recipe: ...

    def unpack(self, service: ResolvedService) -> Recipe: ...


DUMP = "dump"
PORTABLE: Mapping[str, Portable] = {"postgres": postgres}


def routes(old: ResolvedService, new: ResolvedService) -> tuple[Route, ...] | Refusal:
    """How data gets from one version to another, the best way first, or why it does not."""
    way = _way(old, new)
    if way is None and old.kind.name == new.kind.name:
        return Refusal(
            f"devenv knows no way from {old.kind.title} {old.version} to {new.version}",
            "if the newer one takes over the older one's data, say so in the service.toml of its kind:\n"
            "  [upgrade]\n"
            "  in_place = true\n"
            f"otherwise {start_empty(new)}",
        )
    if way is None:
        return Refusal(f"devenv knows no way from {old.kind.title} to {new.kind.title}", start_empty(new))
    if old.kind.name == new.kind.name and is_downgrade(old, new):
        return Refusal(f"data of {old.version} cannot go back to {new.version}", start_empty(new))
    return way.routes(old, new)


def recipe(way: Route, old: ResolvedService, new: ResolvedService, hops: Sequence[ResolvedService] = ()) -> Recipe:
    """What is done, step by step; ``hops`` are servers of the versions that the way stops at."""
    knows = _way(old, new)
    assert knows is not None  # it has just said the route
    return knows.recipe(way, old, new, hops)


def _way(old: ResolvedService, new: ResolvedService) -> UpgradeModule | None:
    """Who knows how; a kind of a project's own may say that the newer server does."""
    declared = in_place.DECLARED if old.kind.name == new.kind.name and new.kind.in_place else None
    return WAYS.get((old.kind.name, new.kind.name), declared)


def is_downgrade(old: ResolvedService, new: ResolvedService) -> bool:
    """Whether the new version comes before the old one, as far as both are written out."""
    length = min(len(old.version.release), len(new.version.release))
    return new.version.release[:length] < old.version.release[:length]
