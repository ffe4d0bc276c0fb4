"""Opening a user's project: its files read, its manifest checked and resolved. What every command begins with."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from devenv import __version__, yamlio
from devenv.configuration import configured_mirrors, kept_mirrors
from devenv.effects import files
from devenv.effects.store import Store, state_folder
from devenv.effects.world import World
from devenv.errors import DevenvError, ManifestError
from devenv.kinds import Catalogue, runtimes
from devenv.model.file import File
from devenv.model.image import ImageRef
from devenv.model.kind import Kind
from devenv.model.lock import Lock
from devenv.model.machine import INSIDE, OWNER, Machine
from devenv.model.manifest import RUNTIMES, Manifest
from devenv.model.mirrors import Mirrors
from devenv.model.record import record
from devenv.model.resolved import Resolved, ResolvedService
from devenv.stages import locking
from devenv.stages.load import LOCAL, MANIFEST, Documents, build_manifest, check_documents, parse_documents
from devenv.stages.ownership import Owner
from devenv.stages.resolve import images_of, resolve
from devenv.targets import compose, dotenv

if TYPE_CHECKING:
    from devenv.effects.compose import Stack
    from devenv.model.workspace import Workspace


@record
class Project:
    """One checkout, read. ``kept`` is what ``.devenv/.env`` says; ``resolved`` is of the layered manifest.

    ``shared`` is of the committed files alone: what ``.devenv/compose.yaml`` is made from, and ``workspaces`` what
    ``.devcontainer`` is. Without a ``devenv.local.toml`` both are the same. ``inside``: devenv runs in a workspace,
    beside the services.
    """

    root: Path
    documents: Documents
    manifest: Manifest
    kinds: Mapping[str, Kind]
    lock: Lock
    lock_text: str
    resolved: Resolved
    shared: Resolved
    kept: Mapping[str, str]
    mirrors: Mirrors
    store: Store
    state: Path
    workspaces: tuple[Workspace, ...] = ()
    inside: bool = False

    @property
    def local(self) -> bool:
        """Whether a developer's own layer changes what is rendered."""
        return bool(self.documents.local)

    def with_lock(self, lock: Lock) -> Project:
        """The same project, resolved anew with another lock."""
        resolved = resolve(self.manifest, self.kinds, lock)
        shared = resolved if not self.local else resolve(self._base(), self.kinds, lock)
        return replace(self, lock=lock, resolved=resolved, shared=shared)

    def _base(self) -> Manifest:
        return build_manifest(self.documents.base, self.kinds) if self.local else self.manifest

    def needed(self) -> dict[ImageRef, tuple[str, ...]]:
        """The images that the committed lock must hold, with the services that need each."""
        return images_of(self._base(), self.kinds) | self._of_workspaces()

    def needed_here(self) -> dict[ImageRef, tuple[str, ...]]:
        """Those, and the images that only a developer's own layer needs."""
        return self.needed() | images_of(self.manifest, self.kinds)

    def _of_workspaces(self) -> dict[ImageRef, tuple[str, ...]]:
        found: dict[ImageRef, tuple[str, ...]] = {}
        for workspace in self.workspaces:
            found |= dict.fromkeys(workspace.images, ("[devcontainer]",))
            found |= {item.image: (RUNTIMES,) for item in workspace.runtimes if item.image in workspace.images}
        return found

    def generated(self) -> dict[str, str]:
        """Path -> digest of inputs of every file that is generated and checked for edits."""
        made = dict.fromkeys(compose.paths(self.shared), compose.inputs(self.shared))
        if self.local:
            made |= dict.fromkeys(compose.paths(self.resolved, local=True), compose.inputs(self.resolved))
        for workspace in self.workspaces:
            from devenv.targets import devcontainer

            scripts, over = self._scripts(), self._compose_files()
            inputs = devcontainer.inputs(workspace, self.shared, self._base(), self.lock, scripts=scripts, over=over)
            made |= dict.fromkeys(devcontainer.paths(workspace), inputs)
        return made

    def _scripts(self) -> dict[str, str]:
        """The packaged scripts of a workspace, by name."""
        from devenv.targets import devcontainer

        folder = files.templates_root() / "devcontainer"
        return {name: (folder / name).read_text(encoding="utf-8") for name in devcontainer.SCRIPTS}

    def _compose_files(self) -> tuple[str, ...]:
        """The committed Compose files below a workspace's own."""
        own = (compose.OVERRIDE,) if files.is_file(self.root / compose.OVERRIDE) else ()
        return (compose.PATH, *own)

    def render(self) -> tuple[File, ...]:
        """All generated files of the project, committed ones first."""
        made = {file.path: file for file in compose.files(self.shared)}
        if self.local:
            made |= {file.path: file for file in compose.files(self.resolved, local=True)}
        if not self.workspaces:
            return tuple(made.values())
        from devenv.stages.connect import environment
        from devenv.targets import devcontainer

        variables = environment(self._base(), self.shared, None)
        scripts, over = self._scripts(), self._compose_files()
        for workspace in self.workspaces:
            made_from = devcontainer.inputs(workspace, self.shared, self._base(), self.lock, scripts=scripts, over=over)
            rendered = devcontainer.files(
                workspace, self.shared, self.lock, variables=variables, scripts=scripts, over=over, made_from=made_from
            )
            made |= {file.path: file for file in rendered}
        return tuple(made.values())

    def machine(self) -> Machine:
        """What ``.devenv/.env`` says of this machine, defaults where it does not, without asking the engine."""
        ports = {
            port.variable: int(value)
            for service in self.resolved.services.values()
            for port in service.ports
            if (value := self.kept.get(port.variable, "")).isdecimal() and int(value)
        }
        project = self.kept.get("COMPOSE_PROJECT_NAME") or self.manifest.project
        registries = {key: value for key, value in self.kept.items() if key.startswith("DEVENV_REGISTRY")}
        host = self.kept.get("DEVENV_HOST") or "127.0.0.1"
        wanted = {
            port.variable: self.kept[port.memory]
            for service in self.resolved.services.values()
            for port in service.ports
            if port.memory in self.kept
        }
        owner = self.store.read("owner").get("id", "")
        return Machine(project, str(self.root), ports, registries, host, self.generations(), wanted, owner)

    def owner(self) -> Owner:
        """This checkout as its data knows it."""
        remembered, root = self.store.read("owner"), str(self.root)
        named = self.store.read("project").get("project", "")
        if self.kept.get("DEVENV_ROOT") == root:
            named = self.kept.get("COMPOSE_PROJECT_NAME", "")
        return Owner(remembered.get("id", ""), root, frozenset(remembered.get("claimed", ())), named)

    def generations(self) -> dict[str, str]:
        """Which volumes of the services' data are live: as remembered, else as ``.devenv/.env`` has it."""
        data = [service.data for service in self.resolved.services.values() if service.data]
        remembered: dict[str, str] = self.store.read("generations")
        return {**self.written_pointers(data), **remembered}

    def written_pointers(self, data: Iterable[str]) -> dict[str, str]:
        """What ``.devenv/.env`` says of data. The first generation is not written there: of data that a file of
        devenv's does not name, that one is live."""
        by_devenv = "DEVENV_ROOT" in self.kept
        variables = {item: compose.generation_variable(item) for item in data}
        return {
            item: self.kept.get(variable, "")
            for item, variable in variables.items()
            if by_devenv or variable in self.kept
        }

    def reachable(self, services: Iterable[str]) -> Machine | None:
        """The same, for somebody who is going to connect to these services; None for whoever is beside them.

        Raises DevenvError for one that was never up here: at the standard port there may be another checkout's.
        """
        if self.inside:
            return None
        machine = self.machine()
        unknown = [
            name
            for name in dict.fromkeys(services)
            if any(port.variable not in machine.ports for port in self.resolved.services[name].ports)
        ]
        if unknown:
            have = "has" if len(unknown) == 1 else "have"
            hint = f"devenv up{'' if len(unknown) == len(self.resolved.services) else ' ' + ' '.join(unknown)}"
            raise DevenvError(f"{', '.join(unknown)} {have} no port on this machine yet", hint)
        return machine

    def registries(self) -> dict[str, str]:
        """Registry variables for this machine: only for registries that a mirror replaces."""
        used = {image.registry for image in (*self.resolved.images, *self._of_workspaces())}
        bases = {registry: self.mirrors.base(registry) for registry in used}
        return {compose.registry_variable(name): base for name, base in sorted(bases.items()) if base != name}

    def stack(self, project: str) -> Stack:
        """The Compose project: our file, then the user's own, which is merged over it."""
        from devenv.effects.compose import Stack

        names = [compose.LOCAL_PATH if self.local else compose.PATH]
        if files.is_file(self.root / compose.OVERRIDE):
            names.append(compose.OVERRIDE)
        return Stack(project, self.root / ".devenv", tuple(self.root / name for name in names))

    def overrides(self) -> dict[str, str]:
        """Service -> digest of what the user's own Compose file says of it. Raises ManifestError if it is no YAML."""
        text = files.read_text(self.root / compose.OVERRIDE)
        return compose.overrides(text) if text else {}

    def override(self) -> Mapping[str, Any]:
        """What the user's own Compose file says; {} if there is none. Raises as ``overrides``."""
        text = files.read_text(self.root / compose.OVERRIDE)
        return compose.parse_override(text) if text else {}

    def override_lines(self) -> Mapping[str, int]:
        """The lines at which parts of the user's own Compose file begin, as ``services.db``."""
        return yamlio.key_lines(files.read_text(self.root / compose.OVERRIDE) or "")

    def described_volumes(self) -> frozenset[str]:
        """The keys of volumes of which the user's own Compose file says how they are made. Raises as ``overrides``."""
        text = files.read_text(self.root / compose.OVERRIDE)
        return compose.described_volumes(text) if text else frozenset()

    def local_image(self, service: str) -> str:
        """The name under which the engine has, or would have, a service's image."""
        return self.image_of(self.resolved.services[service])

    def image_of(self, item: ResolvedService) -> str:
        """The same for a service that the manifest need not have."""
        if item.build:
            return item.build
        name = f"{self.mirrors.base(item.image.registry)}/{item.image.repository}"
        name = name.removeprefix("docker.io/").removeprefix("library/")
        return f"{name}@{item.digest}" if item.digest else f"{name}:{item.image.tag}"


