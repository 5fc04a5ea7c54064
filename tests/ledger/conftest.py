"""A ledger to attack; and whatever a test has done to one, its laws hold afterwards."""

from collections.abc import Iterator

import pytest
from flask import Flask

from crm.db import atomic
from tests import money
from tests.ledger.scene import Scene


@pytest.fixture
def sound_ledger(app: Flask) -> Iterator[None]:
    """Check the ledger's laws when the test is over."""
    yield
    money.check_ledger()


@pytest.fixture
def scene(app: Flask) -> Scene:
    """A ledger with something of everything in it."""
    with atomic():
        return Scene()
