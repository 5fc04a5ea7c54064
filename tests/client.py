"""A browser as tests need it: it keeps cookies, and sends the CSRF token with what changes something."""

from contextvars import Context
from typing import Any

from flask.testing import FlaskClient
from flask_login.utils import _create_identifier
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import TestResponse

from crm.db import db
from crm.models import User

CHANGING = {"POST", "PUT", "PATCH", "DELETE"}


class Browser(FlaskClient):
    """Flask's test client, with a valid token on every POST unless told `csrf=False`; `htmx=True` asks for a partial.

    A request runs in a context of its own, as a server would run it: with the test's app context around it, Flask
    would share `g` (and so the signed-in user) and the database session between requests.
    """

    def open(self, *args: Any, csrf: bool = True, htmx: bool = False, **kwargs: Any) -> TestResponse:
        headers = dict(kwargs.pop("headers", None) or {})
        if csrf and kwargs.get("method") in CHANGING:
            headers.setdefault("X-CSRFToken", self.csrf_token())
        if htmx:
            headers.setdefault("HX-Request", "true")
        kwargs.setdefault("buffered", True)
        response = Context().run(lambda: super(Browser, self).open(*args, headers=headers, **kwargs))
        db.session.rollback()  # the test's own session sees what the request has changed
        return response

    def csrf_token(self) -> str:
        """A token that is valid for this session."""
        with self.session_transaction() as session:
            raw = session.setdefault("csrf_token", "0" * 40)
        return str(URLSafeTimedSerializer(str(self.application.secret_key), salt="wtf-csrf-token").dumps(raw))

    def sign_in(self, user: User) -> "Browser":
        """Sign the user in without the form."""
        with self.application.test_request_context(environ_overrides=self.environ_base):
            identifier = _create_identifier()
        with self.session_transaction() as session:
            session.update(_user_id=user.get_id(), _fresh=True, _id=identifier)
        return self
