"""devour.py KIND: takes as much of that as can be had, up to what no machine is harmed by."""

import os
import resource
import sys
import threading
import time
from collections.abc import Iterator

TIMEOUT_SECONDS = 40.0  # seconds until it gives up by itself
MEMORY = 4 << 30
PROCESSES = 3000
FILES = 1_000_000
DISK = 4 << 30
CHUNK = 16 << 20
end = time.monotonic() + TIMEOUT_SECONDS


def going_on(most: int) -> Iterator[int]:
    for number in range(most):
        if time.monotonic() > end:
            return
        yield number


def memory() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (2 * MEMORY, 2 * MEMORY))
    held = [bytes([number % 255 + 1]) * CHUNK for number in going_on(MEMORY // CHUNK)]
    time.sleep(TIMEOUT_SECONDS if held else 0)


def shared() -> None:
    """By many, each with little."""
    for _ in going_on(64):
        if os.fork() == 0:
            held = bytearray(b"x") * (MEMORY // 64)
            time.sleep(TIMEOUT_SECONDS if held else 0)
            os._exit(0)
    time.sleep(TIMEOUT_SECONDS)


def processes() -> None:
    resource.setrlimit(resource.RLIMIT_NPROC, (PROCESSES, PROCESSES))
    while time.monotonic() < end:
        try:
            if os.fork() == 0:
                time.sleep(max(0.0, end - time.monotonic()))
                os._exit(0)
        except OSError:
            time.sleep(0.001)


def bomb() -> None:
    """Each forks."""
    resource.setrlimit(resource.RLIMIT_NPROC, (PROCESSES, PROCESSES))
    while time.monotonic() < end:
        try:
            os.fork()
        except OSError:
            time.sleep(0.01)
    os._exit(0)


def threads() -> None:
    resource.setrlimit(resource.RLIMIT_NPROC, (PROCESSES, PROCESSES))
    threading.stack_size(65536)
    while time.monotonic() < end:
        try:
            threading.Thread(target=time.sleep, args=(TIMEOUT_SECONDS,), daemon=True).start()
        except RuntimeError:
            time.sleep(0.001)
    os._exit(0)


def disk(place: str = "big") -> None:
    with open(place, "wb") as file:
        for _ in going_on(DISK // CHUNK):
            file.write(b"x" * CHUNK)
            file.flush()
    time.sleep(max(0.0, end - time.monotonic()))


def unlinked() -> None:
    """A file that has no name."""
    with open("gone", "wb") as file:
        os.unlink("gone")
        for _ in going_on(DISK // CHUNK):
            file.write(b"x" * CHUNK)
            file.flush()
        time.sleep(max(0.0, end - time.monotonic()))


def inodes() -> None:
    os.mkdir("many")
    for number in going_on(FILES):
        if number % 1000 == 0:
            os.mkdir(f"many/{number}")
        os.close(os.open(f"many/{number // 1000 * 1000}/{number}", os.O_CREAT | os.O_WRONLY))
    time.sleep(max(0.0, end - time.monotonic()))


def depth() -> None:
    for _ in range(5000):
        os.mkdir("d")
        os.chdir("d")
    time.sleep(max(0.0, end - time.monotonic()))


def scratch() -> None:
    try:
        disk("/tmp/big")
    except OSError as error:
        print("told", error.strerror, flush=True)


def files() -> None:
    held = []
    try:
        held += [os.open("/dev/null", os.O_RDONLY) for _ in range(100_000)]
    except OSError as error:
        print("told", error.strerror, flush=True)


print("devouring", flush=True)
globals()[sys.argv[1]]()
