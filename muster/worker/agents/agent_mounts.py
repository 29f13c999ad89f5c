"""What rooms have to show of agents, so that those that are found on our search path run there."""

import shutil
from pathlib import Path

from muster.worker.agents import installs
from muster.worker.agents.adapters import custom
from muster.worker.agents.adapters.registry import AdapterRegistry
from muster.worker.agents.environment import search_path


def builtin_agent_mounts(adapters: AdapterRegistry, home: Path) -> list[Path]:
    """What belongs to the agents that are known. Nothing of the worker's `home` is in it."""
    path = search_path()
    found = [shutil.which(adapter.binary, path=path) for adapter in adapters]
    trees = [installs.required_paths(Path(name), path, never=[home]) for name in found if name]
    return [*dict.fromkeys(tree for each in trees for tree in each)]


def project_command_mounts(command: str, home: Path) -> list[Path]:
    """What belongs to a project's command.

    Nothing for a program that is named by a path: a project's command opens no file of the
    machine's operator. Nothing of the worker's `home` either. Raises ValueError.
    """
    words = custom.split_command(command)
    if not words or "/" in words[0]:
        return []
    found = shutil.which(words[0], path=search_path())
    return installs.required_paths(Path(found), search_path(), never=[home]) if found else []
