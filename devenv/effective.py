"""Which settings a running server did not take over: asked once for each container."""

from __future__ import annotations

from devenv.effects import probe
from devenv.effects.containers import execute
from devenv.model.kind import Exec, SettingsQuestion
from devenv.model.machine import LOOPBACK, Machine
from devenv.model.resolved import ResolvedService
from devenv.stages import asking
from devenv.stages.effective import not_in_effect, printed_by


def settings_not_in_effect(service: ResolvedService, container: str, machine: Machine) -> tuple[str, ...]:
    """A sentence for each, for people; also where the server could not be asked."""
    rule = service.kind.effective
    if rule is None or not service.settings:
        return ()
    if isinstance(rule, SettingsQuestion):
        return _asked_over_its_port(service, rule, machine)
    return _asked_inside(service, rule, container, machine)


def _asked_inside(service: ResolvedService, rule: Exec, container: str, machine: Machine) -> tuple[str, ...]:
    done = execute(container, asking.command(service, rule, machine.project))
    if done.code != 0:
        last_line = (done.stderr or done.stdout).strip().rpartition("\n")[2]
        return (f"could not be asked for its settings: {last_line}",)
    return tuple(not_in_effect(service.settings, done.stdout))


def _asked_over_its_port(service: ResolvedService, rule: SettingsQuestion, machine: Machine) -> tuple[str, ...]:
    if machine.host != LOOPBACK:
        return (f"was not asked for its settings: port {rule.port} is on another machine",)
    host_port = asking.host_port(service, rule.port, machine)
    if host_port is None:
        return ()
    try:
        answer = probe.whole_answer(machine.host, host_port, rule.send.encode("latin-1"))
    except OSError as error:
        return (f"could not be asked for its settings: {error}",)
    return tuple(not_in_effect(service.settings, printed_by(rule, answer.decode("latin-1"))))
