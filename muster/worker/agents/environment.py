"""Build the environment of a stage from scratch, without the daemon's variables."""

import os
import re
from collections.abc import Mapping

from muster.protocol.frames import Author
from muster.worker.git import attempt_settings
from muster.worker.git.workspace import Workspace, commit_variables

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
VARIABLES = frozenset(
    {
        *("task_id", "attempt", "round", "stage", "project", "branch"),
        *("description", "instruction", "choice", "input"),
    }
)
"""Facts about its task that a stage may get, each in an uppercase `MUSTER_…` variable."""

MAX_VARIABLE_BYTES = 128 * 1024 - 1
"""Maximum bytes of one `NAME=value`: Linux's MAX_ARG_STRLEN."""

_EMPTY: Mapping[str, str] = {}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def build_environment(
    workspace: Workspace,
    author: Author,
    project_env: Mapping[str, str],
    secrets: Mapping[str, str],
    variables: Mapping[str, str | None],
    *,
    of_agent: Mapping[str, str] = _EMPTY,
    path: str | None = None,
    user: str = "muster",
) -> dict[str, str]:
    """Return a stage's environment. Later parts win: defaults, the agent's variables, the project's
    own, its secrets, Muster's.

    `variables` has keys of VARIABLES; a missing or None value is empty, so that scripts under `set
    -u` run. `path` defaults to the daemon's own search path, where its agents were found. Raises
    ValueError for names or values that a process can't have.
    """
    if unknown := set(variables) - VARIABLES:
        raise ValueError(f"unknown variables: {', '.join(sorted(unknown))}")
    values = {
        "task_id": str(workspace.key.task_id),
        "attempt": str(workspace.key.attempt),
        "branch": workspace.branch,
        **{name: value for name, value in variables.items() if value is not None},
    }
    environment = {
        "PATH": search_path(path),
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
        **attempt_settings.variables(workspace),
        **of_agent,
        **project_env,
        **secrets,
        "HOME": workspace.sandbox.home,
        "USER": user,
        "LOGNAME": user,
        **commit_variables(author),
        **{f"MUSTER_{name.upper()}": values.get(name, "") for name in sorted(VARIABLES)},
    }
    for name, value in environment.items():
        _require_valid(name, value)
    return environment


def search_path(path: str | None = None) -> str:
    """Return `path`, or the daemon's own, without entries relative to the stage's directory."""
    entries = (os.environ.get("PATH", "") if path is None else path).split(os.pathsep)
    return os.pathsep.join(entry for entry in entries if entry.startswith("/")) or DEFAULT_PATH


def _require_valid(name: str, value: str) -> None:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} isn't a valid name for an environment variable")
    if "\0" in value:
        raise ValueError(f"{name} contains a NUL byte")
    if len(name.encode()) + 1 + len(value.encode(errors="surrogateescape")) > MAX_VARIABLE_BYTES:
        raise ValueError(f"{name} is too long for an environment variable")
