"""Who is there while benchmarks run: an administrator with a browser."""

from flask import Flask
from flask.testing import FlaskClient

from crm.services import users
from crm.services.audit import Actor

EMAIL, PASSWORD = "bench@example.com", "a password for benchmarks"


def admin_client(app: Flask) -> FlaskClient:
    """A browser that has signed in through the form, as people do."""
    if users.authenticate(EMAIL, PASSWORD) is None:
        users.create(Actor(None, "bench"), EMAIL, "Bench", "admin", PASSWORD)
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    response = client.post("/login", data={"email": EMAIL, "password": PASSWORD})
    app.config["WTF_CSRF_ENABLED"] = True
    if response.status_code != 303:
        raise RuntimeError(response.status)
    return client
