"""Memory that is freed stays with the process: pictures ask for the same again and again."""

import ctypes

TRIM_THRESHOLD, TOP_PAD, MMAP_THRESHOLD = -1, -2, -3
"""Parameters of glibc's `mallopt`."""
KEPT_BYTES, PAD_BYTES, LARGE_BYTES = 64 << 20, 8 << 20, 32 << 20


def keep_freed() -> None:
    """Has the C library keep up to 64 MiB of freed memory instead of giving each array's back.

    That is for the whole process and for good, so it is called in processes of this program's own: workers,
    and the command line. In a process of somebody else scenes take a little longer.

    The kernel clears every page that it gives out: with arrays of a picture's size that takes longer than
    what is computed in them (a sum of three products of 640x480x3 floats: 2.8 ms, and 0.9 so). Arrays above
    32 MiB are given back all the same; where there is no glibc, nothing changes.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for parameter, value in (
            (MMAP_THRESHOLD, LARGE_BYTES),
            (TRIM_THRESHOLD, KEPT_BYTES),
            (TOP_PAD, PAD_BYTES),
        ):
            mallopt(parameter, value)
