"""What a process keeps of memory: glibc's allocator, and Python's collector.

A block as large as argon2's (19 MiB) is mapped at first, and unmapped. But the first of them to be
freed teaches glibc to take the next ones from the heap of the thread that asks, and to keep them:
so each thread that had ever hashed two passwords held 19 MiB for good.
"""

import ctypes
import gc

_M_MMAP_THRESHOLD = -3  # <malloc.h>
_LARGE = 1 << 20


def give_back_large_blocks() -> None:
    """Have each block of a MiB or more be mapped, and unmapped when it is freed. Only glibc has
    this knob, and the habit.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _LARGE)


def leave_out_what_stays() -> None:
    """Have the collector look at what is there now no more: modules, classes, mappings. It would
    find none of it unused, and takes some 200 ms for it, in which a server does nothing else.
    """
    gc.collect()
    gc.freeze()
