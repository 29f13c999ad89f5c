"""`custom`: a project's own command, of which only the place for the text is known."""

import shlex

CUSTOM = "custom"

_PROMPT = "{prompt}"


def build_argv(command: str | None, text: str) -> list[str]:
    """Return the project's command with the text in it, or appended. Raises ValueError."""
    parts = split_required_command(command)
    if not any(_PROMPT in part for part in parts):
        return [*parts, text]
    return [part.replace(_PROMPT, text) for part in parts]


def split_required_command(command: str | None) -> list[str]:
    """Return the words of a required command. Raises ValueError."""
    parts = split_command(command or "")
    if not parts:
        raise ValueError("the project has no agentCommand")
    return parts


def split_command(command: str) -> list[str]:
    """Split a command into words. Raises ValueError."""
    try:
        return shlex.split(command)
    except ValueError as error:
        raise ValueError(f"can't split the project's agentCommand: {error}") from None
