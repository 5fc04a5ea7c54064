"""Laws of statements that are run by the driver itself, and of connections that are used again."""

import threading
import uuid

import pytest
from sqlalchemy import bindparam, literal, select, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from crm.db import atomic, db, is_postgresql, utcnow
from crm.models import Tag, User
from crm.prepared import Prepared

TAG = Prepared(select(Tag.id, Tag.name).where(Tag.key == bindparam("key")))


def test_what_it_finds_is_what_sqlalchemy_finds(alice):
    columns = User.__table__.c
    statement = select(columns.id, columns.role, columns.active, columns.created_at, columns.customer_id)
    statement = statement.where(columns.created_at <= bindparam("now"), columns.email == bindparam("email"))
    given = {"now": utcnow(), "email": "alice@example.com"}
    (row,) = Prepared(statement).rows(**given)
    assert row == db.session.execute(statement, given).one()
    assert (row.role, row.customer_id, row.created_at.tzinfo) == ("admin", None, alice.created_at.tzinfo)


def test_it_sees_its_own_transaction_and_nobody_elses(app):
    with atomic() as session:
        session.add(Tag(name="VIP", key="vip"))
        session.flush()
        assert [row.name for row in TAG.rows(key="vip")] == ["VIP"]
        found = []

        def look() -> None:
            with app.app_context():
                found.extend(TAG.rows(key="vip"))

        (other := threading.Thread(target=look)).start()
        other.join()
        assert found == []
    assert len(TAG.rows(key="vip")) == 1


def test_mistakes_come_as_sqlalchemys_and_leave_the_connections_as_they_were(app):
    with pytest.raises((OperationalError, ProgrammingError)):
        Prepared(select(literal(1)).select_from(text("nowhere"))).rows()
    key = uuid.uuid4().hex
    with pytest.raises(ZeroDivisionError), atomic() as session:
        session.add(Tag(name=key, key=key))
        session.flush()
        1 / 0  # noqa: B018
    assert TAG.rows(key=key) == []


def test_a_connection_that_the_server_has_closed_is_replaced(app):
    TAG.rows(key="vip")
    if is_postgresql():
        with db.engine.connect() as one, db.engine.connect() as other:
            pid = one.exec_driver_sql("SELECT pg_backend_pid()").scalar()
            one.close()
            other.exec_driver_sql(f"SELECT pg_terminate_backend({pid}, 5000)")
    assert [TAG.rows(key="vip") for _time in range(3)] == [[], [], []]
