"""`muster completion`: scripts for shell completion."""

import click
from click.shell_completion import get_completion_class

_INSTRUCTIONS = {
    "bash": 'eval "$(muster completion bash)"    in ~/.bashrc',
    "zsh": 'eval "$(muster completion zsh)"    in ~/.zshrc',
    "fish": "muster completion fish | source    in ~/.config/fish/config.fish",
}


@click.command
@click.argument("shell", type=click.Choice(list(_INSTRUCTIONS)))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print a shell completion script.

    \b
      eval "$(muster completion bash)"          in ~/.bashrc
      eval "$(muster completion zsh)"           in ~/.zshrc
      muster completion fish | source           in ~/.config/fish/config.fish
    """
    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(ctx.find_root().command, {}, "muster", "_MUSTER_COMPLETE").source())
