"""Read and write files of the workspace for an agent whose client does that."""

from __future__ import annotations

import os
import stat

from muster.worker.agents.runner.formats.fields import require_string

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from typing import Any

MAX_FILE_BYTES = 16 << 20  # bytes of a file


def read_file(workspace: str, params: dict[str, Any]) -> dict[str, Any]:
    """Return at most `limit` lines from `line` on, which counts from 1. Raises OSError, ValueError,
    TypeError.
    """
    # Without waiting for a writer, if it isn't a regular file.
    handle = os.open(_require_inside(workspace, params), os.O_RDONLY | os.O_NONBLOCK)
    with open(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise ValueError("it isn't a file")
        data = file.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        raise ValueError("it is too large")
    text = data.decode(errors="replace")
    first, limit = _line_count(params.get("line")), params.get("limit")
    if first or limit is not None:
        lines = text.splitlines(keepends=True)[max(first - 1, 0) :]
        text = "".join(lines if limit is None else lines[: _line_count(limit)])
    return {"content": text}


def write_file(workspace: str, params: dict[str, Any]) -> dict[str, Any]:
    """Write a file. Raises OSError, ValueError."""
    path, content = _require_inside(workspace, params), require_string(params["content"])
    data = content.encode()
    os.makedirs(os.path.dirname(path), exist_ok=True)
    how = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NONBLOCK
    with open(os.open(path, how, 0o666), "wb") as file:
        file.write(data)
    return {}


def _require_inside(workspace: str, params: dict[str, Any]) -> str:
    """Return the path, which must be in the workspace after resolving links."""
    whole, root = os.path.realpath(require_string(params["path"])), os.path.realpath(workspace)
    if not os.path.isabs(require_string(params["path"])) or not whole.startswith(
        root.rstrip("/") + "/"
    ):
        raise ValueError("it isn't in the workspace")
    return whole


def _line_count(value: object) -> int:
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError("not a number of lines")
    return value
