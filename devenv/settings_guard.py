"""Changed settings, tried on the server that still runs: one that it refuses must not cost a working container."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from devenv.effects.containers import execute
from devenv.model.kind import Exec
from devenv.model.manifest import Setting
from devenv.model.observed import Container, Observed
from devenv.model.resolved import ResolvedService
from devenv.project import Project
from devenv.stages import asking
from devenv.stages.check_settings import SettingsReport, changed_settings, reported_issues
from devenv.stages.load import guard_issues


def guard_settings(project: Project, observed: Observed, names: Iterable[str]) -> None:
    """Raises ManifestError with each changed setting that a service's own running server refuses.

    A server of another version, or one that does not run, is not asked: how the new one starts tells then.
    """
    issues = []
    for name in names:
        service = project.resolved.services[name]
        changed = changed_settings(service, observed.applied.get(name, {}))
        container = _running(observed, name)
        if changed and container is not None:
            issues += reported_issues(service, changed, _ask(service, changed, container, project.manifest.project))
    guard_issues(project.documents, issues)


def _running(observed: Observed, service: str) -> Container | None:
    for container in observed.containers:
        if container.service == service and container.running and container.config:
            return container
    return None


def _ask(
    service: ResolvedService, changed: Mapping[str, Setting], container: Container, project: str
) -> SettingsReport:
    """What the server says of the settings; nothing where it does not answer, and ``up`` finds out why."""

    def printed(rule: Exec | None) -> str:
        if rule is None:
            return ""
        done = execute(container.id, asking.command(service, rule, project, settings=changed))
        return done.stdout if done.code == 0 else ""

    return SettingsReport(printed(service.kind.known_settings), printed(service.kind.refused_settings))