def find(world: World) -> Path:
    """The project's root. Raises ManifestError when there is no manifest at or above the current folder."""
    root = files.find_root(world.cwd, MANIFEST)
    if root is None:
        hint = "change to your project's folder, or begin one here: devenv init"
        raise ManifestError(f"no {MANIFEST} in {world.cwd} or above it", hint)
    return root


def open_store(world: World) -> Store:
    """What is remembered of this checkout, whatever its manifest says."""
    return _store(world, find(world))


def _store(world: World, root: Path) -> Store:
    """What is remembered of the checkout in a folder; of one that was moved there, what was remembered of it before."""
    store = Store(state_folder(world.env), root, world.console.say)
    if INSIDE not in world.env:
        store.settle()
    return store


def open_project(
    world: World, *, manifest: str | None = None, lock: str | None = None, root: Path | None = None
) -> Project:
    """Read, check and resolve. Raises ManifestError with everything that is wrong.

    ``manifest`` and ``lock`` are texts that count instead of the files', for a project as it would be.
    """
    root = root or find(world)
    text = files.read_text(root / MANIFEST) if manifest is None else manifest
    documents = parse_documents(text or "", files.read_text(root / LOCAL) or "")
    store = _store(world, root)
    catalogue = Catalogue(root, documents)
    kinds = catalogue.read(documents.kinds())
    _check_once(store, documents, kinds, catalogue)
    whole = build_manifest(documents.merged, kinds)
    lock_text = files.read_text(root / locking.PATH) or ""
    locks = _both_locks(root, locking.parse_lock(lock_text if lock is None else lock), images_of(whole, kinds))
    resolved = resolve(whole, kinds, locks)
    base = build_manifest(documents.base, kinds) if documents.local else whole
    shared = resolve(base, kinds, locks) if documents.local else resolved
    inside = INSIDE in world.env
    kept = {} if inside else _kept(root, store)  # what holds for the host holds for nobody in a workspace
    return Project(
        root=root,
        documents=documents,
        manifest=whole,
        kinds=kinds,
        lock=locks,
        lock_text=lock_text,
        resolved=resolved,
        shared=shared,
        kept=kept,
        mirrors=configured_mirrors(world) or kept_mirrors(kept, resolved.images),
        store=store,
        state=store.state,
        workspaces=_workspaces(documents, base),
        inside=inside,
    )


