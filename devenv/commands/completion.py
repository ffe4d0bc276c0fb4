"""``devenv completion``: what a shell needs to complete devenv's commands."""

from __future__ import annotations

import click

from devenv.effects.world import World


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_obj
def command(world: World, shell: str) -> None:
    """Print the completion script of a shell.

    \b
    bash: eval "$(devenv completion bash)"
    zsh:  eval "$(devenv completion zsh)"
    fish: devenv completion fish | source
    """
    from click.shell_completion import get_completion_class

    from devenv.cli import program

    found = get_completion_class(shell)
    assert found is not None  # click has a class for each of the choices
    script = found(program, {}, "devenv", "_DEVENV_COMPLETE").source()
    world.console.result(_mended(shell, script), exact=True)


#: A zsh whose user has not set up completion has no compdef yet. -i: without a question about insecure folders.
_COMPINIT = "(( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i }\n"


def _mended(shell: str, script: str) -> str:
    """click's script, where descriptions may have commas in fish, and which works in a zsh without compinit."""
    if shell == "fish":
        return script.replace('string split ","', 'string split --max 1 ","')
    if shell == "zsh":
        head, line, rest = script.partition("\n")
        return f"{head}{line}{_COMPINIT}{rest}"
    return script
