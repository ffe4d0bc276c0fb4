"""Whole routes and recipes of kinds whose newer servers take the data over."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devenv.model.resolved import ResolvedService
from devenv.model.upgrade import COPY, Do, Refusal, Route, Server, Step, Way, mounts
from devenv.upgrades import brokers, registry
from tests.making import resolved


def service(kind: str, version: str, more: str = "") -> ResolvedService:
    return resolved(f'[services.any]\nkind = "{kind}"\nversion = "{version}"\n{more}').services["any"]


def route(kind: str, old: str, new: str, then: str = "") -> Route:
    found = registry.routes(service(kind, old), service(then or kind, new))
    assert not isinstance(found, Refusal), found
    (only,) = found
    return only


def refusal(kind: str, old: str, new: str, then: str = "") -> Refusal:
    found = registry.routes(service(kind, old), service(then or kind, new))
    assert isinstance(found, Refusal)
    return found


@pytest.mark.parametrize(
    ("kind", "old", "new", "stops"),
    [
        ("mongodb", "7.0", "8.0", ()),
        ("mongodb", "4.4", "8.0", ("5.0", "6.0", "7.0")),
        ("mongodb", "7.0.12", "8.3", ("8.0",)),
        ("mongodb", "8.0", "8.3", ()),
        ("mongodb", "8.2", "8.3", ()),
        ("mongodb", "3.6", "5.0", ("4.0", "4.2", "4.4")),
        ("elasticsearch", "8.17.10", "8.19.5", ()),
        ("elasticsearch", "7.10.2", "8.19.5", ("7.17.28",)),
        ("elasticsearch", "7.17.28", "8.17.10", ()),
        ("elasticsearch", "8.18.8", "9.1.5", ()),
        ("elasticsearch", "8.17.10", "9.1.5", ("8.19.5",)),
        ("elasticsearch", "6.2.0", "9.1.5", ("6.8.23", "7.17.28", "8.19.5")),
        ("opensearch", "1.2.0", "2.11.1", ("1.3.20",)),
        ("opensearch", "1.3.20", "3.0.0", ("2.19.1",)),
        ("opensearch", "2.19.1", "3.0.0", ()),
        ("clickhouse", "24.3", "25.3", ()),
        ("clickhouse", "23.8", "26.3", ("24.8", "25.8")),
        ("clickhouse", "22.1.3", "24.8", ("22.8", "23.8")),
        ("kafka", "3.3.1", "4.1.0", ()),
        ("nats", "2.9", "2.15", ()),
        ("mosquitto", "2.0", "2.1", ()),
        ("mailpit", "1.20", "2.0", ()),
    ],
)
def test_stops(kind: str, old: str, new: str, stops: tuple[str, ...]) -> None:
    found = route(kind, old, new)
    assert found.stops == stops
    assert found.way is (Way.STEPS if stops else Way.IN_PLACE)
    assert found.verified is (kind in ("nats", "mosquitto"))


def test_mosquitto_of_before_2_is_not_tried() -> None:
    assert not route("mosquitto", "1.6", "2.1").verified


def test_kafka_is_not_finished_until_somebody_says_so() -> None:
    assert route("kafka", "3.9.1", "4.1.0").note == (
        "metadata.version stays what it is, which keeps the way back open; to finish it later: "
        "devenv exec any -- /opt/kafka/bin/kafka-features.sh --bootstrap-server localhost:19092 "
        "upgrade --release-version 4.1"
    )


def test_zookeepers_data_is_refused() -> None:
    assert refusal("kafka", "3.2.0", "4.1.0") == Refusal(
        "data of Kafka 3.2.0 is ZooKeeper's or an early trial of what came after it",
        "say kafka 4.1.0 in devenv.toml, then: devenv up --fresh any   starts empty; the old data is kept",
    )


def test_opensearch_takes_over_what_elasticsearch_was_when_they_parted() -> None:
    assert route("elasticsearch", "7.10.2", "1.3.20", "opensearch").way is Way.IN_PLACE
    assert route("elasticsearch", "6.8.23", "1.3.20", "opensearch").way is Way.IN_PLACE
    assert route("elasticsearch", "7.10.2", "2.19.1", "opensearch").way is Way.IN_PLACE
    for old, new in (("7.11.0", "1.3.20"), ("8.19.5", "2.19.1"), ("7.10.2", "3.0.0"), ("6.8.23", "2.19.1")):
        assert "opens" in refusal("elasticsearch", old, new, "opensearch").message
    assert "6.8 to 7.10" in refusal("elasticsearch", "7.17.28", "1.3.20", "opensearch").hint


def test_nothing_goes_back() -> None:
    assert refusal("mongodb", "8.0", "7.0").message == "data of 8.0 cannot go back to 7.0"


def test_a_kind_of_ones_own_may_say_that_newer_servers_take_its_data_over() -> None:
    old, new = service("kafka", "3.9.1"), service("kafka", "4.1.0")
    kind = replace(new.kind, name="own", title="Own")
    old, new = replace(old, kind=kind), replace(new, kind=kind)

    silent = registry.routes(old, new)
    assert isinstance(silent, Refusal)
    assert silent.message == "devenv knows no way from Own 3.9.1 to 4.1.0"
    assert "[upgrade]\n  in_place = true" in silent.hint

    said = replace(kind, in_place=True)
    old, new = replace(old, kind=said), replace(new, kind=said)
    routes = registry.routes(old, new)
    assert not isinstance(routes, Refusal)
    recipe = registry.recipe(routes[0], old, new)
    assert not routes[0].verified
    assert not recipe.counts
    assert [(step.do, step.server) for step in recipe.steps] == [
        (Do.COPY, ""),
        (Do.SERVE, "old"),
        (Do.STOP, "old"),
        (Do.SERVE, "new"),
        (Do.STOP, "new"),
    ]


def test_a_whole_recipe_by_a_stop() -> None:
    old, via, new = service("mongodb", "6.0"), service("mongodb", "7.0"), service("mongodb", "8.0")
    recipe = registry.recipe(route("mongodb", "6.0", "8.0"), old, new, (via,))
    last = {"DEVENV_NEXT": "8.0", "DEVENV_NEXT_KIND": "mongodb"}

    def turn(name: str, version: str, confirm: str, *counting: Step) -> list[Step]:
        values = {"DEVENV_FCV": version, "DEVENV_CONFIRM": confirm} | last
        raised = f"let the data be as {version} writes it"
        return [
            Step(Do.SERVE, f"start {version} on the copy", name),
            Step(Do.RUN, raised, name, "mongodb/compatible.sh", values),
            *(replace(step, values=values) for step in counting),
            Step(Do.STOP, f"stop {version}", name),
        ]

    assert recipe.steps == (
        Step(Do.COPY, "copy the data"),
        *turn("old", "6.0", "", Step(Do.CENSUS, "count what is there", "old", "mongodb/census.sh")),
        *turn("via-1", "7.0", ", confirm: true"),
        *turn("new", "8.0", ", confirm: true", Step(Do.CENSUS, "count again", "new", "mongodb/census.sh")),
    )
    assert recipe.servers == tuple(
        Server(name, server, mounts(server, COPY)) for name, server in (("old", old), ("via-1", via), ("new", new))
    )
    assert recipe.servers[0].mounts == {"/data/db": "copy", "/data/configdb": "copy-1"}
    assert (recipe.result, recipe.scratch, recipe.more) == (COPY, (), ())


def test_search_looks_whether_the_last_version_opens_every_index_before_a_server_is_left() -> None:
    old = service("elasticsearch", "8.17.10", 'password = "secret"\n')
    via, new = service("elasticsearch", "8.19.5"), service("elasticsearch", "9.1.5")
    recipe = registry.recipe(route("elasticsearch", "8.17.10", "9.1.5"), old, new, (via,))
    looks = [step for step in recipe.steps if step.script == "search/readable.sh"]
    assert [step.server for step in looks] == ["old", "via-1"]
    assert looks[0].values == {
        "DEVENV_LOGIN": "elastic:secret",
        "DEVENV_KIND": "elasticsearch",
        "DEVENV_VERSION": "8.17.10",
        "DEVENV_NEXT": "9.1.5",
        "DEVENV_NEXT_KIND": "elasticsearch",
    }


def test_a_census_of_mosquitto_is_not_cut_short_by_what_production_allows() -> None:
    old = service("mosquitto", "2.0", "[services.any.settings]\nmax_queued_messages = 5\nretry_interval = 9\n")
    recipe = registry.recipe(route("mosquitto", "2.0", "2.1"), old, service("mosquitto", "2.1"))
    assert recipe.servers[0].service.settings == {"retry_interval": 9, "max_queued_messages": 0}


def test_nats_is_asked_from_outside() -> None:
    recipe = registry.recipe(route("nats", "2.9", "2.15"), service("nats", "2.9"), service("nats", "2.15"))
    assert all(server.asked for server in recipe.servers)
    assert [step.script for step in recipe.steps if step.do is Do.CENSUS] == ["", ""]


JSZ = """{"account_details": [{"name": "$G", "stream_detail": [
  {"name": "B", "config": {"subjects": ["b"], "storage": "file", "new_in_3": 1, "max_age": 60},
   "state": {"messages": 3, "last_seq": 9}},
  {"name": "A", "config": {"subjects": ["a"], "max_msgs": -1}, "state": {"messages": 3, "bytes": 30, "consumer_count": 2},
   "consumer_detail": [
     {"name": "x", "config": {"durable_name": "x", "ack_policy": "explicit"}, "num_waiting": 4,
      "delivered": {"consumer_seq": 5, "stream_seq": 6, "last_active": "now"}, "ack_floor": {}},
     {"name": "temporary", "config": {"ack_policy": "none"}}
   ]}
]}]}"""


def test_streams_are_counted_by_what_every_version_says_alike() -> None:
    assert brokers.count_streams(JSZ).splitlines() == [
        '$G stream A consumer x has\t{"ack_floor": {}, "delivered": {"consumer_seq": 5, "stream_seq": 6}}',
        '$G stream A consumer x is\t{"ack_policy": "explicit"}',
        '$G stream A holds\t{"bytes": 30, "messages": 3}',
        '$G stream A is\t{"max_msgs": -1, "subjects": ["a"]}',
        '$G stream B holds\t{"last_seq": 9}',
        '$G stream B is\t{"max_age": 60, "storage": "file", "subjects": ["b"]}',
        "# end",
    ]


@pytest.mark.parametrize("said", ["{}", '{"account_details": null}', '{"account_details": [{"name": "$G"}]}'])
def test_a_server_without_streams_has_an_empty_census(said: str) -> None:
    assert brokers.count_streams(said) == "# end"
