"""Processes that end together with the one that started them, however that one ends."""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with(parent: int) -> None:
    """Have the kernel kill this process as soon as the one that forked it, `parent` (a pid), is gone.

    The first thing a forked child calls. The kernel watches the THREAD that forked: it must live as long as its
    process. Elsewhere than on Linux this does nothing.
    """
    if _libc is None:
        return
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it died between the fork and the line above
        os.kill(os.getpid(), signal.SIGKILL)
