"""Which settings a running server did not take over: asked once for each container."""

from __future__ import annotations

from devenv.effects.containers import execute
from devenv.model.resolved import ResolvedService
from devenv.stages import asking
from devenv.stages.effective import not_in_effect


def settings_not_in_effect(service: ResolvedService, container: str, project: str) -> tuple[str, ...]:
    """A sentence for each, for people; also where the server could not be asked."""
    rule = service.kind.effective
    if rule is None or not service.settings:
        return ()
    done = execute(container, asking.command(service, rule, project))
    if done.code != 0:
        last_line = (done.stderr or done.stdout).strip().rpartition("\n")[2]
        return (f"could not be asked for its settings: {last_line}",)
    return tuple(not_in_effect(service.settings, done.stdout))
