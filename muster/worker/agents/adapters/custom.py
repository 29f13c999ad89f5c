"""`custom`: a project's own command, of which nothing is known but how the text goes into it."""

import shlex

CUSTOM = "custom"

_PROMPT = "{prompt}"


def build_argv(command: str | None, text: str) -> list[str]:
    """The project's command with the text in it, or behind it. Raises ValueError."""
    parts = split_required_command(command)
    if not any(_PROMPT in part for part in parts):
        return [*parts, text]
    return [part.replace(_PROMPT, text) for part in parts]


def split_required_command(command: str | None) -> list[str]:
    """The words of a command that there has to be. Raises ValueError."""
    parts = split_command(command or "")
    if not parts:
        raise ValueError("the project has no agentCommand")
    return parts


def split_command(command: str) -> list[str]:
    """Raises ValueError."""
    try:
        return shlex.split(command)
    except ValueError as error:
        raise ValueError(f"the project's agentCommand cannot be split: {error}") from None
