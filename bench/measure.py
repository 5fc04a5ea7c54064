"""Timing several ways of doing the same work, turn by turn, so that a busy moment hits all of them."""

import time
from collections.abc import Callable, Sequence
from statistics import median, quantiles
from typing import Any


def interleaved(ways: dict[str, Callable[[Any], object]], inputs: Sequence[Any], rounds: int) -> dict[str, list[float]]:
    """Seconds of every call: each input goes to each way in turn, `rounds` times, after one round to warm up."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for value in inputs:
            for name, way in ways.items():
                start = time.perf_counter()
                way(value)
                if number:
                    seconds[name].append(time.perf_counter() - start)
    return seconds


def milliseconds(seconds: list[float]) -> dict[str, float]:
    """Median and 95th percentile."""
    return {
        "median_ms": round(median(seconds) * 1000, 2),
        "p95_ms": round(quantiles(seconds, n=20, method="inclusive")[-1] * 1000, 2),
    }
