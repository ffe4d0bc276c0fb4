"""What ``devenv up`` says when it is done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from devenv.console import Console

if TYPE_CHECKING:
    from devenv.effects.ready import Outcome
    from devenv.journeys.up import Prepared
    from devenv.model.plan import Plan


def steps(plan: Plan) -> list[dict[str, str]]:
    return [{"action": str(step.action), "subject": step.subject, "reason": step.reason} for step in plan.steps]


def ready_entry(outcome: Outcome) -> dict[str, Any]:
    """A service that is ready, for programs: what the server reported, how long that took and what was made again."""
    return {
        "service": outcome.name,
        "version": outcome.version or None,
        "seconds": round(outcome.seconds, 3),
        "made_again": list(outcome.mended),
        "ignored_settings": list(outcome.ignored_settings),
    }


def tell_after(
    console: Console,
    prepared: Prepared,
    outcomes: list[Outcome],
    *,
    done: Plan,
    seconds: float,
    complete: bool,
    hooked: bool,
) -> None:
    """``outcomes`` are those of the wait for the services, with all that was made again in this run. ``complete``: no
    service is missing from them, so that the run succeeded. ``hooked``: hooks were run."""
    services = prepared.project.resolved.services
    addresses = {name: _address(prepared, name) for name in prepared.chosen}
    if console.as_json:
        entries = [
            {
                **ready_entry(outcome),
                "kind": services[outcome.name].kind.name,
                "wanted": services[outcome.name].version.text or None,
                "address": addresses[outcome.name] or None,
            }
            for outcome in outcomes
        ]
        console.json({"plan": steps(done), "services": entries})
        return
    if not services:
        console.say("devenv.toml names no services; 'devenv catalog' lists the kinds that there are")
    rows = [
        (
            outcome.name,
            services[outcome.name].kind.name,
            outcome.version or services[outcome.name].version.text or "?",
            addresses[outcome.name] or "-",
            f"{outcome.seconds:.1f} s",
        )
        for outcome in outcomes
    ]
    if rows:
        console.table(("SERVICE", "KIND", "VERSION", "ADDRESS", "READY"), rows)
    for outcome in outcomes:
        _tell_other_version(console, services[outcome.name].version.text, outcome)
    changed = hooked or bool(done.changes) or any(outcome.mended for outcome in outcomes)
    if not complete:
        return
    if not changed:
        console.say("nothing to do")
        return
    variables = "; 'devenv env' prints the variables" if prepared.project.manifest.env else ""
    console.say(f"up in {seconds:.1f} s{variables}")


def tell_mended(console: Console, outcomes: Iterable[Outcome]) -> None:
    """Say what services lacked and have again."""
    for outcome in outcomes:
        if outcome.mended:
            console.say(f"{outcome.name}: was missing, and is made again: {', '.join(outcome.mended)}")


def with_later(outcomes: Iterable[Outcome], later: Iterable[Outcome]) -> list[Outcome]:
    """The outcomes with what was made again ``later`` in the same run."""
    mended: dict[str, tuple[str, ...]] = {}
    for outcome in later:
        mended[outcome.name] = mended.get(outcome.name, ()) + outcome.mended
    return [replace(outcome, mended=outcome.mended + mended.get(outcome.name, ())) for outcome in outcomes]


def _tell_other_version(console: Console, wanted: str, outcome: Outcome) -> None:
    """A tag can be wrong: what counts is what the server says of itself."""
    if outcome.version and wanted and not f"{outcome.version}.".startswith(f"{wanted.removeprefix('v')}."):
        console.say(f"note: {outcome.name} says it is {outcome.version}, devenv.toml says {wanted}")


def _address(prepared: Prepared, name: str) -> str:
    ports = prepared.project.resolved.services[name].ports
    return f"{prepared.machine.host}:{prepared.machine.ports[ports[0].variable]}" if ports else ""
