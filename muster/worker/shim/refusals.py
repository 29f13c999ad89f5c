"""The hosts that an attempt's stages were refused, in a file next to its log.

One per line: the stage, a space, the host. Standard library only.
"""

import os

from muster.worker.shim.wire import StrPath

_NAME = "refused"


def append(directory: StrPath, stage_index: int, hosts: list[str]) -> None:
    """Store refused hosts. Raises OSError."""
    with open(os.path.join(directory, _NAME), "a") as file:
        file.writelines(f"{stage_index} {host}\n" for host in hosts)


def read(directory: StrPath) -> list[tuple[int, str]]:
    """Return all of them, as (stage, host), in order."""
    try:
        with open(os.path.join(directory, _NAME)) as file:
            lines = [line.rstrip("\n").split(" ", 1) for line in file if line.endswith("\n")]
    except OSError:
        return []
    return [(int(stage), host) for stage, host in lines if stage.isdecimal()]
