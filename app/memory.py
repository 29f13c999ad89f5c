"""The memory that a process keeps: settings of glibc's allocator and of Python's collector.

A block as large as argon2's (19 MiB) is mapped at first, and unmapped. But the first of them to be
freed teaches glibc to take the next ones from the heap of the thread that asks, and to keep them:
so each thread that had ever hashed two passwords held 19 MiB for good.
"""

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager

_M_MMAP_THRESHOLD = -3  # <malloc.h>
_LARGE_BLOCK_BYTES = 1 << 20


def release_large_blocks() -> None:
    """Have each block of a MiB or more mapped, and unmapped when it is freed.

    Does nothing where libc is not glibc: only glibc keeps such blocks, and has this setting.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _LARGE_BLOCK_BYTES)


@contextmanager
def pause_gc_at_startup() -> Iterator[None]:
    """Collect no garbage: what a start imports and makes stays, and to look through it again and
    again would take a fifth of the start. Later collections leave it out, too.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def freeze_gc() -> None:
    """Exclude all present objects (modules, classes, mappings) from further garbage collections.

    None of them becomes unused, and looking at all of them takes some 200 ms, in which a server
    does nothing else.
    """
    gc.collect()
    gc.freeze()
