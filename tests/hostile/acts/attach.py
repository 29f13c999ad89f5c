"""attach.py SECONDS: takes hold of every process that it can with ptrace, and says of which."""

import ctypes
import os
import sys
import time

SEIZE = 0x4206
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]

held = []
for pid in map(int, filter(str.isdecimal, os.listdir("/proc"))):
    if pid not in (os.getpid(), os.getppid()) and libc.ptrace(SEIZE, pid, None, None) == 0:
        with open(f"/proc/{pid}/comm") as file:
            held.append(file.read().strip())
    try:
        open(f"/proc/{pid}/mem", "rb").close()
        print("memory of", pid, flush=True)
    except OSError:
        pass
print("holds", *held, flush=True)
time.sleep(float(sys.argv[1]))
