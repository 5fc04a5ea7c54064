"""People who sign in as customers, for tests."""

from crm.db import atomic, utcnow
from crm.models import User
from tests.conftest import PASSWORD_HASH


def signs_in_as(customer_id: int, email: str = "anna@example.com", confirmed: bool = True) -> User:
    """A user who is this customer."""
    user = User(email=email, name="Anna", password_hash=PASSWORD_HASH, role="customer", customer_id=customer_id)
    user.email_confirmed_at = utcnow() if confirmed else None
    with atomic() as session:
        session.add(user)
    return user
