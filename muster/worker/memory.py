"""Limit the freed memory that glibc's allocator retains."""

import ctypes

_M_ARENA_MAX = -8  # <malloc.h>


def limit_malloc_arenas() -> None:
    """Make all threads allocate from one arena. Call it before there are threads.

    glibc creates up to eight per processor, and each retains its peak size: a daemon whose attempts
    come and go on their own threads grew for hours until every arena had seen the worst. Several
    arenas don't help threads that take turns. Only glibc has this setting.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 1)
