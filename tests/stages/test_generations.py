"""Generations of data: what is live, what is kept, and what volumes tell of it themselves."""

from __future__ import annotations

from dataclasses import replace

from devenv.model.observed import Container, Engine, ExistingVolume, Observed
from devenv.model.snapshot import Snapshot
from devenv.stages.generations import noted_openings, snapshot_of


def test_all_volumes_of_a_lost_generation_belong_to_it() -> None:
    first = ExistingVolume("shop_db-oracle-23-g2", "shop", "db", "oracle", "23", "/data")
    further = ExistingVolume("shop_db-oracle-23-logs-g2", "shop", "db", "oracle", "23", "/logs")
    item = snapshot_of(first, [first, further], why="lost")
    assert (item.name, item.volumes) == ("db-23-g2", {"/data": first.name, "/logs": further.name})


def test_a_kept_generation_that_a_server_has_open_says_so_from_then_on() -> None:
    gold = Snapshot("gold", "cache", "redis", "7.0", "7.0.15", "", "made by hand", {"/data": "shop_cache-redis-7.0"})
    other = replace(gold, name="other", volumes={"/data": "shop_cache-redis-7.0-g1"})
    server = Container("1", "shop-cache-1", "shop", "cache", "running", root="/clone", data="cache-redis-7.0")
    seen = Observed(Engine("27", "linux/amd64"), containers=(server,), elsewhere=frozenset({"/clone"}))
    noted = noted_openings([gold, other], seen)
    assert noted == (replace(gold, why="made by hand; opened since by shop-cache-1, started in /clone"), other)
    assert noted_openings(noted, seen) == noted
    assert noted_openings([gold], replace(seen, containers=(replace(server, state="exited"),))) == (gold,)
    assert noted_openings([gold], replace(seen, elsewhere=frozenset())) == (gold,), "what devenv saw before a switch"
