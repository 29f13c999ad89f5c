"""Runs a stage on a shim as the current user, and prints its exit: `stage_as.py JSON`."""

import json
import sys
from pathlib import Path
from typing import Any

from muster.worker.limits.limits import StageLimits
from muster.worker.shim.client import StageCommand, launch


def main(directory: str, argv: list[str], limits: dict[str, Any]) -> None:
    shim = launch(Path(directory))
    try:
        command = StageCommand(
            0, argv, {"PATH": "/usr/bin:/bin"}, "/", 60.0, limits=StageLimits(**limits)
        )
        shim.start_stage(command)
        end = shim.wait_for_exit(0, timeout=60)
        assert end is not None
        json.dump([end.how, end.code, end.message], sys.stdout)
    finally:
        shim.quit()


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