def _workspaces(documents: Documents, manifest: Manifest) -> tuple[Workspace, ...]:
    """What IDEs work in; [] where the manifest says nothing of one, which costs nothing."""
    if "devcontainer" not in documents.base:
        return ()
    from devenv.stages.workspaces import wanted

    return wanted(manifest, runtimes())


def _both_locks(root: Path, lock: Lock, needed: Collection[ImageRef]) -> Lock:
    """The committed lock, and of this machine's own what is still needed."""
    own = locking.parse_lock(files.read_text(root / locking.LOCAL_PATH) or "", locking.LOCAL_PATH)
    return Lock({image: entry for image, entry in own.images.items() if image in needed} | dict(lock.images))


def _check_once(store: Store, documents: Documents, kinds: Mapping[str, Kind], catalogue: Catalogue) -> None:
    """Check a manifest that was not checked before: checking costs more than everything else on the way to a start."""
    whole = hashlib.sha256(f"{__version__}\0{documents.manifest}\0{documents.local}".encode())
    for kind in kinds.values():
        whole.update(kind.digest.encode())
    digest = whole.hexdigest()
    if store.read("valid").get("digest") == digest:
        return
    catalogue.check(documents.kinds())
    check_documents(documents, kinds, catalogue.names(), runtimes())
    try:
        store.write("valid", {"digest": digest})
    except Exception:  # noqa: BLE001, S110 - a memory that cannot be written only costs time
        pass


def _kept(root: Path, store: Store) -> dict[str, str]:
    """``.devenv/.env``, unless it came here with a copy of another checkout that is still where it was."""
    text = files.read_text(root / dotenv.PATH) or ""
    kept = dotenv.parse(text)
    other, identity = kept.get("DEVENV_ROOT", ""), kept.get(OWNER, "")
    has_moved = bool(identity) and identity == store.read("owner").get("id")
    if other and other != str(root) and not has_moved and not files.is_absent(Path(other, MANIFEST)):
        return {}
    if problems := dotenv.problems(text):
        raise ManifestError(problems)
    return kept
