"""``devenv status`` in a workspace."""

from __future__ import annotations

from devenv.commands.status_rows import StatusRow, drift_found, entry, table
from devenv.console import Console
from devenv.effects.world import World


def tell(world: World, console: Console, services: tuple[str, ...], *, exit_code: bool) -> int:
    """In a workspace there is no engine to ask, but every service is: what it says of itself."""
    from devenv.effects.probe import ask_all
    from devenv.project import open_project
    from devenv.stages import asking
    from devenv.stages.connect import inside
    from devenv.stages.resolve import select

    project = open_project(world)
    chosen = {name: project.resolved.services[name] for name in select(project.manifest, services, ())}
    asked = {name: asking.greeting(item, inside(item), project.manifest.project) for name, item in chosen.items()}
    answers = ask_all({name: question for name, question in asked.items() if question})
    rows = []
    for name, item in chosen.items():
        answer, wanted = answers.get(name), item.version.text or item.image.tag
        said = answer.version if answer else ""
        drift = f"runs {said}, {wanted} is wanted" if said and said != wanted else ""
        state = "not asked" if answer is None else "ready" if answer.ready else "not ready"
        address = f"{name}:{item.ports[0].container}" if item.ports else ""
        rows.append(StatusRow(name, item.kind.name, wanted, said, state, address, drift))
    drifting = any(row.drift for row in rows)
    if console.as_json:
        console.json(
            {
                "in_sync": not drifting,
                "services": [entry(row) for row in rows],
                "drift": [],
                "snapshots": [],
                "workspaces": [],
            }
        )
    else:
        table(console, rows)
        for row in rows:
            if row.drift:
                console.result(f"≠ {row.name}: {row.drift}")
        console.say(
            "as seen from this workspace" + ("; 'devenv sync' on the host brings it in step" if drifting else "")
        )
    if not (exit_code and drifting):
        return 0
    return console.failure(drift_found(rows, ()))
