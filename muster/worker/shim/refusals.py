"""The hosts that an attempt's stages were refused, in a file beside its log.

A line each: the stage, a blank, the host. Standard library only.
"""

import os

from muster.worker.shim.wire import StrPath

_NAME = "refused"


def append(directory: StrPath, stage_index: int, hosts: list[str]) -> None:
    """Writes down hosts that were refused. Raises OSError."""
    with open(os.path.join(directory, _NAME), "a") as file:
        file.writelines(f"{stage_index} {host}\n" for host in hosts)


def read(directory: StrPath) -> list[tuple[int, str]]:
    """All of them, as (stage, host), in their order."""
    try:
        with open(os.path.join(directory, _NAME)) as file:
            lines = [line.rstrip("\n").split(" ", 1) for line in file if line.endswith("\n")]
    except OSError:
        return []
    return [(int(stage), host) for stage, host in lines if stage.isdecimal()]
