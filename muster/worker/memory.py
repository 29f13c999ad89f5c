"""What glibc's allocator keeps of memory that has been given back to it."""

import ctypes

_M_ARENA_MAX = -8  # <malloc.h>


def limit_malloc_arenas() -> None:
    """Have all threads allocate from one place. To be called before there are any.

    glibc makes up to eight for each processor, and each keeps what was ever needed in it at once: a
    daemon, whose attempts come and go on threads of their own, grew for hours until all of them had
    seen the worst. Several bring nothing to threads that take turns. Only glibc has this knob.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 1)
