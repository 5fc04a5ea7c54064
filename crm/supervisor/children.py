"""Child processes: started so that they cannot outlive us, started again when they die, ended in order."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from crm.config import ROOT
from crm.processes import die_with

FIRST_DELAY, LONGEST_DELAY = 0.5, 30.0
STABLE_SECONDS = 10  # who lived this long starts again without a longer wait
END_SECONDS = 10
TICK = 0.1


@dataclass
class Child:
    """A command that is to run at all times; `due_at` is when it may be started (monotonic seconds)."""

    name: str
    command: Sequence[str]
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    due_at: float = 0.0
    delay: float = FIRST_DELAY


def spawn(command: Sequence[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own (Ctrl-C does not reach it) that dies when we do.

    Call it from the main thread only: the kernel watches the thread that forked.
    """
    us = os.getpid()
    return subprocess.Popen(  # noqa: S603
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=lambda: die_with(us),
    )


def tend(child: Child) -> None:
    """Start the child where it does not run and is due; a death is said, and answered by a start after a while."""
    now = time.monotonic()
    if child.process is not None and (code := child.process.poll()) is not None:
        child.process = None
        child.delay = FIRST_DELAY if now - child.started_at > STABLE_SECONDS else min(2 * child.delay, LONGEST_DELAY)
        child.due_at = now + child.delay
        print(f"{child.name} ended ({_reason(code)}); it starts again in {child.delay:g} s.", flush=True)
    if child.process is None and now >= child.due_at:
        child.process = spawn(child.command, child.environment)
        child.started_at = now


def end(children: Iterable[Child], hurry: Callable[[], bool]) -> None:
    """Ask the children to end, wait for 10 s or until `hurry()`, then kill what is left, with all it started."""
    running = [child.process for child in children if child.process is not None and child.process.poll() is None]
    for process in running:
        process.terminate()
    deadline = time.monotonic() + END_SECONDS
    while any(process.poll() is None for process in running) and time.monotonic() < deadline and not hurry():
        time.sleep(TICK)
    for process in running:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _reason(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
