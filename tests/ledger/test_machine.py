"""Law of the whole ledger: whatever is asked, in whatever order, it does and refuses what a model in plain Python does.

A few short sequences are tried by default. More of them, and longer ones, here and in `test_batches`:

    CRM_TEST_EXAMPLES=300 .venv/bin/python -m pytest -n 0 tests/ledger/test_machine.py

A sequence that fails is printed as the calls that it is made of, with the seed of the run (`CRM_TEST_SEED=…` tries the
same again); it is kept in `kept_sequences`.
"""

import os
import random

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.ledger.kept_sequences import KEPT
from tests.ledger.machine import Ledger

EXAMPLES, SEED = os.environ.get("CRM_TEST_EXAMPLES"), os.environ.get("CRM_TEST_SEED")
SETTINGS = settings(
    max_examples=int(EXAMPLES or 8),
    stateful_step_count=50 if EXAMPLES else 20,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)


def test_whatever_is_asked_the_ledger_does_as_the_model(app, run):
    number = int(SEED or random.randrange(2**32))
    print(f"CRM_TEST_SEED={number}")

    @seed(number)
    class Seeded(Ledger):
        def __init__(self) -> None:
            super().__init__(app, run)

    run_state_machine_as_test(Seeded, settings=SETTINGS)


@pytest.mark.parametrize("sequence", KEPT, ids=lambda sequence: sequence.__name__)
def test_sequences_that_are_kept(app, run, sequence):
    sequence(Ledger(app, run))
