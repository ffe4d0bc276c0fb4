"""The second half of ``devenv sync``: data moved, files written, what runs brought in step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from devenv import generated_files
from devenv.console import Progress
from devenv.data import anew, switching, upgrading
from devenv.data.upgrading import Moved
from devenv.effects import files, history
from devenv.effects.engine import look
from devenv.effects.world import World
from devenv.errors import DevenvError
from devenv.journeys.sync import ROLLBACK, Comparison, Follow, without
from devenv.journeys.up import Prepared, Wishes, carried_out, insisting, prepare, save_decisions, wait_for
from devenv.model.file import File
from devenv.model.observed import Use
from devenv.model.record import record
from devenv.pinning import committed, pinned, save
from devenv.project import Project, open_project
from devenv.stages.load import MANIFEST
from devenv.stages.locking import PATH as LOCK
from devenv.stages.locking import write_lock
from devenv.standing import owe_running, still_to_run, with_generations
from devenv.targets import dotenv

if TYPE_CHECKING:
    from devenv.effects.fetching import NoImage
    from devenv.effects.ready import Outcome


def write_files(world: World, compared: Comparison) -> None:
    """Manifest, lock and rendered files, where no engine answers."""
    project = compared.wanted if compared.unobtainable else pinned(compared.wanted, world, frozen=False, offline=False)
    write_manifest(compared, project, Moved())
    save(project)
    files.write_files(project.root, dotenv.git_files())
    generated_files.write(project, project.render())


def _lines(compared: Comparison, moved: Moved) -> list[str]:
    """What history says of it."""
    lines = [f"{'.'.join(change.path)}: {change.reason}" for change in compared.plan.changes]
    return lines + [f"{upgrade.service}: data moved, {upgrade.words}" for upgrade in moved.upgrades]


def write_manifest(compared: Comparison, project: Project, moved: Moved) -> None:
    """The manifest, after what it was is kept for ``sync --rollback``."""
    text = project.documents.manifest
    edited = compared.edits_manifest
    if not edited and not moved.upgrades:
        return
    root = project.root
    before = {path: files.read_text(root / path) for path in (MANIFEST, LOCK)} if edited else {}
    after = {MANIFEST: history.digest(text)}
    lines = _lines(compared, moved)
    history.add(project.store, compared.verb, lines, before=before, after=after, moved=moved.generations)
    if edited:
        files.write(root, File(MANIFEST, text, mode=files.mode(root / MANIFEST)))


@record
class Applied:
    """How it ended: what was prepared, what the services said, what data was moved and what was not; ``no_image``: the
    error of services that are missing from all that, since they have no image."""

    compared: Comparison
    prepared: Prepared
    outcomes: Sequence[Outcome]
    moved: Moved
    no_image: NoImage | None = None


def apply(world: World, compared: Comparison, follow: Follow, *, timeout: float, progress: Progress) -> Applied:
    """Move data, write, then bring what runs in step. Raises DevenvError; what was written stays, and can be rolled
    back. A service whose data could not be moved stays as it was, and so does what devenv.toml says of it."""
    prepared = follow.prepared
    moved = upgrading.carry_out(world, prepared.project, prepared.machine, prepared.observed, follow.moves, progress)
    if gone := moved.gone:
        raise gone  # the journal says what to do when the engine is back
    if moved.failed:
        compared = without(world, compared, moved.failed, versions_only=False)
        chosen = tuple(name for name in prepared.chosen if name not in moved.failed)
        moving = {upgrade.service: upgrade.generation for upgrade in moved.upgrades}
        fresh = Wishes(moving=moving, partial=bool(compared.unobtainable))
        prepared = prepare(world, compared.wanted, look(world).result(), chosen, fresh)
    applied = settle(compared, prepared, moved, timeout=timeout, progress=progress, world=world)
    _keep_left_behind(applied.prepared, follow.older)
    return applied


def _keep_left_behind(prepared: Prepared, older: Mapping[str, Use]) -> None:
    """Make what services no longer use of other versions kept copies, now that nobody writes to it."""
    if not older:
        return
    project = prepared.project
    anew.keep_left_behind(project, prepared.observed, older)
    machine, _ = with_generations(project, prepared.machine, prepared.observed)
    files.write(project.root, dotenv.file(machine))


def settle(
    compared: Comparison, prepared: Prepared, moved: Moved, *, world: World, timeout: float, progress: Progress
) -> Applied:
    """Have moved data be the data, the files say so, and what runs follow."""
    if moved.upgrades:
        texts = {MANIFEST: prepared.project.documents.manifest, LOCK: write_lock(committed(prepared.project))}
        moving = {upgrade.service for upgrade in moved.upgrades}
        owe_running(prepared.project.store, still_to_run(prepared.project.store) | (moving & set(prepared.chosen)))
        machine, observed = with_generations(prepared.project, prepared.machine, prepared.observed)
        lines = _lines(compared, moved)
        switching.switch(
            prepared.project, machine, observed, moved.upgrades, texts=texts, changes=lines, verb=compared.verb
        )
        observed = upgrading.seen(machine, moved, observed)
        machine, observed = with_generations(prepared.project, machine, observed)
        prepared = replace(prepared, machine=machine, observed=observed)
    write_manifest(compared, prepared.project, moved)
    try:
        save_decisions(prepared)
        switching.done(prepared.project)
        prepared, no_image = _brought_in_step(world, compared, prepared, progress)
        outcomes = wait_for(world, prepared, timeout=timeout, progress=progress)
        return Applied(compared, prepared, outcomes, moved, no_image)
    except DevenvError as error:
        error.changed = error.changed or changed_words(compared, moved)
        raise


def changed_words(compared: Comparison, moved: Moved) -> str:
    """What stays changed where a service does not come up afterwards, and how to undo it; "" if nothing does."""
    if compared.verb == ROLLBACK:
        return "devenv.toml and devenv.lock are restored"
    if compared.edits_manifest:
        return "devenv.toml is changed; 'devenv sync --rollback' takes that back"
    if moved.upgrades:
        return "the data was moved; 'devenv snapshot list' shows what it was before"
    return ""


def _brought_in_step(
    world: World, compared: Comparison, prepared: Prepared, progress: Progress
) -> tuple[Prepared, NoImage | None]:
    """What was prepared, done; without the services that have no image, if the error says so.

    While data was moved its port was free, and somebody may have taken it: then the service gets another one.
    """

    def first() -> tuple[Prepared, NoImage | None]:
        return carried_out(world, prepared, progress, verb=compared.verb)

    def again(lost: frozenset[int]) -> tuple[Prepared, NoImage | None]:
        prepared.project.store.clear_journal()
        wishes = Wishes(partial=bool(compared.unobtainable), lost=lost)
        decided = prepare(world, open_project(world), look(world).result(), prepared.chosen, wishes)
        save_decisions(decided)
        return carried_out(world, decided, progress, verb=compared.verb)

    return insisting(first, again)
