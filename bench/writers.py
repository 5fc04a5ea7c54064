"""Several processes doing the same for a while, as web processes do: Python's lock decides nothing."""

import multiprocessing
import time
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from crm.db import db

WARM_UP = 30
_FORK: Any = multiprocessing.get_context("fork")
R = TypeVar("R")
Prepare = Callable[[int], Callable[[], object]]  # the writer's number → what it does again and again


class Tally(NamedTuple):
    """What all writers did together."""

    per_second: float
    errors: int
    longest: float  # seconds


def race(writers: int, seconds: float, prepare: Prepare) -> Tally:
    """Let so many processes, each with a connection of its own, work at the same time for the seconds."""
    db.session.remove()
    db.engine.dispose()  # no connection goes into the children
    start, results = _FORK.Barrier(writers), _FORK.SimpleQueue()
    children = [
        _FORK.Process(target=_work, args=(number, prepare, start, seconds, results)) for number in range(writers)
    ]
    for child in children:
        child.start()
    for child in children:
        child.join()
    if any(child.exitcode for child in children):
        raise RuntimeError("a writer broke down")
    found = [results.get() for _child in children]
    return Tally(sum(each[0] for each in found), sum(each[1] for each in found), max(each[2] for each in found))


def alone(act: Callable[[], R]) -> R:
    """What a process of its own makes of it, with a connection of its own."""
    db.session.remove()
    db.engine.dispose()
    results = _FORK.SimpleQueue()
    child = _FORK.Process(target=lambda: results.put(act()))
    child.start()
    child.join()
    if child.exitcode:
        raise RuntimeError("the process broke down")
    found: R = results.get()
    return found


def _work(number: int, prepare: Prepare, start: Any, seconds: float, results: Any) -> None:
    act = prepare(number)
    for _time in range(WARM_UP):
        act()
    start.wait()
    done, errors, longest, begun = 0, 0, 0.0, time.perf_counter()
    now = begun
    while now - begun < seconds:
        try:
            act()
            done += 1
        except Exception:  # whatever went wrong, it is counted
            errors += 1
        before, now = now, time.perf_counter()
        longest = max(longest, now - before)
    results.put((done / (now - begun), errors, longest))
