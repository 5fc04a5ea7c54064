"""What the environment says of a run: how many rows, which engines, and what is left out of it."""

import os

ROWS = int(os.environ.get("BENCH_ROWS", "100000"))  # of the import; up to a million and more
ENGINES = tuple(os.environ.get("BENCH_ENGINES", "sqlite,postgresql").split(","))
_LEFT_OUT = frozenset(os.environ.get("BENCH_LEAVE_OUT", "").split(","))


def leaves_out(part: str) -> bool:
    """Whether BENCH_LEAVE_OUT names the part: `limit`, `without` (balances), `django`, `xlsx`."""
    return part in _LEFT_OUT
