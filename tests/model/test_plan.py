"""Steps of a plan, and of two of which one went on where the other could not."""

from __future__ import annotations

from devenv.model.plan import Action, Plan, Step

PULL, CREATE = Step(Action.PULL, "db", "not here"), Step(Action.CREATE, "db", "not there yet")
CACHE = Step(Action.CREATE, "cache", "not there yet")
ANOTHER = Step(Action.RECREATE, "cache", "port 6379 → 20001")


def kept(subject: str) -> Step:
    return Step(Action.KEEP, subject, "is as devenv.toml says")


def test_what_was_done_before_a_port_was_lost_is_told_too() -> None:
    first = Plan((PULL, CREATE, CACHE, kept("mail")))
    second = Plan((kept("db"), ANOTHER, kept("mail")))
    assert second.after(first).steps == (PULL, CREATE, CACHE, ANOTHER, kept("mail"))


def test_what_is_done_again_is_told_once() -> None:
    assert Plan((CREATE, CACHE)).after(Plan((PULL, CREATE, CACHE))).steps == (PULL, CREATE, CACHE)
