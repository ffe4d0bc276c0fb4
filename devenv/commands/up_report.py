"""What ``devenv up`` says when it is done."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from devenv.console import Console

if TYPE_CHECKING:
    from devenv.effects.ready import Outcome
    from devenv.journeys.up import Prepared
    from devenv.model.plan import Plan


def steps(plan: Plan) -> list[dict[str, str]]:
    return [{"action": str(step.action), "subject": step.subject, "reason": step.reason} for step in plan.steps]


def ready_entry(outcome: Outcome) -> dict[str, Any]:
    """A service that is ready, for programs: the version that the server reported and how long that took."""
    return {"service": outcome.name, "version": outcome.version or None, "seconds": round(outcome.seconds, 3)}


def tell_after(console: Console, prepared: Prepared, outcomes: list[Outcome], *, done: Plan, seconds: float) -> None:
    services = prepared.project.resolved.services
    addresses = {name: _address(prepared, name) for name in prepared.chosen}
    mended = tell_mended(console, outcomes)
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
    changed = bool(done.changes) or mended
    console.say(f"up in {seconds:.1f} s; 'devenv env' prints the variables" if changed else "nothing to do")


def tell_mended(console: Console, outcomes: Iterable[Outcome]) -> bool:
    """Say what services lacked and have again; whether there was any such thing."""
    mended = [outcome for outcome in outcomes if outcome.mended]
    for outcome in mended:
        console.say(f"{outcome.name}: was missing, and is made again: {', '.join(outcome.mended)}")
    return bool(mended)


def _tell_other_version(console: Console, wanted: str, outcome: Outcome) -> None:
    """A tag can be wrong: what counts is what the server says of itself."""
    if outcome.version and wanted and not f"{outcome.version}.".startswith(f"{wanted.removeprefix('v')}."):
        console.say(f"note: {outcome.name} says it is {outcome.version}, devenv.toml says {wanted}")


def _address(prepared: Prepared, name: str) -> str:
    ports = prepared.project.resolved.services[name].ports
    return f"{prepared.machine.host}:{prepared.machine.ports[ports[0].variable]}" if ports else ""
