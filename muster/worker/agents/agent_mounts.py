"""Find the paths that sandboxes must show so that the agents on our search path run there."""

import shutil
from pathlib import Path

from muster.worker.agents import installs
from muster.worker.agents.adapters import custom
from muster.worker.agents.adapters.registry import AdapterRegistry
from muster.worker.agents.environment import search_path


def builtin_agent_mounts(adapters: AdapterRegistry, home: Path) -> list[Path]:
    """Return the paths of the built-in agents. Never includes the worker's `home`."""
    path = search_path()
    found = [shutil.which(adapter.binary, path=path) for adapter in adapters]
    trees = [installs.required_paths(Path(name), path, never=[home]) for name in found if name]
    return [*dict.fromkeys(tree for each in trees for tree in each)]


def project_command_mounts(command: str, home: Path) -> list[Path]:
    """Return the paths of a project's command.

    Empty for a program named by a path: a project's command opens no file of the machine's
    operator. Never includes the worker's `home`. Raises ValueError.
    """
    words = custom.split_command(command)
    if not words or "/" in words[0]:
        return []
    found = shutil.which(words[0], path=search_path())
    return installs.required_paths(Path(found), search_path(), never=[home]) if found else []
