"""Which way a broker's data goes, and what is done on it."""

from __future__ import annotations

import pytest

from devenv.model.resolved import ResolvedService
from devenv.model.upgrade import COPY, NEW, Do, Refusal, Way
from devenv.upgrades import registry
from tests.making import resolved


def queue(version: str, more: str = "") -> ResolvedService:
    return resolved(f'[services.queue]\nkind = "rabbitmq"\nversion = "{version}"\n{more}').services["queue"]


@pytest.mark.parametrize(
    ("old", "new", "way", "stops"),
    [
        ("3.8.9", "3.9.29", Way.IN_PLACE, ()),
        ("3.8.9", "3.10.8", Way.STEPS, ("3.9",)),
        ("3.10.8", "4.0.5", Way.STEPS, ("3.11", "3.12", "3.13")),
        ("3.13.7", "4.2.1", Way.IN_PLACE, ()),
        ("3.13.7", "4.3.6", Way.STEPS, ("4.2",)),
        ("3.12.1", "4.3.6", Way.STEPS, ("3.13", "4.2")),
        ("4.0.5", "4.1.2", Way.IN_PLACE, ()),
        ("4.0.5", "4.2.2", Way.IN_PLACE, ()),
        ("4.1.0", "4.3.6", Way.STEPS, ("4.2",)),
        ("4.2.0", "4.3.6", Way.IN_PLACE, ()),
    ],
)
def test_along_the_graph_first_and_side_by_side_else(old: str, new: str, way: Way, stops: tuple[str, ...]) -> None:
    found = registry.routes(queue(old), queue(new))
    assert not isinstance(found, Refusal)
    assert [(route.way, route.stops, route.verified) for route in found] == [
        (way, stops, False),
        (Way.SIDE_BY_SIDE, (), True),
    ]


def test_where_no_graph_leads() -> None:
    found = registry.routes(queue("4.3.6"), queue("4.4.0"))
    assert not isinstance(found, Refusal)
    assert [route.way for route in found] == [Way.SIDE_BY_SIDE]
    assert isinstance(registry.routes(queue("3.7.28"), queue("3.10.8")), Refusal)
    back = registry.routes(queue("4.0.5"), queue("3.10.8"))
    assert isinstance(back, Refusal)
    assert back.message == "data of 4.0.5 cannot go back to 3.10.8"


def test_every_release_between_runs_in_turn_with_all_flags() -> None:
    old, new = queue("3.11.9", 'plugins = ["rabbitmq_shovel", "rabbitmq_mqtt"]\n'), queue("4.0.5")
    found = registry.routes(old, new)
    assert not isinstance(found, Refusal)
    recipe = registry.recipe(found[0], old, new, (queue("3.12"), queue("3.13")))
    assert [(server.name, server.service.version.text) for server in recipe.servers] == [
        ("old", "3.11.9"),
        ("at-3-12", "3.12"),
        ("at-3-13", "3.13"),
        ("new", "4.0.5"),
    ]
    assert {role for server in recipe.servers for role in server.mounts.values()} == {COPY}
    assert recipe.result == COPY
    assert recipe.servers[0].service.options["plugins"] == ("rabbitmq_mqtt",)
    turns = [(Do.SERVE, ""), (Do.RUN, "rabbitmq/flags.sh"), (Do.STOP, "")]
    census = (Do.CENSUS, "rabbitmq/census.sh")
    assert [(step.do, step.script) for step in recipe.steps] == [
        (Do.COPY, ""),
        turns[0],
        census,
        *turns[1:],
        *turns,
        *turns,
        *turns[:2],
        census,
        turns[2],
    ]


def test_side_by_side_the_new_server_shovels() -> None:
    old, new = queue("3.10.8", 'users = { ops = "x" }\n'), queue("4.0.5", "plugins = []\n")
    found = registry.routes(old, new)
    assert not isinstance(found, Refusal)
    recipe = registry.recipe(found[-1], old, new)
    assert recipe.result == NEW
    assert [server.service.options["plugins"] for server in recipe.servers] == [
        ("rabbitmq_management", "rabbitmq_prometheus"),
        ("rabbitmq_shovel",),
    ]
    values = next(step.values for step in recipe.steps if step.do is Do.CENSUS)
    assert values["DEVENV_ACCOUNTS"] == "[<<100,101,118,101,110,118>>,<<111,112,115>>]"
    assert values["DEVENV_LEFT"].startswith("[<<104,97,45,")


def test_what_stays_behind_is_said() -> None:
    found = registry.routes(queue("3.10.8", 'plugins = ["rabbitmq_mqtt"]\n'), queue("4.0.5"))
    assert not isinstance(found, Refusal)
    assert [route.note for route in found] == ["", "retained messages of MQTT stay behind"]
