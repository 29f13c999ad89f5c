"""`custom`: a project's own command, of which nothing is known but how the text goes into it."""

import shlex

CUSTOM = "custom"

_PROMPT = "{prompt}"


def argv(command: str | None, text: str) -> list[str]:
    """The project's command with the text in it, or behind it. Raises ValueError."""
    parts = required(command)
    if not any(_PROMPT in part for part in parts):
        return [*parts, text]
    return [part.replace(_PROMPT, text) for part in parts]


def required(command: str | None) -> list[str]:
    """The words of a command that there has to be. Raises ValueError."""
    parts = words(command or "")
    if not parts:
        raise ValueError("the project has no agentCommand")
    return parts


def words(command: str) -> list[str]:
    """Raises ValueError."""
    try:
        return shlex.split(command)
    except ValueError as error:
        raise ValueError(f"the project's agentCommand cannot be split: {error}") from None
