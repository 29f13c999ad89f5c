"""Workers that differ from ours: with another wall clock, or with a shim of another version.

As a program: `python -m tests.muster.worker.worker_variants OFFSET_FILE run …` is the worker whose
wall clock, and its shims', is ahead by the seconds in the file, read each time.
"""

import sys

from muster.worker import commands
from muster.worker.shim import client as shim_client

SHIFTED = """
import time
_time, _time_ns = time.time, time.time_ns
def _ahead():
    with open({path!r}) as file:
        return float(file.read())
time.time = lambda: _time() + _ahead()
time.time_ns = lambda: _time_ns() + int(_ahead() * 1e9)
"""

OTHER_VERSION = """
import sys; sys.path.append(sys.argv[1])
from muster.worker.shim import wire as shim_wire
shim_wire.SUPPORTED_VERSIONS = {versions}
"""


def entry(before: str) -> str:
    """The shim's start command, preceded by some other lines."""
    return f"{before}\n{shim_client._SHIM_SCRIPT}"


def main() -> int:
    shifted = SHIFTED.format(path=sys.argv.pop(1))
    exec(shifted, {})
    shim_client._SHIM_SCRIPT = entry(shifted)
    return commands.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
