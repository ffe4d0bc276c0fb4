"""``devenv render``: the generated files."""

from __future__ import annotations

import click

from devenv.commands.options import format_option
from devenv.effects.world import World
from devenv.model.problem import Problem


def _problem(path: str, state: str) -> Problem:
    if state != "edited":
        return Problem(f"{path} is {state}", "devenv render")
    hint = "move what you added into .devenv/compose.override.yaml, then 'devenv render --force' writes the file anew"
    return Problem(f"{path} was edited by hand", hint)


@click.command()
@click.option(
    "--check", "checking", is_flag=True, help="Change nothing; exit 3 if a file is missing, stale, edited or left over."
)
@click.option("--stdout", "to_stdout", is_flag=True, help="Print the Compose file instead of writing it.")
@click.option("--force", is_flag=True, help="Overwrite files that were edited by hand.")
@format_option
@click.pass_obj
def command(world: World, checking: bool, to_stdout: bool, force: bool) -> None:
    """Write .devenv/compose.yaml and the other generated files. Needs no engine and no network.

    \b
    devenv render            write
    devenv render --check    for CI
    """
    from devenv import generated_files
    from devenv.effects.files import write_files
    from devenv.errors import DriftFound
    from devenv.project import open_project
    from devenv.stages import locking
    from devenv.stages.plan_up import guard_files, stale
    from devenv.targets import dotenv

    console = world.console
    project = open_project(world)
    rendered = project.render()
    if to_stdout:
        text = rendered[-1].text if project.local else rendered[0].text
        if console.as_json:
            console.json({"compose": text})
        else:
            console.result(text, exact=True)
        return
    found = generated_files.found(project)
    states = stale({file.path: file.inputs for file in rendered}, found)
    if checking:
        states |= dict.fromkeys(generated_files.leftovers(project), "left over")
        console.json({"in_sync": not states})
        if states:
            raise DriftFound([_problem(path, state) for path, state in states.items()])
        console.say("All generated files match devenv.toml.")
        return
    if not force:
        guard_files({file.path: file.inputs for file in rendered}, found)
    with project.store.locked("render", waiting=console.waiting):
        write_files(project.root, dotenv.git_files())
        generated_files.write(project, rendered)
        gone = generated_files.drop_leftovers(project)
    console.json({"written": list(states), "removed": gone})
    for path in states:
        console.say(f"  ~ {path}")
    for path in gone:
        console.say(f"  - {path}: devenv.toml no longer asks for it")
    console.say("written; commit them" if states or gone else "nothing to do")
    if unpinned := locking.missing(project.lock, project.needed_here()):
        names = ", ".join(image.familiar for image in unpinned)
        console.say(f"not pinned, since devenv.lock does not hold them: {names}; 'devenv lock', then 'devenv render'")
