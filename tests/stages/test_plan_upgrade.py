"""Which of several routes is gone, by what can be had."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from devenv.errors import DevenvError
from devenv.model.problem import Problem
from devenv.model.resolved import ResolvedService
from devenv.model.upgrade import Recipe, Refusal, Route, Upgrade, Way
from devenv.stages.plan_upgrade import choose
from tests.making import resolved

STEPS = Route(Way.STEPS, stops=("3.11", "3.12"))
BESIDE = Route(Way.SIDE_BY_SIDE, note="retained messages stay behind")


def having(*versions: str) -> object:
    """A registry that holds these versions alone."""

    def stops(wanted: Sequence[str]) -> tuple[ResolvedService, ...]:
        if lacking := [version for version in wanted if version not in versions]:
            raise DevenvError([Problem(f"there is no rabbitmq:{version}", "look there") for version in lacking])
        text = '[services.queue]\nkind = "rabbitmq"\nversion = "{}"\n'
        return tuple(resolved(text.format(version)).services["queue"] for version in wanted)

    return stops


def test_the_best_way_where_all_of_its_stops_are_at_hand() -> None:
    chosen = choose((STEPS, BESIDE), having("3.11", "3.12"))  # type: ignore[arg-type]
    assert not isinstance(chosen, Refusal)
    route, hops = chosen
    assert route == STEPS
    assert [hop.version.text for hop in hops] == ["3.11", "3.12"]


def test_the_next_way_says_what_the_best_one_lacks() -> None:
    chosen = choose((STEPS, BESIDE), having("3.12"))  # type: ignore[arg-type]
    assert not isinstance(chosen, Refusal)
    route, hops = chosen
    assert (route.way, hops) == (Way.SIDE_BY_SIDE, ())
    assert route.note == "not step by step, on a copy: there is no rabbitmq:3.11; retained messages stay behind"


def test_no_way_names_every_image_that_it_lacks() -> None:
    assert choose((STEPS,), having()) == Refusal(  # type: ignore[arg-type]
        "the way goes by 3.11, 3.12: there is no rabbitmq:3.11; there is no rabbitmq:3.12", "look there"
    )


def test_a_refusal_stays_one() -> None:
    assert choose(Refusal("no", "because"), having()) == Refusal("no", "because")  # type: ignore[arg-type]


def test_an_estimate_is_corrected_by_what_the_last_move_took() -> None:
    service = resolved('[services.db]\nkind = "postgres"\nversion = "15.4"\n').services["db"]
    upgrade = Upgrade(service, service, (), (), "", Route(Way.DUMP, fixed=10, per_gb=36), Recipe((), (), ""))
    assert upgrade.seconds is None
    assert replace(upgrade, size=500_000_000).seconds == 28
    assert replace(upgrade, size=500_000_000, pace=10.0).seconds == 280
