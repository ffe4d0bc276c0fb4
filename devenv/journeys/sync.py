"""The journey of ``devenv sync``: production read, the manifest brought in step, this machine after the manifest."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import field, replace

from devenv import production
from devenv.data import upgrading
from devenv.data.upgrading import Moves
from devenv.effects.world import World, today
from devenv.errors import ManifestError
from devenv.journeys.up import Prepared, Wishes, guarded, prepare
from devenv.kinds import Catalogue, runtimes
from devenv.model.change import Change, SyncPlan
from devenv.model.fact import Fact, Note
from devenv.model.finding import finding_id
from devenv.model.machine import Machine
from devenv.model.manifest import Manifest
from devenv.model.observed import ExistingVolume, Observed, Use
from devenv.model.problem import Problem
from devenv.model.production import Bound, Missing, Place
from devenv.model.record import record
from devenv.model.upgrade import Way
from devenv.model.version import parse_version
from devenv.pinning import looked_up, pinned
from devenv.production import Production
from devenv.project import Project, open_project
from devenv.sources.known import Known
from devenv.stages.accepting import Verdict, acceptance_lines, findings, judge
from devenv.stages.additions import additions, missing_services, services_to_follow
from devenv.stages.bring_together import bind
from devenv.stages.first_manifest import sources_hint
from devenv.stages.frozen import frozen_problems
from devenv.stages.generations import finds_older, left_behind
from devenv.stages.hold_back import Held, held_back, with_doubts
from devenv.stages.load import build_manifest
from devenv.stages.locking import missing, relocked
from devenv.stages.plan_runtimes import parted, plan_runtimes
from devenv.stages.plan_sync import Releases, later, plan_sync
from devenv.stages.resolve import images_of, select
from devenv.standing import narrowed, still_to_run
from devenv.tomledit import Edit, NotEdited, edited

#: The remark that an earlier sync left behind a value; behind an inline table it begins with the value's key.
REMARK = re.compile(r"(?:^|; )(?:[\w-]+(?:\.[\w-]+)+ )?from [a-z0-9-]+ .*, \d{4}-\d\d-\d\d(?: \(.*\))?$")

#: The verb of a comparison that takes a sync back.
ROLLBACK = "sync --rollback"


@record
class Comparison:
    """Production beside the manifest. ``project`` is as it is, ``wanted`` as it is to be; ``notes`` are about sources
    that could not be read or that leave a doubt, ``refused`` about services whose data must be moved first.
    ``missing`` are services that the manifest lacks and that the plan does not add. ``verdict`` says which differences
    count: what the manifest accepts is neither in the plan nor among ``missing``.
    ``adding``: what the manifest did not have is in the plan, if it can be. ``verb`` is the command that follows it."""

    project: Project
    wanted: Project
    plan: SyncPlan
    bound: Bound
    notes: tuple[Note, ...] = ()
    refused: tuple[Problem, ...] = ()
    unobtainable: tuple[Problem, ...] = ()
    adding: bool = False
    verb: str = "sync"
    environment: str = "production"
    sources: int = 0
    read: Production = Production((), ())
    missing: tuple[Missing, ...] = ()
    verdict: Verdict = Verdict()
    #: Whether a source states a version of anything that the manifest has.
    has_compared: bool = False
    #: Changes that are not made since a source that could not be read may say otherwise.
    held: tuple[Held, ...] = ()

    @property
    def edits_manifest(self) -> bool:
        return self.wanted.documents.manifest != self.project.documents.manifest

    @property
    def unread(self) -> tuple[Note, ...]:
        return tuple(note for note in self.notes if note.failed)


def compare(
    world: World,
    services: Sequence[str],
    *,
    environment: str,
    reading: bool = True,
    adding: bool = False,
    project: Project | None = None,
) -> Comparison:
    """Read production and plan what it changes in the manifest, that of ``project`` if given. Writes nothing."""
    project = project or open_project(world)
    manifest = build_manifest(project.documents.base, project.kinds)
    chosen = select(manifest, services, ())
    places = _places(project, environment) if reading else ()
    found = _Found()
    if places:
        catalogue = Catalogue(project.root, project.documents)
        found = _read(world, project, manifest, places, production.known(catalogue), environment=environment)
    releases = production.releases()
    plan = plan_sync(manifest, project.kinds, found.bound, releases, services=chosen)
    missing: tuple[Missing, ...] = ()
    if not services:
        of_runtimes = plan_runtimes(manifest.runtimes, found.of_runtimes, runtimes())
        plan = replace(plan, changes=(*plan.changes, *of_runtimes.changes), notes=(*plan.notes, *of_runtimes.notes))
        missing = missing_services(manifest, found.bound.loose)
    compared = Comparison(
        project,
        project,
        plan,
        found.bound,
        found.read.notes,
        adding=adding,
        environment=environment,
        sources=len(places),
        read=found.read,
        missing=missing,
        has_compared=_has_compared(manifest, found, chosen, with_runtimes=not services),
    )
    compared = _judged(_without_doubtful(compared, manifest), manifest)
    if compared.missing:
        compared = _with_additions(compared, releases)
    return replace(compared, wanted=wanted(world, compared.project, compared.plan.changes))


@record
class _Found:
    """What sources say, sorted: services of the manifest and others, runtimes, and what could not be read."""

    bound: Bound = Bound({}, ())
    of_runtimes: tuple[Fact, ...] = ()
    read: Production = Production((), ())


def _read(
    world: World, project: Project, manifest: Manifest, places: Sequence[Place], known: Known, *, environment: str
) -> _Found:
    found = production.read(world, project.root, places, known, environment=environment)
    of_services, of_runtimes = parted(found.facts, runtimes())
    bound = bind(manifest.services, of_services, complete=not found.failed)
    return _Found(bound, tuple(of_runtimes), found)


def _has_compared(manifest: Manifest, found: _Found, services: Iterable[str], *, with_runtimes: bool) -> bool:
    """Whether a source states a version of any of these services, or of a runtime that is compared too."""
    facts = [found.bound.services[name].fact for name in services if name in found.bound.services]
    if with_runtimes:
        facts += [fact for fact in found.of_runtimes if fact.kind in manifest.runtimes]
    return any(fact.version for fact in facts)


def _without_doubtful(compared: Comparison, manifest: Manifest) -> Comparison:
    """The same without what a source that could not be read may contradict."""
    plan, unread = compared.plan, compared.unread
    held = held_back(plan.changes, unread)
    held_changes = [item.change for item in held]
    changes = tuple(change for change in plan.changes if change not in held_changes)
    plan = replace(plan, changes=changes, notes=(*plan.notes, *map(str, held)))
    undescribed = [manifest.services[name] for name in compared.bound.unknown]
    missing = with_doubts(compared.missing, undescribed, unread)
    return replace(compared, plan=plan, missing=missing, held=held)


def _judged(compared: Comparison, manifest: Manifest) -> Comparison:
    """The same without the differences that the manifest accepts."""
    environment = compared.environment
    acceptances = [entry for entry in manifest.accepted if entry.environment == environment]
    verdict = judge(findings(compared.plan, compared.missing, environment), acceptances, day=today())
    accepted = verdict.accepted_ids
    plan = replace(
        compared.plan,
        changes=tuple(c for c in compared.plan.changes if finding_id(environment, c.path) not in accepted),
        differences=tuple(d for d in compared.plan.differences if finding_id(environment, d.path) not in accepted),
    )
    missing = tuple(item for item in compared.missing if finding_id(environment, item.path) not in accepted)
    return replace(compared, plan=plan, missing=missing, verdict=verdict)


def _with_additions(compared: Comparison, releases: Releases) -> Comparison:
    """The same with what the manifest lacks in the plan where it is to be added, else with what would prevent that."""
    project = compared.project
    catalogue = Catalogue(project.root, project.documents)
    kinds = catalogue.read(catalogue.names())
    added = additions(kinds, compared.missing, releases)
    if not compared.adding:
        left = {item.name: item for item in added.left}
        return replace(compared, missing=tuple(left.get(item.name, item) for item in compared.missing))
    plan = compared.plan
    plan = replace(plan, changes=(*plan.changes, *added.changes), notes=(*plan.notes, *added.notes))
    project = replace(project, kinds=dict(kinds) | dict(project.kinds))
    return replace(compared, project=project, plan=plan, missing=added.left)


def _places(project: Project, environment: str) -> Sequence[Place]:
    """A project without any environment has nothing to read; one that names others has a typing mistake."""
    if not project.manifest.environments and environment == "production":
        return ()
    return production.places_of(project.manifest, environment)


def require_sources(compared: Comparison) -> None:
    """Raises ManifestError where the manifest does not say where the environment is described."""
    if compared.sources:
        return
    project, environment = compared.project, compared.environment
    entry = project.manifest.environments.get(environment)
    path = ("environments", environment) if entry is not None else ()
    message = f"nothing describes {environment}, so there is nothing to compare with"
    raise ManifestError(Problem(message, sources_hint(environment), project.documents.where(path), ".".join(path)))


def require_comparison(compared: Comparison, services: Sequence[str]) -> None:
    """Raises ManifestError where nothing was compared, or not all of the services that were asked for: a check must not
    pass for that.

    What could not be read is another matter: then it cannot be said whether there is anything to compare.
    """
    require_sources(compared)
    project, environment = compared.project, compared.environment
    if not project.manifest.services and compared.missing:
        names = ", ".join(item.name for item in compared.missing)
        hint = "Add them: devenv sync --add"
        raise ManifestError(f"devenv.toml has no services, {environment} runs {names}", hint)
    if compared.unread:
        return
    hint = "'devenv facts' shows what the sources say; from = \"NAME\" in a service says which fact it mirrors"
    if undescribed := [name for name in services if name not in compared.bound.services]:
        raise ManifestError(f"no source of {environment} describes {', '.join(undescribed)}", hint)
    if compared.has_compared or compared.verdict.counting or compared.verdict.accepted:
        return
    subject = ", ".join(services) or "anything in devenv.toml"
    raise ManifestError(f"the sources of {environment} state no version of {subject}", hint)


def wanted(world: World, project: Project, changes: Iterable[Change]) -> Project:
    """The project with the manifest as changes would have it. Raises ManifestError where that would be no good one."""
    given = list(changes)
    if not given:
        return project
    edits = [Edit(change.path, change.new, _remark(change)) for change in given]
    try:
        text = edited(project.documents.manifest, edits, earlier=REMARK)
    except NotEdited as error:
        hint = "change it by hand: " + "; ".join(f"{'.'.join(c.path)} = {c.new}" for c in given)
        problem = Problem("cannot be edited without touching what is around it", hint, key=".".join(error.path))
        raise ManifestError(problem) from error
    return open_project(world, manifest=text, root=project.root)


def _remark(change: Change) -> str:
    if not change.evidence:
        return ""
    notes = f" ({'; '.join(change.notes)})" if change.notes else ""
    return " ".join(f"from {change.evidence}, {change.evidence.date}{notes}".split())


def without(world: World, compared: Comparison, services: Container[str], *, versions_only: bool) -> Comparison:
    """The same without what would change these services, or without what would change their versions."""
    kept = tuple(
        change
        for change in compared.plan.changes
        if change.service not in services or (versions_only and change.key not in (("version",), ("kind",)))
    )
    return replace(compared, plan=replace(compared.plan, changes=kept), wanted=wanted(world, compared.project, kept))


def obtainable(world: World, compared: Comparison) -> Comparison:
    """The same with a lock of all images that can be had, and without the changes of services whose images cannot: the
    registry has them not. These services are left as they are. Raises Unreachable."""
    project = compared.wanted
    if not (wanting := missing(project.lock, project.needed_here())):
        return compared
    found, lacking = looked_up(project, world, wanting)
    problems: list[Problem] = []
    kept = compared.plan.changes
    if lacking:
        users = project.needed_here()
        for image, problem in lacking.items():
            hints = [_newer(world, compared, name) for name in users[image]]
            hint = next(filter(None, hints), problem.hint)
            problems.append(replace(problem, hint=hint, key=", ".join(users[image])))
        left = {name for image in lacking for name in users[image]}
        kept = tuple(change for change in kept if change.service not in left)
        project = wanted(world, compared.project, kept) if kept != compared.plan.changes else project
        former = [image for image in missing(project.lock, project.needed_here()) if image not in {*found, *lacking}]
        found |= looked_up(project, world, former)[0]
    needed = project.needed_here()
    lock = relocked(project.lock, needed, {image: entry for image, entry in found.items() if image in needed})
    return replace(
        compared,
        plan=replace(compared.plan, changes=kept),
        wanted=project.with_lock(lock),
        unobtainable=(*compared.unobtainable, *problems),
    )


def _newer(world: World, compared: Comparison, service: str) -> str:
    """What to do where an image of the same series has a later patch; "" where none is known that can be had."""
    project = compared.wanted
    said = project.manifest.services.get(service)
    if said is None:  # the image is a workspace's
        return ""
    series = production.releases().newest.get(said.kind, ())
    for text in later(said.version.text, series):
        version = parse_version(text)
        manifest = replace(project.manifest, services={service: replace(said, version=version, image="")})
        if looked_up(project, world, images_of(manifest, project.kinds))[0]:
            return _later_patch(compared, service, text)
    return ""


def _later_patch(compared: Comparison, service: str, version: str) -> str:
    """What to do with the nearest later patch: write it, or accept the difference where it is there already."""
    nearest = f"the nearest later patch available is {version}"
    manifest = compared.project.manifest
    if manifest.services[service].version.text != version:
        return f'{nearest}: version = "{version}"'
    difference = finding_id(compared.environment, ("services", service, "version"))
    lines = acceptance_lines([difference], has_entries=bool(manifest.accepted))
    return "\n  ".join([f"{nearest}, which devenv.toml has already.", *lines])


@record
class Follow:
    """What this machine has to do: data to be moved, then the plan of ``up`` for what runs. ``older``: the data that is
    left behind by services that find their older data again."""

    prepared: Prepared
    moves: Moves
    older: Mapping[str, Use] = field(default_factory=dict)

    @property
    def changes(self) -> bool:
        return bool(self.prepared.plan.changes or self.moves.upgrades)


def following(
    world: World,
    compared: Comparison,
    everything: Observed,
    services: Sequence[str],
    *,
    way: Way | None = None,
    sources: Mapping[str, ExistingVolume] | None = None,
    from_current: bool = False,
) -> tuple[Comparison, Follow]:
    """What the machine has to do to follow. Of services that do not run only the data is moved; one that is added is
    started where others run. What cannot be moved is refused, and with it the change of version that would need it. So
    is what acts only on new data: it was written by hand, as production's settings of that sort are only told of.

    ``sources``: by service, data that is to become theirs whatever they have; ``from_current``: for all services whose
    older data would be found again, the data that was in use since.
    """
    project = compared.wanted if compared.unobtainable else pinned(compared.wanted, world, frozen=False, offline=False)
    machine, observed = narrowed(project, everything)
    names = select(project.manifest, services, ())
    users = project.needed_here()
    lacking = {name for image in missing(project.lock, users) for name in users[image]}
    obtained = [name for name in names if name not in lacking]
    if from_current:
        sources = _in_use(project, machine, observed, obtained)
    moves = upgrading.plan(world, project, machine, observed, obtained, way=way, sources=sources)
    back = {change.service for change in compared.plan.changes} & moves.refused.keys()
    if any(change.service in back and change.key in (("version",), ("kind",)) for change in compared.plan.changes):
        compared = replace(compared, refused=(*compared.refused, *(moves.refused[name] for name in back)))
        compared = without(world, compared, back, versions_only=True)
        return following(world, compared, everything, services, way=way, sources=sources, from_current=from_current)
    staying = [project.resolved.services[name] for name in names if not moves.of(name)]
    refused = {**moves.refused, **frozen_problems(staying, observed, machine)}
    compared = replace(compared, refused=(*compared.refused, *refused.values()))
    running = {item.service for item in observed.containers if item.running} | still_to_run(project.store)
    followers = services_to_follow(names, running, compared.plan.changes)
    chosen = tuple(name for name in followers if name not in refused and name not in lacking)
    wishes = Wishes(moving=moves.generations, partial=bool(compared.unobtainable))
    older = {}
    for name in chosen:
        use = finds_older(project.resolved.services[name], observed, machine)
        if use is not None and not moves.of(name):
            older[name] = use
    prepared = guarded(prepare(world, project, everything, chosen, wishes))
    return compared, Follow(prepared, moves, older)


def _in_use(project: Project, machine: Machine, observed: Observed, names: Iterable[str]) -> dict[str, ExistingVolume]:
    """By service, data of another version that was in use after the data that the service finds."""
    volumes = {volume.name: volume for volume in observed.volumes}
    found = {}
    for name in names:
        use = left_behind(project.resolved.services[name], observed, machine)
        if use is not None:
            found[name] = volumes[use.volume]
    return found
