"""Forks and ends, forks and ends: no process of the chain lives for longer than a millisecond."""

import os
import signal
import sys
import time

CHAINS = 4
SECONDS = 60.0


def chain(until: float) -> None:
    os.setsid()
    while time.time() < until:
        if os.fork():
            os._exit(0)
        os.setsid()


signal.signal(signal.SIGHUP, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
for _ in range(CHAINS):
    if not os.fork():
        chain(time.time() + SECONDS)
        os._exit(0)
print("chains are off", flush=True)
sys.stdout.flush()
