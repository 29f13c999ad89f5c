"""Kills whatever it may, again and again, so that nobody is left who could end it."""

import os
import signal
import sys
import time

SECONDS = 60.0

end = time.time() + SECONDS
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        while time.time() < end:
            try:
                os.kill(-1, signal.SIGKILL)
            except OSError:
                time.sleep(0.0005)
    os._exit(0)
print("the killer is off", flush=True)
sys.exit(0)
