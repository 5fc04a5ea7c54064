"""Laws of rows by the thousand: they are stored as they were given, whatever stands in them."""

import pytest
from sqlalchemy import text

from crm import bulk
from crm.db import atomic

AWKWARD = [
    "", "None", "\\N", "\\.", "a\\b", "\\", "\t", "\n", "\r\n", "\x1d", "\x1e", "\x1f",
    "a\x1fb\\\x1e\n", "ё\u2028", "'\"", "🙂",
]  # fmt: skip


def read_again(rows):
    with atomic() as session:
        session.execute(text("CREATE TEMPORARY TABLE awkward (n bigint, a text, b text, c text)"))
        bulk.insert("awkward", ("n", "a", "b", "c"), rows)
        found = [tuple(row) for row in session.execute(text("SELECT n, a, b, c FROM awkward ORDER BY n"))]
        session.execute(text("DROP TABLE awkward"))
    return found


@pytest.mark.parametrize("rows", [1, 20, 700])
def test_what_is_written_is_read_again(app, rows):
    given = [(number, AWKWARD[number % len(AWKWARD)], None if number % 3 else "x", "alike") for number in range(rows)]
    assert read_again(given) == given


@pytest.mark.parametrize("awkward", AWKWARD)
def test_one_awkward_value_among_plain_ones_is_kept_too(app, awkward):
    given = [(number, "plain", None, awkward if number == 7 else "plain") for number in range(20)]
    assert read_again(given) == given
