"""The workbench of an upgrade: what it is called, what is put on it, and how it is set up beside the project."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Mapping
from dataclasses import replace

from devenv.console import Progress
from devenv.data import unfinished
from devenv.effects import volumes
from devenv.effects.compose import Stack, pull
from devenv.effects.engine import images
from devenv.effects.files import make_folder, templates_root, write_files
from devenv.effects.workbench import Workbench
from devenv.effects.world import World
from devenv.model.machine import Machine
from devenv.model.upgrade import COPY, LABEL, NEW, Upgrade, volume_role
from devenv.project import Project
from devenv.targets import compose, dotenv, workbench

#: The journal of upgrades, beside the one of ``up``.
JOURNAL = unfinished.UPGRADES


def bench_name(machine: Machine, service: str) -> str:
    """The Compose project of a service's workbench."""
    return f"{machine.project}-upgrade-{service}"


def scratch_of(machine: Machine, upgrade: Upgrade) -> dict[str, str]:
    """Role -> name of the volumes that are thrown away afterwards."""
    count = max(len(upgrade.old.volumes), len(upgrade.new.volumes))
    roles = [
        volume_role(role, index)
        for role in upgrade.recipe.scratch
        for index in range(count if role in (COPY, NEW) else 1)
    ]
    return {role: f"{bench_name(machine, upgrade.service)}_{role}" for role in roles}


def bench_of(
    world: World,
    project: Project,
    machine: Machine,
    upgrade: Upgrade,
    scratch: Mapping[str, str],
    progress: Progress,
    over: threading.Event,
    *,
    keep_log: bool = False,
) -> Workbench:
    """``keep_log``: it goes on with the log of the last one."""
    name = bench_name(machine, upgrade.service)
    folder = project.store.folder / "upgrades" / upgrade.service
    if not keep_log:
        shutil.rmtree(folder, ignore_errors=True)
    result = {volume_role(upgrade.recipe.result, index): volume for index, volume in enumerate(upgrade.target)}

    def journal(entry: Mapping[str, object]) -> None:
        project.store.journal({"service": upgrade.service, **entry}, of=JOURNAL)

    return Workbench(
        world=world,
        name=name,
        folder=folder,
        stack=Stack(name, folder, (folder / workbench.PATH,)),
        scripts=templates_root() / "upgrades",
        source=upgrade.source,
        host=machine.host,
        volumes={**scratch, **result},
        image=project.image_of(upgrade.new),
        journal=journal,
        told=lambda text: progress.update(upgrade.service, text),
        over=over,
    )


def prepare(world: World, project: Project, machine: Machine, bench: Workbench, upgrade: Upgrade) -> None:
    """Everything that takes long and touches nothing: images, volumes, the Compose file."""
    servers = upgrade.recipe.servers
    folder = bench.folder
    rendered = workbench.files(project.resolved.project, servers, bench.volumes, name=bench.name)
    env = dotenv.file(Machine(bench.name, str(folder), registries=machine.registries))
    make_folder(folder, mode=0o700)
    write_files(folder, [*rendered, replace(env, path=".env")])
    wanted = {server.name: project.image_of(server.service) for server in servers}
    here = images(world, wanted.values())
    for server in servers:
        if wanted[server.name] in here:
            continue
        bench.told(f"fetching {server.service.kind.name} {server.service.version}")
        if server.service.build:
            bench.stack.build([server.name], told=lambda line: None)
        else:
            pull(wanted[server.name], platform=server.service.platform, told=lambda line: None)
    for index, volume in enumerate(upgrade.new.volumes):
        stamp = compose.volume_labels(project.resolved.project, upgrade.new, volume)
        volumes.create_data(upgrade.target[index], machine, stamp)
    for name in bench.volumes.values():
        if name not in upgrade.target:
            volumes.create(name, {LABEL: bench.name})
