"""A process's memory: settings of glibc's allocator and Python's collector.

A block as large as argon2's (19 MiB) is first mapped, and unmapped when freed. But after the first
such free, glibc allocates them from the requesting thread's heap, and keeps them. So each thread
that had hashed two passwords held 19 MiB permanently.
"""

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager

_M_MMAP_THRESHOLD = -3  # <malloc.h>
_LARGE_BLOCK_BYTES = 1 << 20


def release_large_blocks() -> None:
    """Map each block of a MiB or more, and unmap it when it's freed.

    Does nothing without glibc: only glibc keeps such blocks, and has this setting.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _LARGE_BLOCK_BYTES)


@contextmanager
def pause_gc_at_startup() -> Iterator[None]:
    """Disable garbage collection during startup.

    Startup objects stay, and scanning them repeatedly would take a fifth of the startup. Later
    collections skip them, too.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def freeze_gc() -> None:
    """Exclude all current objects (modules, classes, mappings) from garbage collection.

    They never become unused, and scanning them takes some 200 ms, in which a server does nothing
    else.
    """
    gc.collect()
    gc.freeze()
