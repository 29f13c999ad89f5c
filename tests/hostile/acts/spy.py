"""spy.py PLACE...: prints every secret that can be read below these places, or of processes."""

import os
import re
import stat
import sys

SECRET = re.compile(rb"canary-[0-9a-f]{16}")
LARGEST = 1 << 20
FILES = 20_000
reported: set[bytes] = set()


def report(path: str, content: bytes) -> None:
    for secret in set(SECRET.findall(content)) - reported:
        reported.add(secret)
        print("stole", secret.decode(), "from", path, flush=True)


def read_path(path: str) -> None:
    try:
        if stat.S_ISREG(os.stat(path).st_mode):
            with open(path, "rb") as file:
                report(path, file.read(LARGEST))
        else:
            report(path, os.readlink(path).encode())
    except OSError:
        pass


def walk(top: str) -> None:
    seen = 0
    for folder, _, files in os.walk(top):
        for name in files:
            read_path(os.path.join(folder, name))
            seen += 1
            if seen > FILES:
                return


def processes() -> None:
    for pid in filter(str.isdecimal, os.listdir("/proc")):
        for name in ("cmdline", "environ", "stack", "maps", "mounts"):
            read_path(f"/proc/{pid}/{name}")
        for name in ("cwd", "root/tmp", "fd"):
            if os.path.realpath(f"/proc/{pid}/{name}") not in ("/", os.getcwd()):
                walk(f"/proc/{pid}/{name}")


for place in sys.argv[1:]:
    walk(place)
processes()
print("the spy is through", flush=True)
