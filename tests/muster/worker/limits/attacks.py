"""Programs that exceed an attempt's limits. Each stops by itself before a machine without limits
would suffer."""

import os
import sys

PYTHON = (sys.executable, "-I", "-S", "-c")

EATER = (
    *PYTHON,
    "import time, resource\n"
    "resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))\n"
    "kept = []\n"
    "for _ in range(4 << 10):\n"
    "    kept.append(bytearray(1 << 20))\n"
    "    for at in range(0, 1 << 20, 4096): kept[-1][at] = 1\n"
    "time.sleep(60)\n",
)
"""4 GiB of memory, in steps, by a process that may have two of them."""

SLEEP = f"61.{os.getpid()}"
"""Of this test process's bombs alone: others may go off beside it."""

BOMB = (
    *PYTHON,
    "import os, time\n"
    "left = 3000\n"
    "while left:\n"
    "    try:\n"
    f"        if not os.fork(): os.execv('/bin/sleep', ['sleep', '{SLEEP}'])\n"
    "        left -= 1\n"
    "    except OSError:\n"
    "        time.sleep(0.01)\n"
    "time.sleep(60)\n",
)
"""Three thousand processes, by one that is not put off."""

FILLER = (
    *PYTHON,
    "import os, sys, time\n"
    "file = open(sys.argv[1] + '/big', 'wb', buffering=0)\n"
    "for _ in range(256): file.write(b'x' * (1 << 20))\n"
    "time.sleep(60)\n",
)
"""256 MiB in a file of the directory that is its argument."""
