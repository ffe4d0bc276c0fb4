"""Which way data of Redis and Valkey goes, and with what set aside."""

from __future__ import annotations

import pytest

from devenv.model.resolved import ResolvedService
from devenv.model.upgrade import COPY, NEW, Refusal, Way
from devenv.upgrades import registry
from tests.making import resolved


def cache(kind: str, version: str, more: str = "") -> ResolvedService:
    return resolved(f'[services.cache]\nkind = "{kind}"\nversion = "{version}"\n{more}').services["cache"]


@pytest.mark.parametrize(
    ("old", "new", "way"),
    [
        (("redis", "6.0.16"), ("redis", "8.0.2"), Way.IN_PLACE),
        (("redis", "7.2.4"), ("valkey", "9.1.2"), Way.IN_PLACE),
        (("redis", "7.4.0"), ("valkey", "8.1.1"), Way.SIDE_BY_SIDE),
        (("redis", "8.0.2"), ("valkey", "9.1.2"), Way.SIDE_BY_SIDE),
        (("valkey", "8.1.1"), ("valkey", "9.1.2"), Way.IN_PLACE),
        (("valkey", "8.1.1"), ("redis", "8.0.2"), Way.IN_PLACE),
        (("valkey", "7.2.5"), ("redis", "7.0.15"), Way.SIDE_BY_SIDE),
        (("valkey", "9.1.2"), ("redis", "8.0.2"), Way.SIDE_BY_SIDE),
    ],
)
def test_the_way(old: tuple[str, str], new: tuple[str, str], way: Way) -> None:
    before, after = cache(*old), cache(*new)
    found = registry.routes(before, after)
    assert not isinstance(found, Refusal)
    assert [route.way for route in found] == [way]
    recipe = registry.recipe(found[0], before, after)
    assert recipe.result == (COPY if way is Way.IN_PLACE else NEW)


def test_no_way_to_what_holds_less() -> None:
    assert isinstance(registry.routes(cache("valkey", "8.1.1"), cache("redis", "6.2.14")), Refusal)
    assert isinstance(registry.routes(cache("redis", "8.0.2"), cache("redis", "7.0.15")), Refusal)


def test_nothing_limits_what_is_read() -> None:
    more = '[services.cache.settings]\nmaxmemory = "1mb"\nappendonly = true\n'
    old, new = cache("redis", "8.0.2", 'password = "s"\n' + more), cache("valkey", "8.1.1", more)
    found = registry.routes(old, new)
    assert not isinstance(found, Refusal)
    recipe = registry.recipe(found[0], old, new)
    assert [dict(server.service.settings) for server in recipe.servers] == [{"appendonly": True}] * 2
    move = next(step for step in recipe.steps if step.script == "redis/move.sh")
    assert (move.values["REDISCLI_AUTH"], move.values["DEVENV_OLD_AUTH"]) == ("", "s")


def test_lifetimes_are_exact_where_both_tell_them() -> None:
    def exact(old: str) -> set[str]:
        before, after = cache("redis", old), cache("redis", "8.0.2")
        found = registry.routes(before, after)
        assert not isinstance(found, Refusal)
        steps = registry.recipe(found[0], before, after).steps
        return {step.values["DEVENV_EXACT"] for step in steps if step.script == "redis/census.sh"}

    assert exact("7.0.15") == {"yes"}
    assert exact("6.0.16") == {"no"}
