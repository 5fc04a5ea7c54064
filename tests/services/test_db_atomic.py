"""Laws of the transaction."""

from crm.db import db
from crm.models import User


def test_each_test_begins_with_an_empty_database(app, alice):
    assert db.session.query(User).count() == 1 and alice.id == 1


def test_each_test_begins_with_an_empty_database_again(app, alice, count_statements):
    with count_statements() as statements:
        assert db.session.query(User).count() == 1 and alice.id == 1
    assert len(statements) == 1
